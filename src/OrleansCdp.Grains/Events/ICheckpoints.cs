using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

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
    void Complete(EventChunk chunk, ImmutableArray<EventCount> counts);

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
