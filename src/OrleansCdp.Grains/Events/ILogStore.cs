using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>The durable log, as its partition's writer sees it.</summary>
public interface ILogStore
{
    /// <summary>Takes a partition over: from now on an older epoch's appends are refused.</summary>
    /// <exception cref="LogUnavailableException">The database is away.</exception>
    Task<LogOwnership> AcquireAsync(int partition, CancellationToken cancel);

    /// <summary>Reads the event keys of a partition's retained chunks, both lanes.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="since">Only chunks received since then.</param>
    /// <param name="remember">Called for every key with its chunk's receipt time.</param>
    /// <param name="cancel">Stops reading.</param>
    Task ReadEventKeysAsync(
        int partition,
        DateTimeOffset since,
        Action<UInt128, DateTimeOffset> remember,
        CancellationToken cancel
    );

    /// <summary>
    /// Appends, in one transaction with whatever other partitions of this silo append just then, and hands the
    /// committed chunks to the local readers.
    /// </summary>
    /// <exception cref="LogUnavailableException">
    /// Refused (another writer took over) or the outcome is unknown. The caller must acquire anew before it
    /// appends again.
    /// </exception>
    Task AppendAsync(LogAppend append);

    /// <summary>
    /// Up to where every event of a lane is in its durable state, as far as is known here: never ahead of the truth, and
    /// for its writer never behind what was found when it took over. While the partition is read elsewhere, asking
    /// brings news within a second.
    /// </summary>
    long CheckpointOf(Lane lane, int partition);

    /// <summary>Tells local readers that the writer is gone: they must look into the database from now on.</summary>
    void Release(int partition, long epoch);
}

/// <summary>A writer's claim on a partition.</summary>
/// <param name="Epoch">Fencing token.</param>
/// <param name="NormalNext">Next sequence of the normal lane.</param>
/// <param name="LowNext">Next sequence of the low lane.</param>
/// <param name="EventKeySecret">Seed of <see cref="Partitions.EventKey"/> for this database.</param>
public readonly record struct LogOwnership(
    long Epoch,
    long NormalNext,
    long LowNext,
    long EventKeySecret
)
{
    /// <summary>Up to where every event of the normal lane was in its durable state then.</summary>
    public long NormalCheckpoint { get; init; }

    /// <summary>The same for the low lane.</summary>
    public long LowCheckpoint { get; init; }
}

/// <summary>What one partition's writer appends at once. Lanes without events are null.</summary>
public sealed record LogAppend
{
    /// <summary>The partition.</summary>
    public required int Partition { get; init; }

    /// <summary>The writer's epoch.</summary>
    public required long Epoch { get; init; }

    /// <summary>Events of the normal lane.</summary>
    public LaneAppend? Normal { get; init; }

    /// <summary>Events of the low lane.</summary>
    public LaneAppend? Low { get; init; }

    /// <summary>What was received, and what of it was known: counted in the same transaction.</summary>
    public ImmutableArray<EventCount> Counts { get; init; } = [];
}

/// <summary>Events for one lane.</summary>
/// <param name="FirstSequence">Sequence of the first event: must be the lane's next.</param>
/// <param name="Events">The events.</param>
/// <param name="Keys">Their event keys, in the same order.</param>
public sealed record LaneAppend(long FirstSequence, LinkEvent[] Events, UInt128[] Keys);
