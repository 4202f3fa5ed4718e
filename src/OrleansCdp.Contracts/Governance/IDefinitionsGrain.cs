using System.Collections.Immutable;
using Orleans.Concurrency;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp.Governance;

/// <summary>All definitions of the system, versioned. One grain, key <c>definitions</c>.</summary>
[Alias("cdp.definitions")]
public interface IDefinitionsGrain : IGrainWithStringKey
{
    /// <summary>The grain's only key.</summary>
    const string Key = "definitions";

    /// <summary>Most definitions of all kinds together, beside segments and the insights that they make.</summary>
    const int DefinitionsMax = 500;

    /// <summary>Most insights that the measures and sequences of all segments are.</summary>
    const int DerivedMax = 2_000;

    /// <summary>Most segments, with those of which there are only drafts.</summary>
    const int SegmentsMax = 500;

    /// <summary>
    /// Characters of all kept versions of segments together; beyond it the oldest are forgotten that are neither active nor under
    /// review.
    /// </summary>
    const int SegmentTextMax = 16 * 1024 * 1024;

    /// <summary>Most texts that are planned together: as many as there can be definitions and segments.</summary>
    const int PlannedMax = DefinitionsMax + SegmentsMax;

    /// <summary>
    /// How often planning goes through the texts that are refused: more often than segments can ask for each other in a chain.
    /// </summary>
    const int PlanRoundsMax = 20;

    /// <summary>Longest time that planning takes.</summary>
    const string PlanTimeMax = "00:05:00";

    /// <summary>Versions kept of one definition.</summary>
    const int VersionsMax = 50;

    /// <summary>
    /// Characters of all active definitions together: every process fetches them at once. A definition that would
    /// bring more is refused.
    /// </summary>
    const int ActiveTextMax = 16 * 1024 * 1024;

    /// <summary>
    /// Characters of all kept versions of all definitions together; beyond it the oldest that are not active are
    /// forgotten.
    /// </summary>
    const int KeptTextMax = 32 * 1024 * 1024;

    /// <summary>Makes a text the active version; an equal text makes none.</summary>
    /// <param name="kind">One of <see cref="DefinitionKinds"/>.</param>
    /// <param name="name">The definition's name.</param>
    /// <param name="text">YAML or JSON, at most <see cref="Limits.DefinitionMax"/> characters.</param>
    /// <param name="author">Name of the key or person.</param>
    /// <returns>The active version, or what is wrong with the text.</returns>
    [Alias("put")]
    Task<PutResult> PutAsync(string kind, string name, string text, string author);

    /// <summary>
    /// Says what would come of it if texts were put one after the other, each beside those before it, and stores nothing. What is
    /// refused is tried again after the others, up to <see cref="PlanRoundsMax"/> times: it may name one that comes later.
    /// </summary>
    /// <param name="texts">The texts, at most <see cref="PlannedMax"/>.</param>
    /// <param name="author">Name of the key or person.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>Of each text, in their order, what would come of it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">They are too many.</exception>
    [Alias("plan-all")]
    [AlwaysInterleave] // It changes nothing, and many texts take a while.
    [ResponseTimeout(PlanTimeMax)]
    Task<ImmutableArray<PlannedDefinition>> PlanAsync(
        ImmutableArray<ProposedDefinition> texts,
        string author,
        CancellationToken cancel
    );

    /// <summary>All versions of one definition, oldest first; empty when there is none.</summary>
    [Alias("versions")]
    Task<ImmutableArray<DefinitionVersion>> GetVersionsAsync(string kind, string name);

    /// <summary>Writes a version of a segment, to be reviewed before it decides anything.</summary>
    /// <inheritdoc cref="PutAsync"/>
    [Alias("draft")]
    Task<ReviewResult> DraftSegmentAsync(string name, string text, string author);

    /// <summary>Takes a step with a version of a segment. All of it is done, or nothing.</summary>
    /// <param name="name">The segment.</param>
    /// <param name="version">The version.</param>
    /// <param name="request">The step.</param>
    [Alias("review")]
    Task<ReviewResult> ReviewSegmentAsync(string name, int version, ReviewRequest request);

    /// <summary>Compares two versions of a segment.</summary>
    /// <param name="name">The segment.</param>
    /// <param name="from">The one; null for the active one.</param>
    /// <param name="to">The other; null for the newest.</param>
    /// <returns>Null when there are no such versions.</returns>
    [Alias("compare-segment")]
    Task<ReviewDifference?> CompareSegmentAsync(string name, int? from, int? to);

    /// <summary>All kept versions of a segment, oldest first; empty when there is none.</summary>
    [Alias("segment-versions")]
    Task<ImmutableArray<SegmentVersion>> GetSegmentVersionsAsync(string name);

    /// <summary>
    /// The versions of all segments that may still be activated: drafts, submitted and approved ones that were written beside what
    /// is active now. By name, oldest first, without their texts.
    /// </summary>
    [Alias("open-versions")]
    Task<ImmutableArray<SegmentVersion>> GetOpenVersionsAsync();

    /// <summary>
    /// Notes that versions of insights know all that happened before they were made: from now on they are shown, all at one number
    /// of the catalogue.
    /// </summary>
    /// <param name="versions">The versions; for those that are not the active ones nothing changes.</param>
    [Alias("complete-all")]
    Task CompleteAsync(ImmutableArray<CompleteVersion> versions);

    /// <summary>Every active definition, if the catalogue is newer than <paramref name="known"/>.</summary>
    /// <returns>Null when the caller knows the newest.</returns>
    [Alias("catalogue")]
    Task<Catalogue?> GetCatalogueAsync(long known);
}

