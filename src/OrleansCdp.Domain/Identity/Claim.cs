using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Who holds a claim, how strongly, and why.</summary>
/// <param name="Owner">The base individual: the one its own anchor names, whatever was merged since.</param>
/// <param name="Rank">
/// Rank of the anchor that names the owner: 0 is the strongest, <see cref="AnchorPolicy.Unanchored"/> is none.
/// </param>
/// <param name="AnchoredAt">
/// Of a link's claim: the event whose anchor decided, or the weight of the sign-in that did
/// (<see cref="AnonymousLinks.WeightOf"/>); the default for none.
/// </param>
[GenerateSerializer, Immutable, Alias("cdp.claim")]
public sealed record Claim(
    [property: Id(0)] string Owner,
    [property: Id(1)] int Rank,
    [property: Id(2)] Stamp AnchoredAt
)
{
    /// <summary>Who has the owner's links since it was merged; null for the owner itself.</summary>
    [Id(3)]
    public string? PlacedAt { get; init; }

    /// <summary>Whether the owner's links must go elsewhere, because of a merge that is not finished.</summary>
    [Id(4)]
    public bool IsMoving { get; init; }

    /// <summary>Why it is so.</summary>
    [Id(5)]
    public ClaimCause Cause { get; init; }

    /// <summary>
    /// Whether something in force says with whom the owner is one or is not, a proof or a steward: then even an individual
    /// that only its link names stays what it is, and is merged instead of moved.
    /// </summary>
    [Id(6)]
    public bool IsFixed { get; init; }

    /// <summary>Of a link: everybody who is one with somebody a steward keeps its record apart from.</summary>
    [Id(7)]
    public ImmutableArray<string> KeptFrom { get; init; } = [];

    /// <summary>Whether a steward's word in force says that the owner is one with somebody.</summary>
    [Id(8)]
    public bool IsTied { get; init; }

    /// <summary>Whether links prove with whom the owner is one.</summary>
    [Id(9)]
    public bool IsProven { get; init; }

    /// <summary>
    /// Whether the owner is the individual or record that only this link names, and stays what it is
    /// (<see cref="IsFixed"/>). Somebody whom the link merely matches is not.
    /// </summary>
    public bool IsFixedTo(LinkKey link) =>
        IsFixed && Rank == AnchorPolicy.Unanchored && SubjectIds.IsNamedBy(Owner, link);

    /// <summary>
    /// Its rank once it goes along with other links to somebody whom an anchor of this rank names: what merely matched does
    /// so still, for any anchor is stronger.
    /// </summary>
    public int RankAlong(int rank) => Rank == AnchorPolicy.Matched ? Rank : rank;

    /// <summary>Whether it belongs to its owner by an anchor.</summary>
    public bool IsAnchored => Rank < AnchorPolicy.Matched;
}

/// <summary>Why a link belongs to its individual.</summary>
/// <param name="Rule">
/// The claim key of the anchor that named the owner, <c>sameAs</c>, <c>link</c>, <c>steward</c> or a ruleset's
/// <c>name@version</c>; null where an earlier program did not say.
/// </param>
/// <param name="EventId">The event that decided; null where it was none.</param>
[GenerateSerializer, Immutable, Alias("cdp.claim-cause")]
public readonly record struct ClaimCause(
    [property: Id(0)] string? Rule,
    [property: Id(1)] string? EventId
)
{
    /// <summary>Rule of a link that another link's event names.</summary>
    public const string SameAs = "sameAs";

    /// <summary>Rule of a link that nothing else names.</summary>
    public const string OwnLink = "link";

    /// <summary>Rule of what a person decided.</summary>
    public const string Steward = "steward";

    /// <summary>Whether an anchor that the link itself stated named the owner.</summary>
    public bool IsOwnAnchor => Rule?.Contains(':', StringComparison.Ordinal) == true;

    /// <summary>Whether a ruleset found it alike: an email has an @, too, but its kind and a colon before it.</summary>
    public bool IsMatch => !IsOwnAnchor && Rule?.Contains('@', StringComparison.Ordinal) == true;
}
