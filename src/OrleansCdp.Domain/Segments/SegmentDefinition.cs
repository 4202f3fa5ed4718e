using System.Collections.Immutable;
using System.Globalization;
using OrleansCdp.Events;
using OrleansCdp.Expressions;
using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>
/// A compiled segment: who is in it, or, of a waterfall, in which of its tiers. Immutable; safe for any number of threads.
/// </summary>
/// <remarks>
/// A definition is YAML. README.md beside this file is the reference; an example:
/// <code>
/// description: Bought twice or more in a year, and not for 90 days
/// criteria: count(SalesOrder within last 365 days) >= 2 and not last(SalesOrder) within last 90 days
/// </code>
/// </remarks>
public sealed record SegmentDefinition
{
    /// <summary>Tiers of a waterfall.</summary>
    public const int TiersMax = 20;

    /// <summary>A name that no segment has: in its place addresses say what is of all segments.</summary>
    public const string AllName = "changes";

    /// <summary>Different things that one segment asks.</summary>
    public const int InputsMax = 100;

    /// <summary>The <see cref="FlapsAbove"/> of one that says none.</summary>
    public const int FlapsAboveDefault = 6;

    /// <summary>The <see cref="ConfirmAbove"/> of one that says none.</summary>
    public const decimal ConfirmAboveDefault = 0.2m;

    /// <summary>Parts of all its criteria together.</summary>
    public const int CostMax = 2_000;

    /// <summary>The longest <see cref="Jitter"/>.</summary>
    public static readonly TimeSpan JitterMax = TimeSpan.FromHours(1);

    /// <summary>Insights that one segment makes.</summary>
    public const int DerivedMax = 20;

    /// <summary>Its name, as in its address.</summary>
    public required string Name { get; init; }

    /// <summary>For people; null for none.</summary>
    public string? Description { get; init; }

    /// <summary>Those who may be in it: one without a name, or the tiers of a waterfall in their order.</summary>
    public required ImmutableArray<SegmentTier> Tiers { get; init; }

    /// <summary>What it asks; slots of expressions are places in this list.</summary>
    public required ImmutableArray<SegmentInput> Inputs { get; init; }

    /// <summary>Where it asks for other segments, in the order of its text.</summary>
    public required ImmutableArray<AskedSegment> Asks { get; init; }

    /// <summary>The time zone of calendars that name none. Default UTC.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>More entries and exits of one individual within an hour are reported as flapping. Default 6, from 2 to 60.</summary>
    public int FlapsAbove { get; init; } = FlapsAboveDefault;

    /// <summary>By how much a look that only the time asks for may be later. Default 0, at most an hour.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>
    /// A version that moves more than this share of the population needs a second confirmation. Default 0.2, from 0 to 1.
    /// </summary>
    public decimal ConfirmAbove { get; init; } = ConfirmAboveDefault;

    /// <summary>Whether it is a waterfall.</summary>
    public bool IsWaterfall => Tiers[0].Name is not null;

    /// <summary>About how much work it is, in the worst case: the parts of all its criteria.</summary>
    public int Cost => Tiers.Sum(tier => tier.Condition.Cost);

    /// <summary>The segments it asks for.</summary>
    public IEnumerable<string> Segments => Asks.Select(asked => asked.Name).Distinct();

    /// <summary>
    /// What it means, in the one way to write it: of two texts that mean the same the same. Of settings those that are not as they
    /// are where nothing is said.
    /// </summary>
    public string NormalForm =>
        string.Join(
            '\n',
            Tiers
                .Select(tier =>
                    tier.Name is null ? tier.NormalForm : $"{tier.Name}: {tier.NormalForm}"
                )
                .Concat(TimeZone.Id == TimeZoneInfo.Utc.Id ? [] : [$"time zone {TimeZone.Id}"])
                .Concat(Settings)
        );

    private IEnumerable<string> Settings
    {
        get
        {
            if (FlapsAbove != FlapsAboveDefault)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"flaps above {FlapsAbove}"
                );
            }

            if (Jitter != TimeSpan.Zero)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"jitter {Jitter.TotalSeconds} seconds"
                );
            }

            if (ConfirmAbove != ConfirmAboveDefault)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"confirm above {ConfirmAbove:0.############}"
                );
            }
        }
    }

    /// <summary>Compiles a definition.</summary>
    /// <param name="name">The segment's name.</param>
    /// <param name="text">YAML (JSON is YAML).</param>
    /// <param name="vocabulary">What it may speak of.</param>
    /// <returns>The definition, or everything that is wrong with the text.</returns>
    public static (SegmentDefinition? Segment, ImmutableArray<DefinitionError> Errors) Compile(
        string name,
        string text,
        SegmentVocabulary vocabulary
    ) => SegmentCompiler.Compile(name, text, vocabulary);

    /// <summary>Names of the tiers of a text, as far as it can be read; none where it is no waterfall.</summary>
    public static ImmutableArray<string> TierNamesOf(string text) =>
        [
            .. from tiers in ValuesOf(YamlReader.Read(text, []), "tiers")
            from item in (tiers as YamlList)?.Items ?? []
            from name in ValuesOf(item, "name")
            select (name as YamlScalar)?.Text ?? "",
        ];

    private static IEnumerable<YamlNode> ValuesOf(YamlNode? node, string key) =>
        from entry in (node as YamlMap)?.Entries ?? []
        where entry.Key.Text == key
        select entry.Value;
}

/// <summary>A place of a definition that asks for another segment.</summary>
/// <param name="Name">The segment, or <c>NAME.TIER</c>.</param>
/// <param name="Path">The criteria that ask, as in <c>tiers[1].criteria</c>.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1.</param>
public sealed record AskedSegment(string Name, string Path, int Line, int Column);

/// <summary>One of those who may be in a segment.</summary>
/// <param name="Name">Of a waterfall its name; null elsewhere.</param>
/// <param name="Condition">Who is in it, unless in a tier before.</param>
/// <param name="ForAtLeast">How long the condition has to hold before somebody enters; null for at once.</param>
/// <param name="NormalForm">The criteria in the one way to write them.</param>
public sealed record SegmentTier(
    string? Name,
    CompiledExpression Condition,
    TimeSpan? ForAtLeast,
    string NormalForm
)
{
    /// <summary>Tells its criteria from others.</summary>
    public ulong Hash { get; } = Partitions.HashOf(NormalForm);

    /// <summary>The condition.</summary>
    internal Expression<bool> Root => (Expression<bool>)Condition.Root;
}
