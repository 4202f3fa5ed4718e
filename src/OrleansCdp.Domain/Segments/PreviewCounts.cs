using System.Collections.Immutable;

namespace OrleansCdp.Segments;

/// <summary>Whom a version of a segment would move: everybody who was looked at is counted, and a few of them are named.</summary>
[GenerateSerializer, Immutable, Alias("cdp.preview-counts")]
public sealed record PreviewCounts
{
    /// <summary>Most of those who enter that are named, of those who leave, and of those who go to another tier.</summary>
    public const int SamplesMax = 20;

    /// <summary>Nobody was looked at.</summary>
    public static PreviewCounts None { get; } = new();

    /// <summary>Individuals that were looked at: the population.</summary>
    [Id(0)]
    public long Individuals { get; init; }

    /// <summary>Those who are in the segment.</summary>
    [Id(1)]
    public long Members { get; init; }

    /// <summary>Those who would enter it.</summary>
    [Id(2)]
    public long Entering { get; init; }

    /// <summary>Those who would leave it.</summary>
    [Id(3)]
    public long Leaving { get; init; }

    /// <summary>Of a waterfall, those who would go to another tier.</summary>
    [Id(4)]
    public long ChangingTier { get; init; }

    /// <summary>
    /// Entries and exits of each segment or tier that has any: of the segment itself, and of those that ask for it, also by others.
    /// Sorted by name.
    /// </summary>
    [Id(5)]
    public ImmutableArray<SegmentMoves> BySegment { get; init; } = [];

    /// <summary>Some of those who would enter, the first by id; ids are as good as random.</summary>
    [Id(6)]
    public ImmutableArray<PreviewedChange> EnteringSample { get; init; } = [];

    /// <summary>Some of those who would leave.</summary>
    [Id(7)]
    public ImmutableArray<PreviewedChange> LeavingSample { get; init; } = [];

    /// <summary>Some of those who would go to another tier.</summary>
    [Id(8)]
    public ImmutableArray<PreviewedChange> ChangingTierSample { get; init; } = [];

    /// <summary>
    /// Those whose account cannot tell all that is asked of it, because its state is damaged or its people are still asked: they
    /// count as if they stayed where they are.
    /// </summary>
    [Id(9)]
    public long AwaitingAccount { get; init; }

    /// <summary>All who would be moved.</summary>
    public long Moved => Entering + Leaving + ChangingTier;

    /// <summary>Who would be in the segment.</summary>
    public long MembersThen => Members + Entering - Leaving;

    /// <summary>Their share of the population; 0 where there is none.</summary>
    public decimal Share => Individuals == 0 ? 0 : (decimal)Moved / Individuals;
}

/// <summary>How many would enter and leave a segment or a tier.</summary>
/// <param name="Name">The segment, or of a waterfall <c>NAME.TIER</c>.</param>
/// <param name="Entering">Entries.</param>
/// <param name="Leaving">Exits.</param>
[GenerateSerializer, Immutable, Alias("cdp.segment-moves")]
public sealed record SegmentMoves(
    [property: Id(0)] string Name,
    [property: Id(1)] long Entering,
    [property: Id(2)] long Leaving
);

/// <summary>Somebody who would be moved, and why.</summary>
/// <param name="Individual">Who.</param>
/// <param name="From">The tier that is left; null for none, or where there are no tiers.</param>
/// <param name="To">The tier that is entered.</param>
/// <param name="Values">What the criteria are told.</param>
[GenerateSerializer, Immutable, Alias("cdp.previewed-change")]
public sealed record PreviewedChange(
    [property: Id(0)] string Individual,
    [property: Id(1)] string? From,
    [property: Id(2)] string? To,
    [property: Id(3)] ImmutableArray<AskedValue> Values
);
