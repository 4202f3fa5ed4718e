using System.Collections.Immutable;
using Orleans.Concurrency;

namespace OrleansCdp.Segments;

/// <summary>
/// How many are in a segment, and how many come and go. The key is the segment's name. What it says is up to a second old, and where
/// counting takes longer than a tenth of one up to ten times as old as that takes, but at most a minute, however many ask.
/// </summary>
/// <remarks>
/// Counting is exact and looks at every member: of a million it takes some tenths of a second, and is done every few seconds at most.
/// </remarks>
[Alias("cdp.segment")]
public interface ISegmentGrain : IGrainWithStringKey
{
    /// <summary>Most of those who flap that are listed.</summary>
    const int FlappingListedMax = 20;

    /// <summary>Most entries and exits that are counted, the latest.</summary>
    const int ChangesCountedMax = 1_000_000;

    /// <summary>How many are in it.</summary>
    /// <returns>One for each tier that somebody is in, by name, or one without a tier; none where nobody is.</returns>
    [AlwaysInterleave]
    [Alias("count")]
    Task<ImmutableArray<TierCount>> GetCountAsync();

    /// <summary>How many entered and left it lately, and who does so again and again.</summary>
    [AlwaysInterleave]
    [Alias("activity")]
    Task<SegmentActivity> GetActivityAsync();
}

/// <summary>How many are in a tier.</summary>
/// <param name="Tier">The tier; null in a segment that has none.</param>
/// <param name="Count">How many.</param>
[GenerateSerializer, Immutable, Alias("cdp.tier-count")]
public sealed record TierCount([property: Id(0)] string? Tier, [property: Id(1)] long Count);

/// <summary>How many entered and left. Who goes from tier to tier leaves the one and enters the other.</summary>
/// <param name="Entered">Entries.</param>
/// <param name="Exited">Exits.</param>
[GenerateSerializer, Immutable, Alias("cdp.flow-count")]
public sealed record FlowCount([property: Id(0)] long Entered, [property: Id(1)] long Exited);

/// <summary>What happens in a segment.</summary>
[GenerateSerializer, Immutable, Alias("cdp.segment-activity")]
public sealed record SegmentActivity
{
    /// <summary>Within the last hour.</summary>
    [Id(0)]
    public required FlowCount LastHour { get; init; }

    /// <summary>Within the last 24 hours.</summary>
    [Id(1)]
    public required FlowCount LastDay { get; init; }

    /// <summary>Whether there were more than are counted: then it is at least so many.</summary>
    [Id(2)]
    public bool IsPartial { get; init; }

    /// <summary>How many individuals have more entries and exits within the last hour than the segment allows.</summary>
    [Id(3)]
    public long FlappingCount { get; init; }

    /// <summary>Those with the most of them, at most <see cref="ISegmentGrain.FlappingListedMax"/>.</summary>
    [Id(4)]
    public ImmutableArray<FlappingMember> Flapping { get; init; } = [];
}

/// <summary>Somebody who enters and leaves a segment again and again.</summary>
/// <param name="Individual">The id.</param>
/// <param name="Changes">Entries and exits within the last hour.</param>
/// <param name="Causes">Why, each once.</param>
[GenerateSerializer, Immutable, Alias("cdp.flapping-member")]
public sealed record FlappingMember(
    [property: Id(0)] string Individual,
    [property: Id(1)] long Changes,
    [property: Id(2)] ImmutableArray<MembershipCause> Causes
);
