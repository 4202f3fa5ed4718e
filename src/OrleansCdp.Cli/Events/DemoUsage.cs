using System.Text.Json.Nodes;
using Bogus;

namespace OrleansCdp.Events;

/// <summary>Use of the product in the demo, and what its users are entitled to.</summary>
/// <param name="world">The people.</param>
/// <param name="end">Everything happened before.</param>
internal sealed class DemoUsage(DemoWorld world, DateTimeOffset end)
{
    private static readonly string[] Features =
    [
        "Dashboard opened",
        "Alert rule created",
        "Report exported",
        "Device added",
        "API called",
        "Floor plan edited",
    ];

    private static readonly string[] Plans = ["Starter", "Team", "Enterprise"];

    /// <summary>What users did in the product in the last month.</summary>
    public IEnumerable<JsonObject> Uses()
    {
        Randomizer chance = DemoWorld.ChanceOf(7);
        int number = 0;
        foreach (DemoPerson person in Users())
        {
            int uses = person.IsShown ? 8 : chance.Int(1, 8);
            string plan = PlanOf(person);
            for (int i = 0; i < uses; i++)
            {
                yield return new JsonObject
                {
                    ["id"] = $"demo-use-{++number}",
                    ["userId"] = person.UserId,
                    ["feature"] = chance.ArrayElement(Features),
                    ["product"] = "Console",
                    ["plan"] = plan,
                    ["quantity"] = chance.Int(1, 12),
                    ["usedAt"] = end.AddMinutes(-chance.Int(60, 30 * 24 * 60)).Text(),
                };
            }
        }
    }

    /// <summary>A seat for every user; some have run out.</summary>
    public IEnumerable<JsonObject> Entitlements()
    {
        Randomizer chance = DemoWorld.ChanceOf(8);
        foreach (DemoPerson person in Users())
        {
            DateTimeOffset from = end.AddDays(-chance.Int(40, 360));
            bool expires = chance.Bool(0.1f) && !person.IsShown;
            JsonObject seat = new()
            {
                ["id"] = $"seat-{person.Number}",
                ["userId"] = person.UserId,
                ["name"] = $"Console {PlanOf(person)}",
                ["type"] = "Subscription",
                ["status"] = "active",
                ["startDate"] = from.DayText(),
                ["endDate"] = from.AddDays(365).DayText(),
                ["quantity"] = 1,
                ["updatedAt"] = from.Text(),
            };
            yield return seat;
            if (expires)
            {
                DateTimeOffset at = end.AddDays(-chance.Int(1, 30));
                JsonObject expired = (JsonObject)seat.DeepClone();
                expired["status"] = "expired";
                expired["endDate"] = at.DayText();
                expired["updatedAt"] = at.Text();
                yield return expired;
            }
        }
    }

    private IEnumerable<DemoPerson> Users() =>
        world.People.Where(person => person is { UserId: not null, ContactId: not null });

    private static string PlanOf(DemoPerson person) => Plans[person.Account!.Number % Plans.Length];
}
