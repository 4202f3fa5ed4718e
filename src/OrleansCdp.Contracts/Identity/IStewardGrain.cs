using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>What people decide about who is who, and what they need to know for it. Stateless: any key, by convention 0.</summary>
[Alias("cdp.steward")]
public interface IStewardGrain : IGrainWithIntegerKey
{
    /// <summary>Characters of a reason.</summary>
    const int ReasonMax = 1_000;

    /// <summary>Most entries of one page.</summary>
    const int PageMax = 200;

    /// <summary>
    /// Makes two individuals one, until somebody takes it back. No rule does. The one with the stronger anchor survives; of
    /// equals the one named first. Nothing is changed where it is refused. What stewards had decided against it is withdrawn,
    /// and in force again once the merge is taken back.
    /// </summary>
    [Alias("merge")]
    Task<StewardAnswer> MergeAsync(StewardMerge request);

    /// <summary>
    /// Takes a merge back: a steward's decision is withdrawn; of what a rule merged it is decided that they are two. Both
    /// are as if they had never been merged, with all that happened to each since.
    /// </summary>
    /// <remarks>
    /// Of an individual those decisions are withdrawn that name it and join it with somebody who would be one person with
    /// the one it is merged into also without it; whoever was merged into it before goes with it. So after A took in B
    /// and C took in A, an unmerge of A leaves A and B together, and an unmerge of B leaves A with C.
    /// What is refused has changed nothing. A link that cannot move yet is told as <see cref="StewardAnswer.Staying"/>;
    /// of a visitor's link ask again, which makes no other decision.
    /// </remarks>
    [Alias("unmerge")]
    Task<StewardAnswer> UnmergeAsync(StewardUnmerge request);

    /// <summary>What happened to an individual, newest first.</summary>
    /// <param name="individual">Its id.</param>
    /// <param name="before">Entries older than this one; <see cref="long.MaxValue"/> for the newest.</param>
    /// <param name="limit">At most <see cref="PageMax"/>.</param>
    [Alias("history")]
    Task<ImmutableArray<HistoryEntry>> GetHistoryAsync(string individual, long before, int limit);

    /// <summary>Which links an individual has, and why.</summary>
    [Alias("reasons")]
    Task<ImmutableArray<LinkReason>> GetReasonsAsync(string individual);

    /// <summary>
    /// Individuals that something says are one and that stay apart, and those whose links cannot move, oldest first.
    /// </summary>
    /// <param name="after">Conflicts after this one; null for the first.</param>
    /// <param name="limit">At most <see cref="PageMax"/>.</param>
    [Alias("conflicts")]
    Task<ImmutableArray<ConflictListing>> GetConflictsAsync(ConflictKey? after, int limit);
}

/// <summary>A merge that a person wants.</summary>
[GenerateSerializer, Immutable, Alias("cdp.steward-merge")]
public sealed record StewardMerge
{
    /// <summary>Id of the individual that goes on.</summary>
    [Id(0)]
    public required string Survivor { get; init; }

    /// <summary>Id of the other one.</summary>
    [Id(1)]
    public required string Other { get; init; }

    /// <summary>Why; at most <see cref="IStewardGrain.ReasonMax"/> characters.</summary>
    [Id(2)]
    public required string Reason { get; init; }

    /// <summary>Who.</summary>
    [Id(3)]
    public required string Author { get; init; }
}

/// <summary>A merge that a person wants taken back. Exactly one of individual, decision and link is set.</summary>
[GenerateSerializer, Immutable, Alias("cdp.steward-unmerge")]
public sealed record StewardUnmerge
{
    /// <summary>Id of an individual that is merged into another one.</summary>
    [Id(0)]
    public string? Individual { get; init; }

    /// <summary>Number of a decision.</summary>
    [Id(1)]
    public long? Decision { get; init; }

    /// <summary>A link that came to its individual although no anchor of its own says so: a visitor's.</summary>
    [Id(2)]
    public LinkKey? Link { get; init; }

    /// <summary>Why; at most <see cref="IStewardGrain.ReasonMax"/> characters.</summary>
    [Id(3)]
    public required string Reason { get; init; }

    /// <summary>Who.</summary>
    [Id(4)]
    public required string Author { get; init; }
}

/// <summary>What became of a decision.</summary>
[GenerateSerializer, Immutable, Alias("cdp.steward-answer")]
public sealed record StewardAnswer
{
    /// <summary>Why it was refused, one of <see cref="StewardRefusals"/>; null when it is made.</summary>
    [Id(0)]
    public string? Refusal { get; init; }

    /// <summary>Number of the decision that was made; null for a withdrawal.</summary>
    [Id(1)]
    public long? Decision { get; init; }

    /// <summary>Numbers of the decisions that were withdrawn.</summary>
    [Id(2)]
    public ImmutableArray<long> Withdrawn { get; init; } = [];

    /// <summary>Who goes on: the survivor of a merge; of an unmerge, whom the separated one was merged into.</summary>
    [Id(3)]
    public string Survivor { get; init; } = "";

    /// <summary>The other one.</summary>
    [Id(4)]
    public string Other { get; init; } = "";

    /// <summary>
    /// Whether they are one person now. After an unmerge too, when links prove it besides the decision withdrawn: another
    /// unmerge decides against those.
    /// </summary>
    [Id(5)]
    public bool AreOne { get; init; }

    /// <summary>Numbers of the decisions that are in force again, because what overruled them is withdrawn.</summary>
    [Id(6)]
    public ImmutableArray<long> Restored { get; init; } = [];

    /// <summary>
    /// Whose links are not where they belong yet, and why. They are brought there as soon as it is possible; until then
    /// <c>GET /v1/identity/conflicts</c> lists them.
    /// </summary>
    [Id(7)]
    public ImmutableArray<StayingLinks> Staying { get; init; } = [];

