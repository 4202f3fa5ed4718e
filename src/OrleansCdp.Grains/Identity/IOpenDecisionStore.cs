using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// What events say of links and could not be carried out: of each link the one that weighs most. It is decided about again
/// until it is, or until something newer was decided.
/// </summary>
public interface IOpenDecisionStore
{
    /// <summary>Keeps decisions open. Of a link that has one already the one that weighs more stays.</summary>
    Task NoteAsync(IReadOnlyCollection<OpenDecision> open, CancellationToken cancel);

    /// <summary>Those of some links: of those that the individuals or records with these ids are named by.</summary>
    Task<ImmutableArray<OpenDecision>> ReadAsync(
        IReadOnlyCollection<string> homes,
        CancellationToken cancel
    );

    /// <summary>Those that have waited longest since they were last tried, and have them wait anew.</summary>
    /// <param name="since">How long they have waited at least.</param>
    /// <param name="limit">Most returned.</param>
    /// <param name="cancel">Stops it.</param>
    Task<ImmutableArray<OpenDecision>> OverdueAsync(
        TimeSpan since,
        int limit,
        CancellationToken cancel
    );

    /// <summary>Takes decisions away, unless what is open of the link is another one by now.</summary>
    Task CloseAsync(IReadOnlyCollection<OpenDecision> done, CancellationToken cancel);
}

/// <summary>What an event says of a link and could not be carried out.</summary>
/// <param name="Claim">The claim on the link, which may be another one than the event's own.</param>
/// <param name="Weight">How much the event weighs among those that decide about the link.</param>
/// <param name="Event">The event, with nothing but what it says of identity.</param>
/// <param name="Reason">Why; one of <see cref="ReasonCodes"/>.</param>
public sealed record OpenDecision(string Claim, Stamp Weight, SequencedEvent Event, string Reason)
{
    /// <summary>Whether this is of the same link, and by the same event.</summary>
    public bool IsSameAs(OpenDecision other) => Claim == other.Claim && Weight == other.Weight;

    /// <summary>An event without what decisions do not need.</summary>
    public static LinkEvent Essence(LinkEvent e) =>
        e with
        {
            Traits = [],
            Fields = [],
            Lines = [],
            AccountTraits = [],
        };
}
