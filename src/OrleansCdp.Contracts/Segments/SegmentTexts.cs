using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Texts of segments, which may ask for each other, and what else they may speak of. Immutable.</summary>
internal sealed class SegmentTexts
{
    // Of each text as long as somebody has it: there are hundreds, and few are new.
    private static readonly ConditionalWeakTable<string, string[]> Tiers = [];

    private readonly SegmentVocabulary vocabulary;
    private readonly ImmutableArray<string> names;

    /// <summary>Texts.</summary>
    /// <param name="declared">Fields that data streams declare.</param>
    /// <param name="insights">Insights that people wrote.</param>
    /// <param name="all">The text of each segment by its name.</param>
    public SegmentTexts(
        IReadOnlyCollection<DeclaredField> declared,
        IReadOnlyCollection<InsightDefinition> insights,
        ImmutableSortedDictionary<string, string> all
    )
        : this(new SegmentVocabulary(declared, insights, []), all) { }

    private SegmentTexts(
        SegmentVocabulary vocabulary,
        ImmutableSortedDictionary<string, string> all
    )
    {
        this.vocabulary = vocabulary;
        All = all;
        names =
        [
            .. all.SelectMany(one =>
                TiersOf(one.Value).Select(tier => $"{one.Key}.{tier}").Prepend(one.Key)
            ),
        ];
    }

    /// <summary>None.</summary>
    public static SegmentTexts None { get; } =
        new([], [], ImmutableSortedDictionary<string, string>.Empty);

    /// <summary>The text of each segment by its name.</summary>
    public ImmutableSortedDictionary<string, string> All { get; }

    /// <summary>These with some texts.</summary>
    public SegmentTexts With(IEnumerable<KeyValuePair<string, string>> texts) =>
        new(vocabulary, All.SetItems(texts));

    /// <summary>These with a text.</summary>
    public SegmentTexts With(string name, string text) => new(vocabulary, All.SetItem(name, text));

    /// <summary>These without one.</summary>
    public SegmentTexts Without(string name) => new(vocabulary, All.Remove(name));

    /// <summary>These, with other fields to speak of.</summary>
    public SegmentTexts With(IReadOnlyCollection<DeclaredField> declared) =>
        new(declared, vocabulary.Insights, All);

    /// <summary>These, with an insight to speak of, perhaps in place of one of the same name.</summary>
    public SegmentTexts With(InsightDefinition insight) =>
        new(
            vocabulary.Declared,
            [.. vocabulary.Insights.Where(one => one.Name != insight.Name), insight],
            All
        );

    private static string[] TiersOf(string text) =>
        Tiers.GetValue(text, static one => [.. SegmentDefinition.TierNamesOf(one)]);

    /// <summary>The insights that the measures and sequences of a segment are.</summary>
    public IEnumerable<InsightDefinition> MeasuredBy(SegmentDefinition segment) =>
        segment
            .Inputs.SelectMany(input => input.Derived)
            .DistinctBy(derived => derived.Name)
            .Select(derived =>
                InsightDefinition.Compile(derived.Name, derived.Text, vocabulary.Declared).Insight!
            );

    /// <summary>Compiles one of them.</summary>
    public (SegmentDefinition? Segment, ImmutableArray<DefinitionError> Errors) Compile(
        string name
    ) =>
        SegmentDefinition.Compile(
            name,
            All[name],
            vocabulary with
            {
                Segments = [.. names.Where(one => SegmentOrder.SegmentOf(one) != name)],
            }
        );
}
