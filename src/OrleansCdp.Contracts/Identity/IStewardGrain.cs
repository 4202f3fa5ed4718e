using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>What people decide about who is who. Stateless: any key, by convention 0.</summary>
[Alias("cdp.steward")]
public interface IStewardGrain : IGrainWithIntegerKey
{
    /// <summary>Characters of a reason.</summary>
    const int ReasonMax = 1_000;

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
    /// <c>GET /v1/identity/conflicts</c> lists them; links that go back, <c>GET /v1/identity/open</c>.
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
