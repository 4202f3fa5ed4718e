using System.Diagnostics;
using OrleansCdp.Events;

namespace OrleansCdp.Segments;

/// <summary>Who should be in which segment of the starter pack by its query over all events that have happened, against who is.</summary>
/// <param name="connection">Any database.</param>
/// <param name="events">What happens, the earliest first.</param>
internal sealed class RealDataOracle(string connection, IReadOnlyList<RealEvent> events)
    : IAsyncDisposable
{
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

    private async Task CompareAsync(
        OracleSql asked,
        string name,
        string query,
        HashSet<string> present,
        DateTimeOffset at
    )
    {
        DueMembers due = await DueMembers.AskAsync(asked, name, query, at);
        Undecided += due.Possible.Count - due.Certain.Count;
        Certain += due.Certain.Count;
        members[name] = Math.Max(members.GetValueOrDefault(name), due.Certain.Count);
        Differences.AddRange(due.Differences(present).Select(one => $"{at:O} {name}: {one}"));
    }

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