    /// <summary>A refusal.</summary>
    public static StewardAnswer Refused(string code) => new() { Refusal = code };
}

/// <summary>Links that stay where they are for now.</summary>
/// <param name="Individual">Whose they are.</param>
/// <param name="Reason">Why, one of <see cref="OrleansCdp.Events.ReasonCodes"/>.</param>
[GenerateSerializer, Immutable, Alias("cdp.staying-links")]
public readonly record struct StayingLinks(
    [property: Id(0)] string Individual,
    [property: Id(1)] string Reason
);

/// <summary>Why a steward's decision is refused. Stable; never renamed.</summary>
public static class StewardRefusals
{
    /// <summary>Nobody has that id, or the decision or link is unknown.</summary>
    public const string Unknown = "unknown_individual";

    /// <summary>They are one already.</summary>
    public const string AlreadyMerged = "already_merged";

    /// <summary>It was never merged, or is not any more.</summary>
    public const string NotMerged = "not_merged";

    /// <summary>The link states the anchor of its individual itself.</summary>
    public const string OwnAnchor = "own_anchor";

    /// <summary>Together they would have more links than an individual may have.</summary>
    public const string LinksMax = "links_max";

    /// <summary>More individuals would be merged into one than may be.</summary>
    public const string MergedMax = "merged_max";

    /// <summary>Somebody else decided about them at the same time; try again.</summary>
    public const string Busy = "try_again";
}

/// <summary>Something that happened to an individual.</summary>
[GenerateSerializer, Immutable, Alias("cdp.history-entry")]
public sealed record HistoryEntry
{
    /// <summary>Its number.</summary>
    [Id(0)]
    public required long Number { get; init; }

    /// <summary>When.</summary>
    [Id(1)]
    public required DateTimeOffset At { get; init; }

    /// <summary><c>merged</c>, <c>unmerged</c> or <c>link_moved</c>.</summary>
    [Id(2)]
    public required string What { get; init; }

    /// <summary>Whom it happened to; of a link, who has it since.</summary>
    [Id(3)]
    public required string Individual { get; init; }

    /// <summary>Whom it was merged into or separated from; of a link, who had it.</summary>
    [Id(4)]
    public string? Other { get; init; }

    /// <summary>The link; of individuals that a rule merged, one that states both.</summary>
    [Id(5)]
    public string? Link { get; init; }

    /// <summary>
    /// The rule, as in <see cref="ClaimCause.Rule"/>; of individuals that a rule merged, the anchor that the link states.
    /// </summary>
    [Id(6)]
    public string? Rule { get; init; }

    /// <summary>The event.</summary>
    [Id(7)]
    public string? EventId { get; init; }

    /// <summary>The steward's decision.</summary>
    [Id(8)]
    public long? Decision { get; init; }

    /// <summary>Who decided.</summary>
    [Id(9)]
    public string? Author { get; init; }

    /// <summary>Why.</summary>
    [Id(10)]
    public string? Reason { get; init; }
}

/// <summary>Why a link belongs to its individual.</summary>
/// <param name="Link">The link.</param>
/// <param name="Base">The base individual whose it is.</param>
/// <param name="Cause">The rule and the event.</param>
/// <param name="Since">When it was first claimed; null where nobody noted it.</param>
[GenerateSerializer, Immutable, Alias("cdp.link-reason")]
public sealed record LinkReason(
    [property: Id(0)] LinkKey Link,
    [property: Id(1)] string Base,
    [property: Id(2)] ClaimCause Cause,
    [property: Id(3)] DateTimeOffset? Since
);

/// <summary>Names a conflict.</summary>
[GenerateSerializer, Immutable, Alias("cdp.conflict-key")]
public sealed record ConflictKey(
    [property: Id(0)] DateTimeOffset NotedAt,
    [property: Id(1)] string First,
    [property: Id(2)] string Second
);

/// <summary>
/// A conflict and what it rests on; or an individual (first and second) whose links cannot be brought to where a merge or
/// its end wants them.
/// </summary>
[GenerateSerializer, Immutable, Alias("cdp.conflict-listing")]
public sealed record ConflictListing
{
    /// <summary>Which individuals, and since when.</summary>
    [Id(0)]
    public required ConflictKey Key { get; init; }

    /// <summary>
    /// Why they stay apart, one of <see cref="MergeConflict"/>'s reasons; of links that cannot move one of
    /// <see cref="OrleansCdp.Events.ReasonCodes"/> or <see cref="MergeConflict.MoveFailed"/>.
    /// </summary>
    [Id(1)]
    public required string Reason { get; init; }

    /// <summary>The anchor that names the first.</summary>
    [Id(2)]
    public string FirstName { get; init; } = "";

    /// <summary>The anchor that names the second.</summary>
    [Id(3)]
    public string SecondName { get; init; } = "";

    /// <summary>Whether it is about links that cannot move. They are tried again; no decision is asked for.</summary>
    public bool IsStuck => Key.First == Key.Second;

    /// <summary>Who has the links of the first today.</summary>
    [Id(4)]
    public string FirstRoot { get; init; } = "";

    /// <summary>Who has the links of the second today; of links that cannot move, who is to have them.</summary>
    [Id(5)]
    public string SecondRoot { get; init; } = "";

    /// <summary>Links that state both, with the event; the first few.</summary>
    [Id(6)]
    public ImmutableArray<LinkStatement> Evidence { get; init; } = [];
}

/// <summary>A link that states something.</summary>
[GenerateSerializer, Immutable, Alias("cdp.link-statement")]
public sealed record LinkStatement([property: Id(0)] string Link, [property: Id(1)] string EventId);
