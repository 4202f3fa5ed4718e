using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>A link that must change its base individual before the event is applied.</summary>
/// <param name="From">Whose it is.</param>
/// <param name="Link">The link.</param>
/// <param name="To">Who takes it.</param>
/// <param name="ToRank">Rank of the taker.</param>
/// <param name="Cause">Why.</param>
public sealed record LinkMove(
    string From,
    LinkKey Link,
    string To,
    int ToRank,
    ClaimCause Cause = default
)
{
    /// <summary>
    /// Whether <see cref="From"/> is nothing but its links: all of them go, and it redirects for ever.
    /// </summary>
    public bool Whole { get; init; }
}

/// <summary>One link states anchors of several base individuals: they are the same person.</summary>
/// <param name="Link">The link.</param>
/// <param name="EventId">The event that completed the proof.</param>
/// <param name="Bases">The individuals, each with the anchor that names it; at least two.</param>
public sealed record AnchorProof(
    LinkKey Link,
    string EventId,
    ImmutableArray<BaseIndividual> Bases
);

/// <summary>Who an event belongs to, and what must be true first.</summary>
public sealed record AnchorDecision
{
    /// <summary>The base individual the event's link belongs to.</summary>
    public required Claim Target { get; init; }

    /// <summary>Claims nobody held.</summary>
    public ImmutableArray<KeyValuePair<string, Claim>> Claims { get; init; } = [];

    /// <summary>Moves, in order.</summary>
    public ImmutableArray<LinkMove> Moves { get; init; } = [];

    /// <summary>The claim on <see cref="LinkEvent.SameAs"/> whose sign-in this one outweighs, and its weight; or null.</summary>
    public KeyValuePair<string, Stamp>? Raised { get; init; }

    /// <summary>What the event proves.</summary>
    public ImmutableArray<AnchorProof> Proofs { get; init; } = [];

    /// <summary>
    /// Claims on links that the event gives to somebody else than a steward's word does, and how much it weighs: what it
    /// says counts once that word is taken back.
    /// </summary>
    public ImmutableArray<KeyValuePair<string, Stamp>> Overruled { get; init; } = [];

    /// <summary>
    /// Of an event that names another link: the base individual that one is given, unless it is somebody already.
    /// </summary>
    public Claim? Other { get; init; }
}
