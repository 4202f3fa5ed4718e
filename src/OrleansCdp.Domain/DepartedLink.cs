using System.Collections.Immutable;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>A link that left, and where to.</summary>
/// <param name="Link">The link.</param>
/// <param name="Target">The individual it went to.</param>
/// <param name="State">
/// Its state until the target is known to hold it durably; null afterwards.
/// </param>
/// <param name="Rank">Rank of the target's strongest anchor when it left.</param>
/// <param name="Moves">How often the link had moved, this departure counted.</param>
[GenerateSerializer, Immutable, Alias("cdp.departed-link")]
public sealed record DepartedLink(
    [property: Id(0)] LinkKey Link,
    [property: Id(1)] string Target,
    [property: Id(2)] Link? State,
    [property: Id(3)] int Rank,
    [property: Id(4)] int Moves
)
{
    /// <summary>
    /// The base individual whose link it stays, because it left by a merge or an unmerge; null where it became the
    /// target's. What left by a merge is forgotten once it is handed over: whoever asks is sent to its base individual.
    /// </summary>
    [Id(5)]
    public string? Of { get; init; }

    /// <summary>The base individual it had; null for the one that remembers it.</summary>
    [Id(6)]
    public string? Former { get; init; }

    /// <summary>Why it left; the default where it went along with another one, and belongs to its owner as before.</summary>
    [Id(7)]
    public ClaimCause Cause { get; init; }
}

/// <summary>Links to be handed over, and to whom.</summary>
/// <param name="Target">
/// The individual they are promised to; the one they are at when it cannot remember another departure.
/// </param>
/// <param name="Links">
/// Their state, of at most <see cref="Limits.TransferLinksMax"/>; empty when the target has taken all of them.
/// </param>
/// <param name="More">Whether there are more: ask again once these are taken.</param>
public sealed record Departure(string Target, ImmutableArray<Link> Links, bool More = false)
{
    /// <summary>The base individual of the links once they are taken.</summary>
    public required string Owner { get; init; }

    /// <summary>The base individual they had.</summary>
    public required string FormerOwner { get; init; }

    /// <summary>Rank of the new owner's anchor.</summary>
    public int Rank { get; init; } = AnchorPolicy.Unanchored;

    /// <summary>Why they move.</summary>
    public ClaimCause Cause { get; init; }

    /// <summary>
    /// Whether the link is neither here nor promised: <see cref="Target"/> is whom to ask, because of a merge.
    /// </summary>
    public bool AskThere { get; init; }

    /// <summary>
    /// Links of a merged individual that left it for others while its links were here, without their state: it remembers
    /// them from now on. Of one that was not handed over yet this one is the target.
    /// </summary>
    public ImmutableArray<DepartedLink> Left { get; init; } = [];

    /// <summary>Whether nothing is to be handed over, because both base individuals have their links here.</summary>
    public bool Stays { get; init; }
}

/// <summary>A link that was handed over.</summary>
/// <param name="Link">The link.</param>
/// <param name="Moves">How often it had moved by then: tells this move from an earlier one.</param>
[GenerateSerializer, Immutable, Alias("cdp.moved-link")]
public readonly record struct MovedLink([property: Id(0)] LinkKey Link, [property: Id(1)] int Moves)
{
    /// <summary>Links as they are handed over.</summary>
    public static ImmutableArray<MovedLink> Of(ImmutableArray<Link> links) =>
        [.. links.Select(link => new MovedLink(link.Key, link.Moves))];
}
