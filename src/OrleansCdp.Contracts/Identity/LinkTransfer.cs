using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>Links on their way from one individual to another.</summary>
[GenerateSerializer, Immutable, Alias("cdp.link-transfer")]
public sealed record LinkTransfer
{
    /// <summary>The individual they come from.</summary>
    [Id(0)]
    public required string From { get; init; }

    /// <summary>The links with their whole state.</summary>
    [Id(1)]
    public required ImmutableArray<Link> Links { get; init; }
}
