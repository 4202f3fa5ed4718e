using System.Collections.Immutable;
using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>A text of a segment beside the active definitions.</summary>
/// <param name="Segment">What it says; null where it does not compile.</param>
/// <param name="Errors">What is wrong with it.</param>
/// <param name="Measures">The insights that its measures and sequences are or would be.</param>
/// <param name="Active">The active segments.</param>
/// <param name="Insights">The insights that are computed.</param>
internal sealed record ProposedSegment(
    SegmentDefinition? Segment,
    ImmutableArray<DefinitionError> Errors,
    ImmutableArray<InsightDefinition> Measures,
    SegmentSet Active,
    InsightSet Insights
)
{
    /// <summary>Measures that are not computed, and would know of the past only after it was read from the log.</summary>
    public ImmutableArray<InsightDefinition> Unread =>
        [.. Missing.Where(measure => !measure.IsOverRecords)];

    /// <summary>The insights, with those of its measures that records tell alone: they know everything from the start.</summary>
    public InsightSet WithMeasures =>
        new(
            [
                .. Insights.All,
                .. Missing
                    .Where(measure => measure.IsOverRecords)
                    .Select((measure, i) => new ActiveInsight(measure, 1, long.MaxValue - i)),
            ],
            Insights.Newest
        );

    private IEnumerable<InsightDefinition> Missing =>
        Measures.Where(measure => Insights.Shown(measure.Name) is null);
}
