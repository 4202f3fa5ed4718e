using System.Text.Json.Nodes;
using Bogus;

namespace OrleansCdp.Events;

/// <summary>Service cases of the demo.</summary>
/// <param name="world">The people.</param>
/// <param name="end">Everything happened before.</param>
internal sealed class DemoSupport(DemoWorld world, DateTimeOffset end)
{
    private static readonly (string Type, string Reason, string Subject)[] Topics =
    [
        ("Device", "Offline", "Sensor stopped reporting"),
        ("Device", "Battery", "Battery drains within weeks"),
        ("Device", "Calibration", "Readings are too high"),
        ("Dashboard", "Access", "A colleague cannot sign in"),
        ("Dashboard", "Alerts", "Alerts arrive late"),
        ("Dashboard", "Export", "Export is missing columns"),
        ("Order", "Delivery", "Parcel has not arrived"),
        ("Order", "Invoice", "Invoice has the wrong address"),
    ];

    private static readonly string[] Resolutions =
    [
        "Solved remotely",
        "Replaced",
        "Explained",
        "Workaround",
        "Not reproducible",
    ];

    private static readonly string[] Origins = ["Phone", "Email", "Web", "Chat"];

    /// <summary>
    /// Cases of nearly half of all contacts. Each is created; most are worked on and closed. Some are touched with
    /// nothing changed, as a CRM does, which must reach nobody.
    /// </summary>
    public IEnumerable<JsonObject> Cases()
    {
        Randomizer chance = DemoWorld.ChanceOf(5);
        int number = 0;
        foreach (DemoPerson person in world.People.Where(person => person.ContactId is not null))
        {
            bool asks = chance.Bool(0.45f);
            int cases = chance.Int(1, 3);
            for (int i = 0; i < (person.IsShown ? 3 : cases) && (asks || person.IsShown); i++)
            {
                bool closes = person.IsShown ? i > 0 : chance.Bool(0.8f);
                foreach (JsonObject step in StepsOf(person, ++number, closes, chance))
                {
                    yield return step;
                }
            }
        }
    }

    private IEnumerable<JsonObject> StepsOf(
        DemoPerson person,
        int number,
        bool closes,
        Randomizer chance
    )
    {
        // What is still open is young.
        int age = closes ? chance.Int(12, 580) : chance.Int(1, 12);
        DateTimeOffset at = end.AddDays(-age).AddMinutes(chance.Int(420, 1_140));
        var topic = chance.ArrayElement(Topics);
        JsonObject opened = new()
        {
            ["Id"] = $"500Cdp{number:D9}",
            ["CaseNumber"] = $"{number:D8}",
            ["ContactId"] = person.ContactId,
            ["AccountId"] = person.Account!.Id,
            ["Status"] = "New",
            ["Subject"] = topic.Subject,
            ["Type"] = topic.Type,
            ["Reason"] = topic.Reason,
            ["Priority"] = chance.Bool(0.2f) ? "High" : "Medium",
            ["Origin"] = chance.ArrayElement(Origins),
            ["CreatedDate"] = at.Text(),
            ["LastModifiedDate"] = at.Text(),
        };
        yield return opened;
        if (chance.Bool())
        {
            at = at.AddMinutes(chance.Int(10, 240));
            yield return Later(opened, "Working", at);
            if (chance.Bool(0.4f))
            {
                yield return Later(opened, "Working", at.AddMinutes(chance.Int(5, 30)));
            }
        }

        if (closes)
        {
            at = at.AddHours(chance.Int(1, 200));
            JsonObject closed = Later(opened, "Closed", at);
            closed["IsClosed"] = true;
            closed["ClosedDate"] = at.Text();
            closed["Resolution_Code__c"] = chance.ArrayElement(Resolutions);
            yield return closed;
        }
    }

    private static JsonObject Later(JsonObject opened, string status, DateTimeOffset at)
    {
        JsonObject later = (JsonObject)opened.DeepClone();
        later["Status"] = status;
        later["LastModifiedDate"] = at.Text();
        return later;
    }
}
