using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>What became of a chunk's events.</summary>
/// <param name="Events">By stream, but for those that went to quarantine, which were counted there.</param>
public sealed record DeliveryCounts(ImmutableArray<EventCount> Events)
{
    /// <summary>
    /// Events of the chunk that this delivery met as known: they were in a durable state, suppressed or in quarantine
    /// since an earlier delivery, whose checkpoint was never written. One event counts once, however often it was brought.
    /// </summary>
    public int Redelivered { get; init; }

    /// <summary>Events of the chunk that are in quarantine, since this delivery or an earlier one.</summary>
    public int Quarantined { get; init; }
}

/// <summary>Notes, per partition and lane, up to where every event is in its durable state.</summary>
public interface ICheckpoints
{
    /// <summary>
    /// Notes that a chunk is applied. Returns at once; written in the background together with others, in the
    /// same transaction as the counts. A chunk whose reader has been fenced writes nothing, counts included: its
    /// successor delivers and counts it again.
    /// </summary>
    /// <param name="chunk">The chunk; chunks of a lane come in order.</param>
    /// <param name="counts">What became of its events.</param>
    void Complete(EventChunk chunk, DeliveryCounts counts);

    /// <summary>
    /// What earlier deliveries noted of events that no checkpoint has passed: which were suppressed, and which refused.
    /// </summary>
    /// <param name="chunk">The chunk whose events are asked for.</param>
    /// <param name="cancel">Stops asking.</param>
    /// <returns>Outcomes by sequence; what is missing was applied, or not met.</returns>
    Task<IReadOnlyDictionary<long, EventOutcome>> FatesAsync(
        EventChunk chunk,
        CancellationToken cancel
    );

    /// <summary>Writes what is pending now.</summary>
    Task FlushAsync(CancellationToken cancel);
}
