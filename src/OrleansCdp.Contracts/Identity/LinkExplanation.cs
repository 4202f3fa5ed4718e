using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>Why a compared link is whose it is, and everything that was ever decided about it.</summary>
[GenerateSerializer, Immutable, Alias("cdp.link-explanation")]
public sealed record LinkExplanation
{
    /// <summary>Decisions of one answer, the newest ones.</summary>
    public const int DecisionsMax = 200;

    /// <summary>What holds now.</summary>
    [Id(0)]
    public required LinkListing Now { get; init; }

    /// <summary>The version of the ruleset that is live.</summary>
    [Id(1)]
    public required int Version { get; init; }

    /// <summary>
    /// What each field says of it and of whom its score is with, by the values as they are stored now; empty where an
    /// anchor says whose it is, or it matches nobody.
    /// </summary>
    [Id(2)]
    public ImmutableArray<MatchReason> Reasons { get; init; } = [];

    /// <summary>What was decided, the newest first; at most <see cref="DecisionsMax"/>.</summary>
    [Id(3)]
    public ImmutableArray<LinkDecision> Decisions { get; init; } = [];

    /// <summary>What the score has beside <see cref="Reasons"/>: together they add up to it.</summary>
    [Id(4)]
    public ImmutableArray<ScorePart> Parts { get; init; } = [];
}

/// <summary>One change of whose a compared link is, or with which records it forms a group.</summary>
[GenerateSerializer, Immutable, Alias("cdp.link-decision")]
public sealed record LinkDecision
{
    /// <summary>When.</summary>
    [Id(0)]
    public required DateTimeOffset At { get; init; }

    /// <summary>The version of the ruleset that decided.</summary>
    [Id(1)]
    public required int Version { get; init; }

    /// <summary>The event that last changed what the link says. What decided may have been said by another record.</summary>
    [Id(2)]
    public required string EventId { get; init; }

    /// <summary>Whose it was; null for nobody.</summary>
    [Id(3)]
    public string? FromIndividual { get; init; }

    /// <summary>Whose it is.</summary>
    [Id(4)]
    public string? ToIndividual { get; init; }

    /// <summary>The group it was in; null for none.</summary>
    [Id(5)]
    public long? FromGroup { get; init; }

    /// <summary>The group it is in.</summary>
    [Id(6)]
    public long? ToGroup { get; init; }

    /// <summary>Its best score within the group, in bits; null for none.</summary>
    [Id(7)]
    public double? Score { get; init; }

    /// <summary>The link or individual that score is with.</summary>
    [Id(8)]
    public string? Partner { get; init; }

    /// <summary>
    /// How well each field agreed, with the bits that version gives to it before it weighs how rare the value is; empty
    /// without a partner, or where the version is not kept any more.
    /// </summary>
    [Id(9)]
    public ImmutableArray<MatchReason> Reasons { get; init; } = [];

    /// <summary>What the score has beside <see cref="Reasons"/>: together they add up to it.</summary>
    [Id(10)]
    public ImmutableArray<ScorePart> Parts { get; init; } = [];

    /// <summary>Why, one of <see cref="DecisionReasons"/>; null where an earlier program decided.</summary>
    [Id(11)]
    public string? Reason { get; init; }

    /// <summary>The individual that it is because of; null for none.</summary>
    [Id(12)]
    public string? CausedBy { get; init; }
}
