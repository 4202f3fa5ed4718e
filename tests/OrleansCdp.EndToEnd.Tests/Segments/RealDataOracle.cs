using System.Diagnostics;
using OrleansCdp.Events;

namespace OrleansCdp.Segments;

/// <summary>Who should be in which segment of the starter pack by its query over all events that have happened, against who is.</summary>
/// <param name="connection">Any database.</param>
/// <param name="events">What happens, the earliest first.</param>
internal sealed class RealDataOracle(string connection, IReadOnlyList<RealEvent> events)
    : IAsyncDisposable
{
    /// <summary>Over what was done a window reaches up to a 32nd of it too far. Of such segments the windows, and how far.</summary>
    private static readonly (string Said, string AtMost)[] Windows =
    [
        ("30 days", "30 days 22:30:00"),
        ("60 days", "61 days 21:00:00"),
    ];

    private static readonly string[] OverWhatWasDone =
    [
        "active_visitors",
        "engaged_and_not_buying",
        "falling_usage",
        "falling_usage_with_open_cases",
        "renewal_with_falling_usage",
    ];

    private readonly Dictionary<string, int> members = new(StringComparer.Ordinal);
    private OracleSql? sql;
    private int happened;
    private int comparisons;
    private TimeSpan reading;
    private TimeSpan asking;

    /// <summary>Who is in a segment and should not be, or is not in it and should be.</summary>
    public List<string> Differences { get; } = [];

    /// <summary>How often somebody was in a segment without a doubt.</summary>
    public int Certain { get; private set; }

    /// <summary>How often it was not decided whether somebody was: within a 32nd of a window.</summary>
    public int Undecided { get; private set; }

    /// <summary>How many were in a segment at most when it was looked.</summary>
    public int MembersMaxOf(string segment) => members.GetValueOrDefault(segment);

    /// <summary>Compares them at the moment it is.</summary>
    public async Task CompareAsync(VirtualCompany company)
    {
        long since = Stopwatch.GetTimestamp();
        OracleSql asked = await ReadAsync(company.Happened);
        reading += Stopwatch.GetElapsedTime(since);
        comparisons++;
        since = Stopwatch.GetTimestamp();
        ILookup<string, string> present = company.Members();
        foreach ((string name, string query) in StarterPack.Queries)
        {
            await CompareAsync(asked, name, query, [.. present[name]], company.Now);
        }

        asking += Stopwatch.GetElapsedTime(since);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => sql?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <inheritdoc/>
    public override string ToString() =>
        $"{comparisons} comparisons, {Undecided} of {Certain} undecided within a 32nd of a window; {reading} read, {asking} asked";

    /// <summary>Whoever is in a segment whatever its windows reach is in it, and nobody is who is not, whatever they reach.</summary>
    private async Task CompareAsync(
        OracleSql asked,
        string name,
        string query,
        HashSet<string> present,
        DateTimeOffset at
    )
    {
        HashSet<string> certain = [.. await asked.MembersAsync(query, at)];
        HashSet<string> possible = [.. certain];
        foreach (string reaching in OverWhatWasDone.Contains(name) ? Reaching(query) : [])
        {
            HashSet<string> due = [.. await asked.MembersAsync(reaching, at)];
            certain.IntersectWith(due);
            possible.UnionWith(due);
        }

        Undecided += possible.Count - certain.Count;
        Certain += certain.Count;
        members[name] = Math.Max(members.GetValueOrDefault(name), certain.Count);
        Differences.AddRange(
            certain.Except(present).Select(one => $"{at:O} {name}: {one} is not in it")
        );
        Differences.AddRange(
            present.Except(possible).Select(one => $"{at:O} {name}: {one} is in it")
        );
    }

    /// <summary>A query with each of its windows as long as it is or as long as it may be.</summary>
    private static IEnumerable<string> Reaching(string query) =>
        Windows.Aggregate(
            (IEnumerable<string>)[query],
            (all, window) =>
                all.SelectMany(one =>
                    new[]
                    {
                        one,
                        one.Replace(
                            $"'{window.Said}'",
                            $"'{window.AtMost}'",
                            StringComparison.Ordinal
                        ),
                    }.Distinct(StringComparer.Ordinal)
                )
        );

    private async Task<OracleSql> ReadAsync(int count)
    {
        if (sql is { } known && count == happened)
        {
            return known;
        }

        await DisposeAsync();
        happened = count;
        RealEvent[] all = [.. events.Take(count)];
        return sql = await OracleSql.ReadAsync(
            connection,
            all.Select(
                (one, i) => (new LogPosition(one.Event.Lane, 0, i + 1), one.Event, one.Holder)
            ),
            all.Select(one => one.Holder).Distinct(StringComparer.Ordinal),
            model: null
        );
    }
}
