using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Governance;

/// <summary>
/// Folds the events of one partition anew, for as many links as may be kept: of all those from a hash on, the ones with
/// the smallest hashes; or of some that are named.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="extents">Both lanes of the partition, normal first, as they were before anybody was asked.</param>
/// <param name="from">First hash.</param>
/// <param name="named">The links wanted; null for all from <paramref name="from"/> on.</param>
/// <param name="insights">The insights that are computed; null for none.</param>
/// <param name="wantedFor">
/// For which versions of insights, by their revisions, an event counts; null where it is not folded. Null for all and all.
/// </param>
internal sealed class LogPass(
    ILogHistory log,
    ImmutableArray<LaneExtent> extents,
    ulong from,
    IReadOnlySet<LinkKey>? named = null,
    InsightSet? insights = null,
    Func<SequencedEvent, Predicate<long>?>? wantedFor = null
)
{
    /// <summary>
    /// About how many bytes insights may know of the links (128 MiB): of more, those with the upper half of the hashes get a pass
    /// of their own, however few links they are.
    /// </summary>
    public const long KnownBytesMax = 128 * 1024 * 1024;

    /// <summary>Events that are folded before others may work.</summary>
    public const int FoldedAtOnceMax = 1_000;

    private readonly Dictionary<(SubjectKind, LinkKey), HeldLink> held = [];
    private readonly long[]? subjects = named?.Select(HashOf).ToArray();
    private int weight;
    private long knownBytes;

    /// <summary>The links.</summary>
    public IReadOnlyCollection<HeldLink> Links => held.Values;

    /// <summary>Last hash whose links are all here.</summary>
    public ulong To { get; private set; } = ulong.MaxValue;

    /// <summary>Events that were received, by stream; meaningful for the first pass of a partition.</summary>
    public EventTally Received { get; } = new();

    /// <summary>The insights that are computed.</summary>
    public InsightSet Insights => insights ?? InsightSet.None;

    /// <summary>What there is of a lane.</summary>
    public LaneExtent ExtentOf(Lane lane) => extents[(int)lane];

    /// <summary>Whether everything of a link is in the log.</summary>
    public bool IsWhole(DateTimeOffset? claimed) => extents.All(lane => lane.IsWholeSince(claimed));

    /// <summary>Reads up to the checkpoints.</summary>
    /// <returns>Events read, at most <see cref="FoldedAtOnceMax"/> each time.</returns>
    public async IAsyncEnumerable<int> ReadAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (LaneExtent lane in extents)
        {
            for (long next = lane.First; next <= lane.Checkpoint; )
            {
                LogRange range = new(lane.Lane, lane.Partition, next, lane.Checkpoint, subjects);
                LogStretch stretch = await log.ReadAsync(range, cancel);
                foreach (SequencedEvent[] some in stretch.Events.Chunk(FoldedAtOnceMax))
                {
                    Fold(some, stretch.NotMet);
                    yield return some.Length;
                }

                next = stretch.Next;
            }
        }
    }

    /// <summary>
    /// Reads on, for links that had met more than the checkpoints say when they were asked: each exactly up to there.
    /// </summary>
    public async Task FollowAsync(
        IReadOnlyDictionary<HeldLink, Link> served,
        CancellationToken cancel
    )
    {
        foreach (LaneExtent lane in extents)
        {
            HeldLink[] ahead =
            [
                .. served
                    .Where(one => AppliedOf(one.Value, lane.Lane) > lane.Checkpoint)
                    .Select(one => one.Key),
            ];
            long last = ahead
                .Select(link => AppliedOf(served[link], lane.Lane))
                .DefaultIfEmpty(0)
                .Max();
            long[] wanted = [.. ahead.Select(link => (long)link.Hash)];
            for (long next = lane.Checkpoint + 1; next <= last; )
            {
                LogRange range = new(lane.Lane, lane.Partition, next, last, wanted);
                LogStretch stretch = await log.ReadAsync(range, cancel);
                foreach (SequencedEvent e in stretch.Events)
                {
                    if (
                        !stretch.NotMet.Contains(e.Sequence)
                        && held.TryGetValue((e.Event.Subject, e.Event.Link), out HeldLink? link)
                        && served.TryGetValue(link, out Link? theirs)
                        && e.Sequence <= AppliedOf(theirs, lane.Lane)
                    )
                    {
                        link.Follow(e);
                    }
                }

                next = stretch.Next;
            }
        }
    }

    /// <summary>The last event of a lane that a link has met.</summary>
    public static long AppliedOf(Link link, Lane lane) =>
        lane == Lane.Normal ? link.AppliedNormal : link.AppliedLow;

    private static long HashOf(LinkKey link) => (long)Partitions.HashOf(link);

    private void Fold(SequencedEvent[] events, IReadOnlySet<long> notMet)
    {
        foreach (SequencedEvent e in events)
        {
            Received.Add(e.Event.Stream, CountKind.Received, "");
            Predicate<long>? counts = wantedFor?.Invoke(e);
            if (!notMet.Contains(e.Sequence) && (wantedFor is null || counts is not null))
            {
                Fold(e, counts);
            }
        }
    }

    private void Fold(SequencedEvent e, Predicate<long>? counts)
    {
        var key = (e.Event.Subject, e.Event.Link);
        if (!held.TryGetValue(key, out HeldLink? link))
        {
            link = new HeldLink(e.Event.Subject, e.Event.Link, insights);
            if (named is null ? link.Hash < from || link.Hash > To : !named.Contains(link.Key))
            {
                return;
            }

            held.Add(key, link);
            weight++;
        }

        int before = link.Weight;
        long knownBefore = link.KnownBytes;
        link.Fold(e, counts);
        weight += link.Weight - before;
        knownBytes += link.KnownBytes - knownBefore;
        bool isTooMuch = weight > IVerifierGrain.HeldMax || knownBytes > KnownBytesMax;
        if (isTooMuch && named is null && held.Count > 1)
        {
            DropUpperHalf();
        }
    }

    /// <summary>What is dropped gets a pass of its own later: those that stay are whole, whatever came when.</summary>
    private void DropUpperHalf()
    {
        ulong[] hashes = [.. held.Values.Select(link => link.Hash).Order()];
        To = hashes[(hashes.Length - 1) / 2];
        foreach (var (key, link) in held.Where(one => one.Value.Hash > To).ToArray())
        {
            held.Remove(key);
            weight -= link.Weight;
            knownBytes -= link.KnownBytes;
        }
    }
}
