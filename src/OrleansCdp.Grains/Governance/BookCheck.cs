using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>
/// Compares the counts with the log and the quarantine. Only where nothing is in flight: events are counted a moment
/// after they are applied.
/// </summary>
internal sealed class BookCheck(IStatusStore status, ILogHistory log, VerifyFindings findings)
{
    private readonly EventTally tally = new();
    private readonly HashSet<string> chancy = new(StringComparer.Ordinal);
    private ClusterStatus? before;

    /// <summary>Takes note of what is counted before anything is read.</summary>
    public async Task BeginAsync(CancellationToken cancel) =>
        before = await status.ReadAsync(cancel);

    /// <summary>Takes what a pass found. Of a partition's passes each sees all events that were received.</summary>
    public void Add(LogPass pass, bool isFirst)
    {
        tally.Add(isFirst ? pass.Received.Counts() : []);
        foreach (HeldLink link in pass.Links)
        {
            tally.Add(link.Fates);
            // Which of two events said something new is chance where they come in any order of each other.
            if (link.IsInBothLanes || link.Subject == SubjectKind.Account)
            {
                chancy.UnionWith(link.Fates.Select(fate => fate.Stream));
            }
        }
    }

    /// <summary>Compares.</summary>
    /// <returns>Why it was not possible; null when it was.</returns>
    public async Task<string?> EndAsync(
        ImmutableArray<LaneExtent> extents,
        CancellationToken cancel
    )
    {
        if (extents.Any(lane => lane.First > 1))
        {
            return "the oldest events are in the log no more";
        }

        var quarantined = await log.QuarantineSumsAsync(cancel);
        ClusterStatus after = await status.ReadAsync(cancel);
        bool isStill =
            before is not null
            && before.Counts.SequenceEqual(after.Counts)
            && after.Partitions.All(lane => lane.Head == lane.Checkpoint)
            && extents.All(lane =>
                lane.Head == lane.Checkpoint
                && after.Partitions.Any(now =>
                    (now.Lane, now.Partition, now.Head) == (lane.Lane, lane.Partition, lane.Head)
                )
            );
        if (!isStill)
        {
            return "events are in flight";
        }

        Compare(after.Counts, quarantined);
        return null;
    }

    private void Compare(
        ImmutableArray<EventCount> counted,
        ImmutableArray<QuarantineSum> quarantined
    )
    {
        foreach (QuarantineSum sum in quarantined)
        {
            if (!sum.IsReplayed)
            {
                tally.Add(sum.Stream, CountKind.Quarantined, sum.Code, sum.Count);
            }

            if (sum.IsOfLog == sum.IsReplayed)
            {
                // What was replayed is in the log twice and was received once; what was refused at the edge is not there.
                long received = sum.IsOfLog ? -sum.Count : sum.Count;
                tally.Add(sum.Stream, CountKind.Received, "", received);
            }
        }

        foreach (EventCount count in counted)
        {
            if (count.Kind is CountKind.Duplicate or CountKind.Filtered)
            {
                tally.Add(count.Stream, CountKind.Received, "", count.Count);
            }
        }

        var expected = Sums(tally.Counts());
        var found = Sums(counted);
        foreach (var key in expected.Keys.Union(found.Keys))
        {
            long wanted = expected.GetValueOrDefault(key);
            long there = found.GetValueOrDefault(key);
            if (wanted != there)
            {
                findings.Add(
                    new VerifyDifference
                    {
                        Kind = DifferenceKinds.Count,
                        Pointer = $"/{key.Stream}/{key.Kind}/{key.Reason}",
                        Expected = $"{wanted} events",
                        Served = $"{there} events",
                    }
                );
            }
        }
    }

    /// <summary>Sums of what can be known from the log; the two fates that are chance go together.</summary>
    private Dictionary<(string Stream, string Kind, string Reason), long> Sums(
        ImmutableArray<EventCount> counts
    ) =>
        counts
            .Where(count =>
                count.Kind
                    is <= CountKind.Quarantined
                        and not (CountKind.Duplicate or CountKind.Filtered)
            )
            .GroupBy(count =>
                count.Kind is CountKind.Applied or CountKind.Suppressed
                && chancy.Contains(count.Stream)
                    ? (count.Stream, "AppliedOrSuppressed", "")
                    : (count.Stream, count.Kind.ToString(), count.Reason)
            )
            .ToDictionary(same => same.Key, same => same.Sum(count => count.Count));
}
