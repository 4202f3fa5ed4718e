using System.Text.Json.Nodes;
using Bogus;

namespace OrleansCdp.Events;

/// <summary>Visits of the site, as messages of the Segment tracking API.</summary>
/// <param name="world">The people.</param>
/// <param name="end">Everything happened before.</param>
internal sealed class DemoVisits(DemoWorld world, DateTimeOffset end)
{
    private const string Site = "https://www.sensors.example";

    private static readonly (string Path, string Title)[] Pages =
    [
        ("/", "Home"),
        ("/pricing", "Pricing"),
        ("/sensors", "Sensors"),
        ("/gateways", "Gateways"),
        ("/docs/getting-started", "Getting started"),
        ("/support", "Support"),
        ("/stories/cold-chain", "Cold chain: a story"),
    ];

    private static readonly (string Id, string Category)[] Products =
    [
        ("SEN-TEMP-2", "Sensors"),
        ("SEN-CO2-1", "Sensors"),
        ("SEN-VIB-3", "Sensors"),
        ("GW-LORA-8", "Gateways"),
        ("GW-CELL-4", "Gateways"),
    ];

    private int number;

    /// <summary>
    /// Visits of everybody with a browser. Whoever has an account of the site comes unknown first, then signs in, and
    /// what they did before becomes theirs.
    /// </summary>
    public IEnumerable<JsonObject> Messages()
    {
        Randomizer chance = DemoWorld.ChanceOf(6);
        foreach (DemoPerson person in world.People.Where(person => person.AnonymousId is not null))
        {
            int visits = person.IsShown ? 4 : chance.Int(1, 4);
            DateTimeOffset at = end.AddDays(-chance.Int(60, 200)).AddMinutes(chance.Int(0, 1_200));
            for (int visit = 0; visit < visits; visit++)
            {
                bool known = person.UserId is not null && visit > 0;
                foreach (JsonObject message in VisitOf(person, known, at, chance))
                {
                    yield return message;
                }

                if (visit == 0 && person.UserId is not null)
                {
                    yield return SignIn(person, at.AddMinutes(20));
                }

                at = at.AddDays((end - at).TotalDays * chance.Double(0.2, 0.7));
            }
        }
    }

    private IEnumerable<JsonObject> VisitOf(
        DemoPerson person,
        bool known,
        DateTimeOffset at,
        Randomizer chance
    )
    {
        int pages = chance.Int(1, 2);
        for (int i = 0; i < pages; i++)
        {
            var page = chance.ArrayElement(Pages);
            JsonObject seen = Message(person, "page", known, at.AddSeconds(i * 40));
            seen["name"] = page.Title;
            seen["properties"] = new JsonObject
            {
                ["url"] = Site + page.Path,
                ["path"] = page.Path,
                ["title"] = page.Title,
            };
            yield return seen;
        }

        if (chance.Bool(0.6f))
        {
            var product = chance.ArrayElement(Products);
            JsonObject viewed = Message(person, "track", known, at.AddMinutes(2));
            viewed["event"] = chance.Bool(0.75f) ? "Product Viewed" : "Product Added";
            viewed["properties"] = new JsonObject
            {
                ["product_id"] = product.Id,
                ["category"] = product.Category,
            };
            yield return viewed;
        }
    }

    private JsonObject SignIn(DemoPerson person, DateTimeOffset at)
    {
        JsonObject message = Message(person, "identify", known: true, at);
        message["traits"] = new JsonObject
        {
            ["email"] = person.Email,
            ["firstName"] = person.FirstName,
            ["lastName"] = person.LastName,
            ["language"] = person.Place.Currency == "EUR" ? "en-GB" : "en-US",
        };
        return message;
    }

    private JsonObject Message(DemoPerson person, string type, bool known, DateTimeOffset at)
    {
        JsonObject message = new()
        {
            ["type"] = type,
            ["messageId"] = $"demo-web-{++number}",
            ["anonymousId"] = person.AnonymousId,
            ["timestamp"] = at.Text(),
        };
        if (known)
        {
            message["userId"] = person.UserId;
        }

        return message;
    }
}
