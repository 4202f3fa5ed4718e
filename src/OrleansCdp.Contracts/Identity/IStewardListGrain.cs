using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>What people need to know to decide who is who. Stateless: any key, by convention 0.</summary>
[Alias("cdp.steward-list")]
public interface IStewardListGrain : IGrainWithIntegerKey
{
    /// <summary>Most entries of one page.</summary>
    const int PageMax = 200;

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

    /// <summary>
    /// Links about which an event says something that could not be carried out yet, and links that cannot go back yet to
    /// where they were before a steward sent them home; oldest first.
    /// </summary>
    /// <param name="after">Those after this one; null for the first.</param>
    /// <param name="limit">At most <see cref="PageMax"/>.</param>
    [Alias("open")]
    Task<ImmutableArray<OpenDecisionListing>> GetOpenAsync(OpenDecisionKey? after, int limit);
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
