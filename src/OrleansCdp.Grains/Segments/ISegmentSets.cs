using System.Collections.Immutable;
using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>The segments that this process evaluates.</summary>
internal interface ISegmentSets
{
    /// <summary>Them, as far as they are known; none before the first definitions are.</summary>
    SegmentSet Current { get; }

    /// <summary>Them, read anew unless those of an activation are known here.</summary>
    /// <param name="activation">The highest number of an activation that something stored speaks of.</param>
    ValueTask<SegmentSet> SinceAsync(long activation);

    /// <summary>What a text would be beside the newest definitions.</summary>
    /// <param name="name">The segment's name.</param>
    /// <param name="text">The text.</param>
    Task<ProposedSegment> ProposeAsync(string name, string text);
}

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

/// <summary>The segments of this process's catalogue.</summary>
internal sealed class CatalogueSegments(DefinitionCatalogue catalogue) : ISegmentSets
{
    public SegmentSet Current => catalogue.Segments;

    public async ValueTask<SegmentSet> SinceAsync(long activation)
    {
        if (catalogue.Segments.Newest < activation)
        {
            await catalogue.RefreshAsync();
        }

        return catalogue.Segments;
    }

    public async Task<ProposedSegment> ProposeAsync(string name, string text)
    {
        await catalogue.RefreshAsync();
        SegmentTexts texts = catalogue.SegmentTexts.With(name, text);
        var (segment, errors) = texts.Compile(name);
        return new(
            segment,
            errors,
            segment is null ? [] : [.. texts.MeasuredBy(segment)],
            catalogue.Segments,
            catalogue.Insights
        );
    }
}
