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

    /// <summary>Rank of the target's strongest anchor: what the claims say from now on.</summary>
    [Id(2)]
    public int Rank { get; init; }

    /// <summary>Whether nothing stays behind: the anchors go along, and the old id redirects for ever.</summary>
    [Id(3)]
    public bool Whole { get; init; }

    /// <summary>Whether more links wait to be handed over once these are taken.</summary>
    [Id(5)]
    public bool More { get; init; }
}
