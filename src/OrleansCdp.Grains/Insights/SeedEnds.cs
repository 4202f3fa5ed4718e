using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>A seed, and what became of it.</summary>
internal readonly record struct SeedTold(InsightSeed Seed, SeedAnswer Answer)
{
    /// <summary>Of all seeds became the same.</summary>
    public static SeedTold[] Of(InsightSeed[] seeds, SeedOutcome outcome) =>
        [.. seeds.Select(seed => new SeedTold(seed, new SeedAnswer(outcome)))];
}

/// <summary>
/// Where seeds have to end: each link began to count for each version where that version's first event came, so they are many
/// for one link. One reading of the log makes them all.
/// </summary>
internal sealed class SeedEnds
{
    private readonly Dictionary<
        (SubjectKind Subject, LinkKey Link),
        Dictionary<long, SeedAnswer>
    > ends = [];

    /// <summary>The links.</summary>
    public IReadOnlySet<LinkKey> Links => ends.Keys.Select(key => key.Link).ToHashSet();

    /// <summary>Adds one.</summary>
    /// <param name="seed">The seed that ended elsewhere.</param>
    /// <param name="answer">Where it has to end.</param>
    public void Add(InsightSeed seed, SeedAnswer answer)
    {
        var key = (seed.Subject, seed.Link);
        if (!ends.TryGetValue(key, out var known))
        {
            ends[key] = known = [];
        }

        known[seed.Known.Revision] = answer;
    }

    /// <summary>The last sequence of a lane that is in any of them.</summary>
    public long LastOf(Lane lane) =>
        ends.Values.SelectMany(versions => versions.Values).Max(end => EndOf(end, lane));

    /// <summary>For which versions an event lies before the end; null for none.</summary>
    public Predicate<long>? WantedFor(SequencedEvent e)
    {
        Lane lane = e.Event.Lane;
        return
            ends.TryGetValue((e.Event.Subject, e.Event.Link), out var versions)
            && versions.Values.Any(end => e.Sequence <= EndOf(end, lane))
            ? revision =>
                versions.TryGetValue(revision, out SeedAnswer? end)
                && e.Sequence <= EndOf(end, lane)
            : null;
    }

    /// <summary>
    /// The seeds, after the log was read. What was asked for is what a seed ends at, also where the last event before it cannot be
    /// folded.
    /// </summary>
    public IEnumerable<InsightSeed> SeedsOf(LogPass pass)
    {
        Dictionary<(SubjectKind, LinkKey), HeldLink> read = pass.Links.ToDictionary(link =>
            (link.Subject, link.Key)
        );
        return from link in ends
            from version in link.Value
            select new InsightSeed(
                link.Key.Link,
                link.Key.Subject,
                read.GetValueOrDefault(link.Key)
                    ?.State.Insights.FirstOrDefault(known => known.Revision == version.Key)
                    ?? new Accumulation { Revision = version.Key, IsWhole = true },
                version.Value.Normal,
                version.Value.Low
            );
    }

    private static long EndOf(SeedAnswer end, Lane lane) =>
        lane == Lane.Normal ? end.Normal : end.Low;
}
