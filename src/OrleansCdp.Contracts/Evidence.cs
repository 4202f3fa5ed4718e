using System.Collections.Immutable;

namespace OrleansCdp;

/// <summary>Where a link is that is not here.</summary>
/// <param name="Link">The link.</param>
/// <param name="Individual">Who took it.</param>
[GenerateSerializer, Immutable, Alias("cdp.link-elsewhere")]
public readonly record struct LinkElsewhere(
    [property: Id(0)] LinkKey Link,
    [property: Id(1)] string Individual
);

/// <summary>What an individual has at one instant, to be compared with the log.</summary>
[GenerateSerializer, Immutable, Alias("cdp.individual-evidence")]
public sealed record IndividualEvidence
{
    /// <summary>Who absorbed it; null for nobody.</summary>
    [Id(0)]
    public string? RedirectTo { get; init; }

    /// <summary>The links asked for that are here, as they are.</summary>
    [Id(1)]
    public ImmutableArray<Link> Links { get; init; } = [];

    /// <summary>The links asked for that were here and left.</summary>
    [Id(2)]
    public ImmutableArray<LinkElsewhere> Elsewhere { get; init; } = [];

    /// <summary>Every link here, if none was asked for.</summary>
    [Id(3)]
    public ImmutableArray<LinkKey> Keys { get; init; } = [];

    /// <summary>Tag of the graph it serves now, if no link was asked for; empty for none.</summary>
    [Id(4)]
    public string ServedTag { get; init; } = "";

    /// <summary>Tag of the graph its state makes, if no link was asked for; empty for none.</summary>
    [Id(5)]
    public string StateTag { get; init; } = "";

    /// <summary>How many individuals are merged into it, if no link was asked for.</summary>
    [Id(6)]
    public int Merged { get; init; }

    /// <summary>
    /// The segments and tiers it is in, each with the number of the change by which it entered, if no link was asked for; sorted.
    /// </summary>
    [Id(7)]
    public ImmutableArray<string> Memberships { get; init; } = [];
}

/// <summary>What an account has at one instant, to be compared with the log.</summary>
[GenerateSerializer, Immutable, Alias("cdp.account-evidence")]
public sealed record AccountEvidence
{
    /// <summary>Its state.</summary>
    [Id(0)]
    public required Account State { get; init; }

    /// <summary>Tag of the facts it serves now; empty for none.</summary>
    [Id(1)]
    public string ServedTag { get; init; } = "";

    /// <summary>Tag of the facts its state makes; empty for none.</summary>
    [Id(2)]
    public string StateTag { get; init; } = "";
}
