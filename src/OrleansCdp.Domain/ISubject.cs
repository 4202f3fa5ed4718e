using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>What events are folded into: an individual or an account.</summary>
/// <typeparam name="TSelf">The subject's type.</typeparam>
public interface ISubject<TSelf>
    where TSelf : ISubject<TSelf>
{
    /// <summary>Its id, which never changes.</summary>
    string Id { get; }

    /// <summary>Folds events into the links they belong to.</summary>
    /// <param name="events">Events of one partition and lane, in sequence order.</param>
    /// <param name="insights">The insights that are computed; null for none.</param>
    Transition<TSelf> Apply(ReadOnlySpan<SequencedEvent> events, InsightSet? insights = null);

    /// <summary>The transition to another state of this subject, with the identifiers that differ.</summary>
    /// <param name="next">The state afterwards.</param>
    /// <param name="outcomes">What became of the events; null when all were applied.</param>
    Transition<TSelf> Becomes(TSelf next, EventOutcome[]? outcomes);
}
