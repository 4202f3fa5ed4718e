using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>What fuzzy rules decided, as people list it. Stateless: any key, by convention 0.</summary>
[Alias("cdp.matching")]
public interface IMatchingGrain : IGrainWithIntegerKey
{
    /// <summary>Links or groups of one page.</summary>
    const int PageMax = 1_000;

    /// <summary>Names of the rulesets that have compared anything.</summary>
    [Alias("rulesets")]
    Task<ImmutableArray<string>> ListRulesetsAsync();

    /// <summary>Whether there is such a ruleset, whatever it compares.</summary>
    [Alias("knows")]
    Task<bool> KnowsAsync(string ruleset);

    /// <summary>
    /// The definition by which a ruleset's records are compared now, as it was frozen; null when nothing was compared by
    /// it yet. A version that is active is not live before somebody makes it so.
    /// </summary>
    [Alias("live")]
    Task<string?> GetLiveAsync(string ruleset);

    /// <summary>What was decided about links, in the order of their keys.</summary>
    /// <param name="ruleset">The ruleset.</param>
    /// <param name="source">Only links of this source; null for all.</param>
    /// <param name="after">Only links whose keys come after this one; empty to begin.</param>
    /// <param name="limit">At most so many, up to <see cref="PageMax"/>; fewer only at the end.</param>
    /// <returns>Empty at the end, and when the ruleset has not compared anything yet.</returns>
    [Alias("links")]
    Task<ImmutableArray<LinkListing>> ListLinksAsync(
        string ruleset,
        string? source,
        string after,
        int limit
    );

    /// <summary>Why a link is whose it is, and what was decided about it.</summary>
    /// <param name="ruleset">The ruleset.</param>
    /// <param name="link">The link's key.</param>
    /// <returns>Null when the ruleset has not compared it.</returns>
    [Alias("explain")]
    Task<LinkExplanation?> ExplainAsync(string ruleset, string link);

    /// <summary>Groups of records that belong to nobody, in the order of their numbers.</summary>
    /// <param name="ruleset">The ruleset.</param>
    /// <param name="after">Only groups with a number above this one; 0 to begin.</param>
    /// <param name="limit">At most so many, up to <see cref="PageMax"/>; fewer only at the end.</param>
    [Alias("unresolved")]
    Task<ImmutableArray<GroupListing>> ListUnresolvedAsync(string ruleset, long after, int limit);

    /// <summary>Limits of one kind that are met, those of records that are compared ruleset by ruleset.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="cursor">A <see cref="LimitListing.Cursor"/> of this kind after which to go on; null to begin.</param>
    /// <param name="limit">At most so many, up to <see cref="PageMax"/>; fewer only at the end.</param>
    /// <exception cref="FormatException">It is no cursor of this kind.</exception>
    [Alias("limits")]
    Task<ImmutableArray<LimitListing>> ListLimitsAsync(LimitKind kind, string? cursor, int limit);
}

/// <summary>How surely it is known whose a record is.</summary>
public enum LinkStanding
{
    /// <summary>It belongs to an individual.</summary>
    Linked = 0,

    /// <summary>It belongs to nobody, and may be an individual's.</summary>
    Soft = 1,

    /// <summary>It belongs to nobody.</summary>
    Unresolved = 2,
}

/// <summary>What was decided about a link.</summary>
[GenerateSerializer, Immutable, Alias("cdp.link-listing")]
public sealed record LinkListing
{
    /// <summary>The link's key.</summary>
    [Id(0)]
    public required string Link { get; init; }

    /// <summary>The individual it belongs to; null for nobody.</summary>
    [Id(1)]
    public string? Individual { get; init; }

    /// <summary>Number of its group; null where an anchor says whose it is.</summary>
    [Id(2)]
    public long? Group { get; init; }

    /// <summary>How surely it is known whose it is.</summary>
    [Id(3)]
    public LinkStanding Standing { get; init; }

    /// <summary>What decided: <c>anchor</c>, or the ruleset.</summary>
    [Id(4)]
    public required string Rule { get; init; }

    /// <summary>The best score within its group; of a soft link, with the individual. Bits; null for none.</summary>
    [Id(5)]
    public double? Score { get; init; }

    /// <summary>The link or individual that score is with; null for none.</summary>
    [Id(6)]
    public string? Partner { get; init; }

    /// <summary>The event that last changed what the link says.</summary>
    [Id(7)]
    public required string EventId { get; init; }

    /// <summary>
    /// Why it is with nobody, where that is no result of a comparison: <see cref="DecisionReasons.NothingToCompare"/>; null
    /// else.
    /// </summary>
    [Id(8)]
    public string? Reason { get; init; }
}

/// <summary>Records that are of one person whom nobody knows yet.</summary>
/// <param name="Group">Number of the group.</param>
/// <param name="Members">The records.</param>
[GenerateSerializer, Immutable, Alias("cdp.group-listing")]
public sealed record GroupListing(
    [property: Id(0)] long Group,
    [property: Id(1)] ImmutableArray<GroupMember> Members
);

/// <summary>A record of a group.</summary>
/// <param name="Link">Its link.</param>
/// <param name="Score">The best score within the group, in bits; null for a single one.</param>
/// <param name="EventId">The event that last changed what it says.</param>
/// <param name="Reason">As <see cref="LinkListing.Reason"/>.</param>
[GenerateSerializer, Immutable, Alias("cdp.group-member")]
public sealed record GroupMember(
    [property: Id(0)] string Link,
    [property: Id(1)] double? Score,
    [property: Id(2)] string EventId,
    [property: Id(3)] string? Reason
);
