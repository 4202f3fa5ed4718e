using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>How the progress of a version goes on.</summary>
internal static class BackfillSteps
{
    /// <summary>
    /// Those of the versions that are told next, all by one reading of the log: those that are farthest, and with them who is as
    /// far. So one that is new waits for the next reading, and after a restart those go on that were read for.
    /// </summary>
    /// <param name="versions">The versions, the oldest first; at least one.</param>
    /// <param name="progressOf">How far each is.</param>
    /// <returns>At most <see cref="Limits.ToldTogetherMax"/>.</returns>
    public static ImmutableArray<ActiveInsight> Together(
        IEnumerable<ActiveInsight> versions,
        Func<ActiveInsight, BackfillProgress> progressOf
    ) =>
        [
            .. versions
                .GroupBy(version => PlaceOf(progressOf(version)))
                .OrderBy(place => place.Key.Left)
                .ThenByDescending(place => place.Key.From)
                .First()
                .Take(Limits.ToldTogetherMax),
        ];

    /// <summary>Begins a pass over a partition.</summary>
    /// <param name="progress">What was done before.</param>
    /// <param name="extents">The lanes of all partitions.</param>
    /// <param name="partition">Those of this one.</param>
    public static BackfillProgress Begin(
        this BackfillProgress progress,
        ImmutableArray<LaneExtent> extents,
        ImmutableArray<LaneExtent> partition
    ) =>
        progress with
        {
            EventsToRead =
                progress.Events
                + EventsOf(extents.Where(lane => lane.Partition >= progress.PartitionsDone)),
            Pass = new BackfillPass { Events = EventsOf(partition) },
        };

    /// <summary>Adds a part of the work of a pass.</summary>
    public static BackfillProgress With(
        this BackfillProgress progress,
        InsightBackfill.Step step
    ) =>
        progress with
        {
            Events = progress.Events + step.Events,
            Links = progress.Links + step.Told,
            LinksNotTold = progress.LinksNotTold + step.NotTold,
            Pass = progress.Pass! with
            {
                EventsRead = progress.Pass.EventsRead + step.Events,
                Links = step.ToTell ?? progress.Pass.Links,
                LinksDone = progress.Pass.LinksDone + step.Told + step.NotTold,
            },
        };

    /// <summary>Ends a pass over a partition.</summary>
    /// <param name="progress">What was done.</param>
    /// <param name="partition">Its lanes.</param>
    /// <param name="next">Where its next links begin; null when all of them are told.</param>
    public static BackfillProgress End(
        this BackfillProgress progress,
        ImmutableArray<LaneExtent> partition,
        ulong? next
    )
    {
        DateTimeOffset? since = partition.Any(lane => lane.First > 1)
            ? partition.Max(lane => lane.RetainedSince)
            : null;
        return progress with
        {
            PartitionsDone = progress.PartitionsDone + (next is null ? 1 : 0),
            From = next ?? 0,
            KnownSince = since > progress.KnownSince ? since : progress.KnownSince ?? since,
            Pass = null,
        };
    }

    private static (int Left, ulong From) PlaceOf(BackfillProgress progress) =>
        (progress.Partitions - progress.PartitionsDone, progress.From);

    private static long EventsOf(IEnumerable<LaneExtent> lanes) =>
        lanes.Sum(lane => lane.Head - lane.First + 1);
}
