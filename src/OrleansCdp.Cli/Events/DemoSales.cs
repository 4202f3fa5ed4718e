using System.Globalization;
using System.Text.Json.Nodes;
using Bogus;

namespace OrleansCdp.Events;

/// <summary>Opportunities and orders of the demo.</summary>
/// <param name="world">The people.</param>
/// <param name="end">Everything happened before.</param>
internal sealed class DemoSales(DemoWorld world, DateTimeOffset end)
{
    private static readonly string[] Stages =
    [
        "Prospecting",
        "Qualification",
        "Proposal/Price Quote",
        "Negotiation/Review",
    ];

    private static readonly string[] Deals = ["Rollout", "Pilot", "Renewal", "Extension"];

    private static readonly DemoProduct[] Products =
    [
        new("SEN-TEMP-2", "Sensors", 79.90m),
        new("SEN-HUM-2", "Sensors", 89.90m),
        new("SEN-CO2-1", "Sensors", 149.00m),
        new("SEN-VIB-3", "Sensors", 219.50m),
        new("SEN-DOOR-1", "Sensors", 39.95m),
        new("GW-LORA-8", "Gateways", 449.00m),
        new("GW-CELL-4", "Gateways", 629.00m),
        new("ACC-MOUNT", "Accessories", 12.40m),
        new("ACC-BAT-10", "Accessories", 24.90m),
        new("ACC-PROBE", "Accessories", 34.75m),
        new("SRV-CAL", "Services", 180.00m),
        new("SRV-INSTALL", "Services", 350.00m),
    ];

    /// <summary>One to five opportunities of every account, each a step further than the former.</summary>
    public IEnumerable<JsonObject> Opportunities()
    {
        Randomizer chance = DemoWorld.ChanceOf(3);
        int number = 0;
        foreach (DemoAccount account in world.Accounts)
        {
            int deals = chance.Int(1, 5);
            for (int i = 0; i < deals; i++)
            {
                foreach (JsonObject step in StepsOf(account, ++number, chance))
                {
                    yield return step;
                }
            }
        }
    }

    /// <summary>Orders of everybody known to the shop; a third is sent again when it ships or is cancelled.</summary>
    public IEnumerable<JsonObject> Orders()
    {
        Randomizer chance = DemoWorld.ChanceOf(4);
        int number = 0;
        foreach (DemoPerson person in world.People.Where(person => person.CustomerId is not null))
        {
            int orders = person.IsShown ? 4 : chance.Int(1, person.ContactId is null ? 3 : 4);
            for (int i = 0; i < orders; i++)
            {
                DateTimeOffset at = end.AddDays(-chance.Int(3, 590)).AddMinutes(chance.Int(0, 960));
                JsonObject order = OrderOf(person, ++number, at, chance);
                yield return order;
                if (chance.Bool(0.35f))
                {
                    JsonObject again = (JsonObject)order.DeepClone();
                    again["status"] =
                        chance.Bool(0.08f) && !person.IsShown ? "cancelled" : "shipped";
                    again["updatedAt"] = at.AddHours(chance.Int(4, 48)).Text();
                    yield return again;
                }
            }
        }
    }

    private IEnumerable<JsonObject> StepsOf(DemoAccount account, int number, Randomizer chance)
    {
        DateTimeOffset at = end.AddDays(-chance.Int(20, 400)).AddMinutes(chance.Int(480, 1_080));
        int amount = chance.Int(8, 300) * 500;
        string deal = chance.ArrayElement(Deals);
        int steps = chance.Int(1, Stages.Length);
        bool closes = steps > 1 && chance.Bool(0.6f);
        bool won = closes && chance.Bool(0.65f);
        for (int step = 0; step < steps; step++)
        {
            bool closed = closes && step == steps - 1;
            yield return new JsonObject
            {
                ["Id"] = $"006Cdp{number:D9}",
                ["AccountId"] = account.Id,
                ["Name"] = $"{account.Name}: {deal}",
                ["StageName"] = closed ? (won ? "Closed Won" : "Closed Lost") : Stages[step],
                ["Amount"] = amount,
                ["CurrencyIsoCode"] = account.Place.Currency,
                ["CloseDate"] = (closed ? at : end.AddDays(15 + (number % 120))).DayText(),
                ["Probability"] = closed ? (won ? 100 : 0) : 10 + (step * 25),
                ["Type"] = deal == "Pilot" ? "New Customer" : "Existing Customer",
                ["IsClosed"] = closed,
                ["IsWon"] = won && closed,
                ["LastModifiedDate"] = at.Text(),
            };
            at = at.AddDays((end - at).TotalDays * chance.Double(0.1, 0.5));
        }
    }

    private static JsonObject OrderOf(
        DemoPerson person,
        int number,
        DateTimeOffset at,
        Randomizer chance
    )
    {
        JsonArray lines = [];
        decimal total = 0;
        DemoProduct[] bought = chance.ArrayElements(Products, chance.Int(1, 4));
        for (int i = 0; i < bought.Length; i++)
        {
            int quantity = chance.Int(1, 6);
            decimal amount = bought[i].Price * quantity;
            total += amount;
            lines.Add(
                new JsonObject
                {
                    ["lineId"] = (i + 1).ToString(CultureInfo.InvariantCulture),
                    ["productId"] = bought[i].Id,
                    ["category"] = bought[i].Category,
                    ["quantity"] = quantity,
                    ["amount"] = amount,
                }
            );
        }

        return new JsonObject
        {
            ["orderId"] = $"O-{100_000 + number}",
            ["orderNumber"] = $"{100_000 + number}",
            ["customerId"] = person.CustomerId,
            ["email"] = person.Email,
            ["emailVerified"] = true,
            ["status"] = "paid",
            ["channel"] = person.UserId is null ? "phone" : "web",
            ["currency"] = person.Place.Currency,
            ["total"] = total,
            ["orderedAt"] = at.Text(),
            ["lines"] = lines,
        };
    }

    private sealed record DemoProduct(string Id, string Category, decimal Price);
}
