using System.Collections.Immutable;

namespace OrleansCdp.Segments;

/// <summary>Where an individual is a member: what is stored of its segments. Of those that it is in no way in nothing is.</summary>
[GenerateSerializer, Immutable, Alias("cdp.memberships")]
public sealed record Memberships
{
    /// <summary>Nowhere, and nothing was evaluated.</summary>
    public static Memberships None { get; } = new();

    /// <summary>The highest number of an activation up to which segments were evaluated; 0 where none ever was.</summary>
    [Id(0)]
    public long Catalogue { get; init; }

    /// <summary>The number of the last change; each has the next one.</summary>
    [Id(1)]
    public long Sequence { get; init; }

    /// <summary>The segments, sorted by name.</summary>
    [Id(2)]
    public ImmutableArray<Membership> Segments { get; init; } = [];

    /// <summary>
    /// When the last change was found. Clocks of silos differ: nothing is evaluated for a moment before it, else somebody would
    /// enter again what they have left.
    /// </summary>
    [Id(3)]
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>
    /// Segments that could not be evaluated yet, because they ask for insights that are still told of the past, sorted: the version
    /// is the cause when they are. Seldom any.
    /// </summary>
    [Id(4)]
    public ImmutableArray<string> Waiting
    {
        get => field.IsDefault ? [] : field;
        init;
    } = [];

    /// <summary>What is known of a segment; null for nothing.</summary>
    public Membership? Find(string segment)
    {
        int at = IndexOf(segment);
        return at < 0 ? null : Segments[at];
    }

    /// <summary>Whether it is in a segment, or in a tier of one: <c>NAME.TIER</c>.</summary>
    public bool IsIn(string name)
    {
        string segment = SegmentOrder.SegmentOf(name);
        return Find(segment) is { IsIn: true } membership
            && (segment == name || membership.FullName == name);
    }

    /// <summary>With what is known of a segment.</summary>
    internal Memberships With(Membership membership)
    {
        int at = IndexOf(membership.Segment);
        return this with
        {
            Segments = at < 0 ? Segments.Insert(~at, membership) : Segments.SetItem(at, membership),
        };
    }

    /// <summary>Without a segment.</summary>
    internal Memberships Without(string segment)
    {
        int at = IndexOf(segment);
        return at < 0 ? this : this with { Segments = Segments.RemoveAt(at) };
    }

    /// <summary>Whether the same is stored of another.</summary>
    internal bool IsLike(Memberships other) =>
        Catalogue == other.Catalogue
        && Sequence == other.Sequence
        && Waiting.SequenceEqual(other.Waiting)
        && Segments.SequenceEqual(other.Segments);

    private int IndexOf(string segment) =>
        SortedArrays.IndexOf(
            Segments,
            segment,
            static (known, name) => string.CompareOrdinal(known.Segment, name)
        );
}

/// <summary>What is known of an individual and one segment.</summary>
[GenerateSerializer, Immutable, Alias("cdp.membership")]
public sealed record Membership
{
    /// <summary>The segment.</summary>
    [Id(0)]
    public required string Segment { get; init; }

    /// <summary>Whether the individual is in it.</summary>
    [Id(1)]
    public bool IsIn { get; init; }

    /// <summary>Of a waterfall the tier it is in; null elsewhere.</summary>
    [Id(2)]
    public string? Tier { get; init; }

    /// <summary>The version by which it entered.</summary>
    [Id(3)]
    public int Version { get; init; }

    /// <summary>When it entered.</summary>
    [Id(4)]
    public DateTimeOffset Since { get; init; }

    /// <summary>The number of the change by which it entered.</summary>
    [Id(5)]
    public long Sequence { get; init; }

    /// <summary>Conditions that have to hold for a time, and hold.</summary>
    [Id(6)]
    public ImmutableArray<Holding> Holdings { get; init; } = [];

    /// <summary>How it is called: of a tier <c>NAME.TIER</c>.</summary>
    public string FullName => Tier is null ? Segment : $"{Segment}.{Tier}";
}

/// <summary>A condition that holds, and has to for some time.</summary>
/// <param name="Condition">Its <see cref="SegmentTier.Hash"/>: of another version of the segment it may be the same.</param>
/// <param name="Since">When it was first seen to hold.</param>
[GenerateSerializer, Immutable, Alias("cdp.holding")]
public sealed record Holding(
    [property: Id(0)] ulong Condition,
    [property: Id(1)] DateTimeOffset Since
);

/// <summary>Somebody entered a segment, or left it.</summary>
/// <param name="Segment">The segment; of a tier <c>NAME.TIER</c>.</param>
/// <param name="Entered">Whether it entered.</param>
/// <param name="Version">The version of the segment that decided it.</param>
/// <param name="Sequence">Its number among the changes of the individual, from 1, without gaps.</param>
/// <param name="At">When it was found.</param>
/// <param name="Cause">Why.</param>
/// <param name="Values">What the criteria asked, and what they were told.</param>
[GenerateSerializer, Immutable, Alias("cdp.membership-change")]
public sealed record MembershipChange(
    [property: Id(0)] string Segment,
    [property: Id(1)] bool Entered,
    [property: Id(2)] int Version,
    [property: Id(3)] long Sequence,
    [property: Id(4)] DateTimeOffset At,
    [property: Id(5)] MembershipCause Cause,
    [property: Id(6)] ImmutableArray<AskedValue> Values
)
{
    /// <summary>Events that one change tells of; of a batch with more the first ones.</summary>
    public const int EventsMax = 20;

    /// <summary>The events with which it was found, where there were any; at most <see cref="EventsMax"/>.</summary>
    [Id(7)]
    public ImmutableArray<CausingEvent> Events { get; init; } = [];
}

/// <summary>An event with which a change was found.</summary>
/// <param name="Source">Who sent it.</param>
/// <param name="EventId">Its id there.</param>
[GenerateSerializer, Immutable, Alias("cdp.causing-event")]
public sealed record CausingEvent(
    [property: Id(0)] string Source,
    [property: Id(1)] string EventId
);

/// <summary>Something that criteria asked.</summary>
/// <param name="Asked">How it is written in them.</param>
/// <param name="Value">What they were told; null for no value.</param>
[GenerateSerializer, Immutable, Alias("cdp.asked-value")]
public sealed record AskedValue(
    [property: Id(0)] string Asked,
    [property: Id(1)] FieldValue? Value
);

/// <summary>Why somebody entered a segment, or left it.</summary>
public enum MembershipCause
{
    /// <summary>An event said something.</summary>
    Event = 0,

    /// <summary>Nothing but time passed.</summary>
    Time = 1,

    /// <summary>There is another version of the segment or of an insight that it asks for, or none any more.</summary>
    Version = 2,

    /// <summary>Somebody was merged into the individual.</summary>
    Merge = 3,

    /// <summary>Somebody was taken out of it.</summary>
    Unmerge = 4,

    /// <summary>Consent was given or withdrawn.</summary>
    Consent = 5,

    /// <summary>The person was erased.</summary>
    Erasure = 6,

    /// <summary>Something about the account changed.</summary>
    Account = 7,

    /// <summary>A segment that it asks for changed; that one's change says why.</summary>
    Segment = 8,
}
