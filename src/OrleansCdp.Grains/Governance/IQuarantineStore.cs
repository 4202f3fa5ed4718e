using System.Collections.Immutable;

namespace OrleansCdp.Governance;

/// <summary>Refused events in the database.</summary>
public interface IQuarantineStore
{
    /// <summary>
    /// Adds items and counts them as quarantined, in one transaction; as received too, unless the log has done so. One
    /// whose position in the log is known already is not added again.
    /// </summary>
    Task AddAsync(IReadOnlyCollection<QuarantineItem> items, CancellationToken cancel);

    /// <summary>Lists items not replayed yet, by id.</summary>
    Task<ImmutableArray<QuarantineItem>> ListAsync(
        QuarantineFilter filter,
        CancellationToken cancel
    );

    /// <summary>
    /// Marks items replayed and takes them out of the counts, in one transaction: as received too, because they were
    /// received once more.
    /// </summary>
    Task MarkReplayedAsync(IReadOnlyCollection<long> ids, CancellationToken cancel);
}

/// <summary>Counts and positions in the database.</summary>
public interface IStatusStore
{
    /// <summary>Adds to the counts.</summary>
    Task CountAsync(IReadOnlyCollection<EventCount> counts, CancellationToken cancel);

    /// <summary>Saves of states that wait for their turn in this silo.</summary>
    int SavesWaiting { get; }

    /// <summary>Everything <see cref="IStatusGrain.GetAsync"/> shows but silos and definitions.</summary>
    Task<ClusterStatus> ReadAsync(CancellationToken cancel);

    /// <summary>The partitions alone.</summary>
    Task<ImmutableArray<PartitionStatus>> PartitionsAsync(CancellationToken cancel);
}

/// <summary>What was fixed when the database was made.</summary>
/// <param name="PartitionCount">Partitions of the log.</param>
public sealed record LogShape(int PartitionCount);
