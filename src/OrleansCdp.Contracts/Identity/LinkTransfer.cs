using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>Links on their way from one individual to another.</summary>
[GenerateSerializer, Immutable, Alias("cdp.link-transfer")]
public sealed record LinkTransfer
{
    /// <summary>The individual they come from.</summary>
    [Id(0)]
    public required string From { get; init; }

    /// <summary>The individual they are promised to.</summary>
    [Id(4)]
    public required string To { get; init; }

    /// <summary>The links with their whole state; at most <see cref="Limits.TransferLinksMax"/>.</summary>
    [Id(1)]
    public required ImmutableArray<Link> Links { get; init; }

    /// <summary>Rank of the anchor that names the new owner: what the claims say from now on.</summary>
    [Id(2)]
    public int Rank { get; init; }

    /// <summary>Whether more links wait to be handed over once these are taken.</summary>
    [Id(5)]
    public bool More { get; init; }

    /// <summary>The base individual of the links once they are taken.</summary>
    [Id(6)]
    public required string Owner { get; init; }

    /// <summary>The base individual before; the same where links change hands because of a merge.</summary>
    [Id(7)]
    public required string FormerOwner { get; init; }

    /// <summary>Why they move.</summary>
    [Id(8)]
    public ClaimCause Cause { get; init; }

    /// <summary>
    /// Whether the link asked for is neither here nor promised: <see cref="To"/> is whom to ask, because of a merge.
    /// </summary>
    [Id(9)]
    public bool AskThere { get; init; }

    /// <summary>
    /// Whether the move is made: both base individuals have their links where the link is. <see cref="From"/> is who has it.
    /// </summary>
    [Id(10)]
    public bool Stays { get; init; }

    /// <summary>
    /// Whether these are the last links of an individual that is merged into <see cref="To"/>: all are there with them.
    /// </summary>
    [Id(11)]
    public bool IsLast { get; init; }

    /// <summary>Whether none had left that individual for another one before; of the last links only.</summary>
    [Id(12)]
    public bool IsWhole { get; init; }

    /// <summary>
    /// Links that left an individual for others while its links were at <see cref="From"/>; of those that change hands
    /// because of a merge.
    /// </summary>
    [Id(13)]
    public ImmutableArray<DepartedLink> Left { get; init; } = [];

    /// <summary>Whether the base individual changes.</summary>
    public bool ChangesOwner => Owner != FormerOwner;

    /// <summary>Makes sure that there are no more links than one transfer has.</summary>
    /// <exception cref="ArgumentException">More than <see cref="Limits.TransferLinksMax"/>.</exception>
    public static void DemandFew(int links)
    {
        if (links > Limits.TransferLinksMax)
        {
            throw new ArgumentException(
                $"More than {Limits.TransferLinksMax} links.",
                nameof(links)
            );
        }
    }

    /// <summary>What leaves an individual.</summary>
    /// <param name="from">That individual.</param>
    /// <param name="departure">What it gives up, and to whom.</param>
    public static LinkTransfer Of(string from, Departure departure) =>
        new()
        {
            From = from,
            To = departure.Target,
            Links = departure.Links,
            Owner = departure.Owner,
            FormerOwner = departure.FormerOwner,
            Rank = departure.Rank,
            Cause = departure.Cause,
            More = departure.More,
            AskThere = departure.AskThere,
            Stays = departure.Stays,
            Left = departure.Left,
        };

    /// <summary>No links: all there is of an individual that has none.</summary>
    public static LinkTransfer Nothing(string from, string to) =>
        new()
        {
            From = from,
            To = to,
            Links = [],
            Owner = from,
            FormerOwner = from,
        };
}

/// <summary>Who is to be asked to take links instead.</summary>
/// <param name="Individual">That individual; the one that was asked when it has no room.</param>
/// <param name="ForEver">Whether the one that was asked redirects for ever, so that links become the other's own.</param>
/// <param name="Rank">Rank of the other's anchor; without meaning unless it is for ever.</param>
[GenerateSerializer, Immutable, Alias("cdp.other-taker")]
public sealed record OtherTaker(
    [property: Id(0)] string Individual,
    [property: Id(1)] bool ForEver,
    [property: Id(2)] int Rank = AnchorPolicy.Unanchored
);
