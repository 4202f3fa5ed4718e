using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>The starter pack as a silo has it, with the insights that are shipped and those that it measures.</summary>
/// <param name="Segments">The segments.</param>
/// <param name="Insights">The insights.</param>
internal sealed record StarterSet(SegmentSet Segments, InsightSet Insights)
{
    /// <summary>Compiles it.</summary>
    /// <param name="declared">What the active streams declare.</param>
    public static StarterSet Of(IReadOnlyCollection<DeclaredField> declared)
    {
        InsightDefinition[] shipped =
        [
            .. ShippedInsights.All.Select(one => Insight(one.Key, one.Value, declared)),
        ];
        SegmentDefinition[] segments =
        [
            .. StarterPack.All.Select(one =>
                Segment(
                    one.Key,
                    one.Value,
                    new SegmentVocabulary(declared, shipped, Names(one.Key))
                )
            ),
        ];
        IEnumerable<InsightDefinition> measured = segments
            .SelectMany(segment => segment.Inputs)
            .SelectMany(input => input.Derived)
            .DistinctBy(derived => derived.Name)
            .Select(derived => Insight(derived.Name, derived.Text, declared));
        ImmutableArray<ActiveInsight> insights =
        [
            .. shipped.Concat(measured).Select((one, i) => new ActiveInsight(one, 1, i + 1)),
        ];
        return new StarterSet(
            new SegmentSet(
                [.. segments.Select((one, i) => new ActiveSegment(one, 1, i + 1))],
                segments.Length
            ),
            new InsightSet(insights, insights.Length)
        );
    }

    private static string[] Names(string without) =>
        [
            .. StarterPack
                .All.Where(one => one.Key != without)
                .SelectMany(one =>
                    SegmentDefinition
                        .TierNamesOf(one.Value)
                        .Select(tier => $"{one.Key}.{tier}")
                        .Prepend(one.Key)
                ),
        ];

    private static SegmentDefinition Segment(string name, string text, SegmentVocabulary vocabulary)
    {
        var (segment, wrong) = SegmentDefinition.Compile(name, text, vocabulary);
        wrong.ShouldBeEmpty(name);
        return segment!;
    }

    private static InsightDefinition Insight(
        string name,
        string text,
        IReadOnlyCollection<DeclaredField> declared
    )
    {
        var (insight, wrong) = InsightDefinition.Compile(name, text, declared);
        wrong.ShouldBeEmpty(name);
        return insight!;
    }
}
