namespace OrleansCdp.Identity;

/// <summary>Names a link whose decision waits.</summary>
/// <param name="NotedAt">Since when it waits.</param>
/// <param name="Link">The link.</param>
[GenerateSerializer, Immutable, Alias("cdp.open-decision-key")]
public sealed record OpenDecisionKey(
    [property: Id(0)] DateTimeOffset NotedAt,
    [property: Id(1)] LinkKey Link
);

/// <summary>
/// What an event says of a link and could not be carried out yet; or a link that a steward had sent home, and that cannot go
/// back yet although that is withdrawn.
/// </summary>
[GenerateSerializer, Immutable, Alias("cdp.open-decision-listing")]
public sealed record OpenDecisionListing
{
    /// <summary>The link, and since when it waits.</summary>
    [Id(0)]
    public required OpenDecisionKey Key { get; init; }

    /// <summary>Why, one of <see cref="OrleansCdp.Events.ReasonCodes"/>.</summary>
    [Id(1)]
    public required string Reason { get; init; }

    /// <summary>The event that weighs most; null where an earlier program did not note which.</summary>
    [Id(2)]
    public required string? EventId { get; init; }

    /// <summary>Whose the link is meanwhile; null where nobody has it yet.</summary>
    [Id(3)]
    public string? Individual { get; init; }

    /// <summary>When it was last tried.</summary>
    [Id(4)]
    public required DateTimeOffset TriedAt { get; init; }
}
