using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary>
/// The orders of one sender's people, sent while something crashes, and what must have become of them: some are new,
/// some say nothing new, some are refused at the edge or by the fold, some are not kept.
/// </summary>
internal sealed class CrashOrders(string name, Random random)
{
    /// <summary>The data stream.</summary>
    public const string Stream = "crash-orders";

    private const int People = 100; // few enough orders each that all of them are kept
    private const int BatchSize = 50;

    private readonly Dictionary<string, int> orders = [];
    private readonly Dictionary<string, decimal> revenue = [];
    private int events;

    public int Applied { get; private set; }

    public int Suppressed { get; private set; }

    public int RefusedByFold { get; private set; }

    public int RefusedAtEdge { get; private set; }

    public int Filtered { get; private set; }

    /// <summary>The next events, as lines of JSON.</summary>
    public string NextBatch()
    {
        StringBuilder lines = new();
        for (int i = 0; i < BatchSize; i++)
        {
            lines.Append(Next($"{name}-{random.Next(People)}")).Append('\n');
        }

        return lines.ToString();
    }

    /// <summary>The same, as one array of JSON.</summary>
    public byte[] NextArray() =>
        Encoding.UTF8.GetBytes($"[{string.Join(',', NextBatch().TrimEnd().Split('\n'))}]");

    /// <summary>Every person has the orders it was sent, and their sum.</summary>
    public async Task CheckPeopleAsync(Api api)
    {
        foreach ((string person, decimal sum) in revenue)
        {
            JsonNode context = (await api.ContextAsync("customerId", person))!;
            JsonNode insights = context["insights"]!;
            ((int)insights["orderCount"]!).ShouldBe(orders[person], person);
            ((decimal)insights["revenue"]![0]!["amount"]!).ShouldBe(sum, person);
        }
    }

    /// <summary>The books have what the senders sent, to the event.</summary>
    public static void Check(Counts before, Counts after, IReadOnlyList<CrashOrders> sent)
    {
        // Of what is in the log every event counts exactly once. What never reaches it has no id to be known by: a batch
        // that is sent again because its answer was lost counts again, as received too.
        Fate("applied").ShouldBe(sent.Sum(one => one.Applied));
        Fate("suppressed").ShouldBe(sent.Sum(one => one.Suppressed));
        Fate("suppressed", ReasonCodes.NothingNew).ShouldBe(Fate("suppressed"));
        Fate("quarantined", ReasonCodes.LimitExceeded).ShouldBe(sent.Sum(one => one.RefusedByFold));
        Fate("quarantined", ReasonCodes.Required)
            .ShouldBeGreaterThanOrEqualTo(sent.Sum(one => one.RefusedAtEdge));
        Fate("filtered", ReasonCodes.KindNotKept)
            .ShouldBeGreaterThanOrEqualTo(sent.Sum(one => one.Filtered));
        Fate("filtered", ReasonCodes.KindNotKept).ShouldBe(Fate("filtered"));
        sent.ShouldAllBe(one => one.Applied > 0 && one.Suppressed > 0 && one.RefusedByFold > 0);

        long Fate(string kind, string? reason = null) =>
            after[Stream, kind, reason] - before[Stream, kind, reason];
    }

    private string Next(string person)
    {
        int id = events++;
        switch (orders.ContainsKey(person) ? random.Next(10) : 9)
        {
            case 0:
                RefusedAtEdge++;
                return Line(null, person, id, $"o{id}", 1);
            case 1:
                Filtered++;
                return Line($"e{id}", person, id, $"o{id}", 1, gone: true);
            case 2:
                RefusedByFold++;
                return Line($"e{id}", person, id, $"o{id}", Limits.AmountMax + 1);
            case < 5:
                Suppressed++;
                return Line($"e{id}", person, id, "first", 7.25m);
            default:
                Applied++;
                bool first = !orders.TryGetValue(person, out int made);
                decimal total = first ? 7.25m : random.Next(1, 100_000) / 100m;
                orders[person] = made + 1;
                revenue[person] = revenue.GetValueOrDefault(person) + total;
                return Line($"e{id}", person, id, first ? "first" : $"o{id}", total);
        }
    }

    private static string Line(
        string? id,
        string person,
        int second,
        string order,
        decimal total,
        bool gone = false
    )
    {
        JsonObject line = new()
        {
            ["person"] = person,
            ["order"] = order,
            ["total"] = total,
            ["at"] = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)
                .AddSeconds(second)
                .ToString("O"),
        };
        if (id is not null)
        {
            line["event"] = $"{person}-{id}";
        }

        if (gone)
        {
            line["gone"] = true;
        }

        return line.ToJsonString();
    }
}
