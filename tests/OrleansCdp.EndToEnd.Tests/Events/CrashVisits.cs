using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary>
/// Visitors of one sender who look at pages and sign in sooner or later: their links move to people while something
/// crashes. Sent in the shape of Segment's libraries.
/// </summary>
internal sealed class CrashVisits(string name, Random random)
{
    /// <summary>The data stream.</summary>
    public const string Stream = "web";

    private const int Visitors = 40;
    private const int People = 8;
    private const int BatchSize = 25;
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private int events;

    /// <summary>Events made so far; each is to be in the log once.</summary>
    public int Events => events;

    /// <summary>User ids of those who sign in sooner or later.</summary>
    public IEnumerable<string> Users => Enumerable.Range(0, People).Select(UserOf);

    /// <summary>The next events, as the body of a batch.</summary>
    public string NextBatch()
    {
        JsonArray batch = [];
        for (int i = 0; i < BatchSize; i++)
        {
            batch.Add(Next());
        }

        return new JsonObject { ["batch"] = batch }.ToJsonString();
    }

    private string UserOf(int person) => $"{name}-p{person}";

    private JsonObject Next()
    {
        int number = events++;
        int visitor = random.Next(Visitors);
        bool signsIn = random.Next(20) == 0;
        JsonObject e = new()
        {
            ["type"] = signsIn ? "identify" : "page",
            ["messageId"] = $"{name}-{number}",
            ["anonymousId"] = $"{name}-v{visitor}",
            ["timestamp"] = Start.AddSeconds(number).ToString("O"),
        };
        if (signsIn)
        {
            e["userId"] = UserOf(visitor % People);
            e["traits"] = new JsonObject { ["firstName"] = $"N{number}" };
        }
        else
        {
            e["name"] = $"page {random.Next(10)}";
        }

        return e;
    }
}