/// <summary>One version of one definition.</summary>
[GenerateSerializer, Immutable, Alias("cdp.definition-version")]
public sealed record DefinitionVersion
{
    /// <summary>Kind, one of <see cref="DefinitionKinds"/>.</summary>
    [Id(0)]
    public required string Kind { get; init; }

    /// <summary>Name within its kind.</summary>
    [Id(1)]
    public required string Name { get; init; }

    /// <summary>From 1.</summary>
    [Id(2)]
    public required int Version { get; init; }

    /// <summary>As written by its author.</summary>
    [Id(3)]
    public required string Text { get; init; }

    /// <summary>Lower-case hex SHA-256 of the text; files and server agree on it.</summary>
    [Id(4)]
    public required string Hash { get; init; }

    /// <summary>Who put it.</summary>
    [Id(5)]
    public required string Author { get; init; }

    /// <summary>When.</summary>
    [Id(6)]
    public required DateTimeOffset At { get; init; }

    /// <summary>Grows with every version of every definition; 0 in versions of the first program.</summary>
    [Id(7)]
    public long Revision { get; init; }

    /// <summary>Of an insight, whether it knows all that happened before it was made; false elsewhere.</summary>
    [Id(8)]
    public bool IsComplete { get; init; }

    /// <summary>How much of the past it was told; null where it was told nothing, for it saw everything itself.</summary>
    [Id(9)]
    public PastKnown? Past { get; init; }

    /// <summary>Whether a segment made it: an insight that nobody wrote.</summary>
    public bool IsDerived => Kind == DefinitionKinds.Insight && InsightDefinition.IsDerived(Name);
}

/// <summary>How much of what was done before a version of an insight was made is in it.</summary>
/// <param name="Since">What was received before this was no longer in the log; null when everything was there.</param>
/// <param name="LinksNotTold">Links that could not be told: what they did before is not in it.</param>
/// <param name="PeoplePutOff">
/// People of accounts who could not be asked when it was made: what they add is not in it until they are, which is tried again.
/// </param>
[GenerateSerializer, Immutable, Alias("cdp.past-known")]
public sealed record PastKnown(
    [property: Id(0)] DateTimeOffset? Since,
    [property: Id(1)] long LinksNotTold,
    [property: Id(2)] long PeoplePutOff = 0
);

/// <summary>A version of an insight that knows all that happened before it was made.</summary>
/// <param name="Revision">That of the version.</param>
/// <param name="Past">How much of the past it knows.</param>
[GenerateSerializer, Immutable, Alias("cdp.complete-version")]
public sealed record CompleteVersion(
    [property: Id(0)] long Revision,
    [property: Id(1)] PastKnown Past
);

/// <summary>What became of a put definition.</summary>
[GenerateSerializer, Immutable, Alias("cdp.put-result")]
public sealed record PutResult
{
    /// <summary>The active version; null when refused.</summary>
    [Id(0)]
    public DefinitionVersion? Active { get; init; }

    /// <summary>False when the text equals the version already active.</summary>
    [Id(1)]
    public bool Changed { get; init; }

    /// <summary>What is wrong with the text; empty when accepted.</summary>
    [Id(2)]
    public ImmutableArray<DefinitionError> Errors { get; init; } = [];
}

/// <summary>A text that somebody may put.</summary>
/// <param name="Kind">One of <see cref="DefinitionKinds"/>.</param>
/// <param name="Name">The definition's name.</param>
/// <param name="Text">YAML or JSON, at most <see cref="Limits.DefinitionMax"/> characters.</param>
[GenerateSerializer, Immutable, Alias("cdp.proposed-definition")]
public sealed record ProposedDefinition(
    [property: Id(0)] string Kind,
    [property: Id(1)] string Name,
    [property: Id(2)] string Text
);

/// <summary>What would come of a text. One of both is there.</summary>
/// <param name="Put">Of one that would be active at once.</param>
/// <param name="Segment">Of a segment, which would be a draft.</param>
[GenerateSerializer, Immutable, Alias("cdp.planned-definition")]
public sealed record PlannedDefinition(
    [property: Id(0)] PutResult? Put,
    [property: Id(1)] SegmentPlan? Segment
);

/// <summary>Every active definition.</summary>
[GenerateSerializer, Immutable, Alias("cdp.catalogue")]
public sealed record Catalogue
{
    /// <summary>Grows with every change.</summary>
    [Id(0)]
    public required long Version { get; init; }

    /// <summary>The active versions.</summary>
    [Id(1)]
    public required ImmutableArray<DefinitionVersion> Definitions { get; init; }

    /// <summary>Partitions of the log: fixed when the database was made.</summary>
    [Id(2)]
    public required int PartitionCount { get; init; }

    /// <summary>Versions of insights that are shown until the active one is complete.</summary>
    [Id(3)]
    public ImmutableArray<DefinitionVersion> Former
    {
        get => field.IsDefault ? [] : field; // From a silo of the first program.
        init;
    } = [];

    /// <summary>The version of the catalogue at which segments were last activated or retired; 0 for never.</summary>
    [Id(4)]
    public long Activations { get; init; }
}

/// <summary>Where definitions are.</summary>
public static class DefinitionsLookup
{
    /// <summary>The one grain of all definitions.</summary>
    /// <param name="grains">Finds it.</param>
    public static IDefinitionsGrain Definitions(this IGrainFactory grains) =>
        grains.GetGrain<IDefinitionsGrain>(IDefinitionsGrain.Key);
}
