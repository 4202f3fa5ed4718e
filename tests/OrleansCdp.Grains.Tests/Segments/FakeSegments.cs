using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Segments that stay as they are until the test says otherwise.</summary>
internal sealed class FakeSegments(SegmentSet set) : ISegmentSets
{
    private static readonly ImmutableArray<DeclaredField> Declared =
    [
        new("SalesOrder", "total", FieldType.Number),
    ];

    /// <summary>How often somebody asked for activations that are not known.</summary>
    public int Asked { get; private set; }

    public SegmentSet Current { get; set; } = set;

    public ValueTask<SegmentSet> SinceAsync(long activation)
    {
        Asked += activation > Current.Newest ? 1 : 0;
        return new(Current);
    }

    public Task<ProposedSegment> ProposeAsync(string name, string text) =>
        throw new NotSupportedException("These stay as they are.");

    /// <summary>A set of segments by their criteria.</summary>
    /// <param name="newest">The number of the last activation.</param>
    /// <param name="segments">Names, criteria, versions and numbers of activations.</param>
    public static SegmentSet SetOf(
        long newest,
        params (string Name, string Criteria, int Version, long Activation)[] segments
    ) =>
        new(
            [
                .. segments.Select(one => new ActiveSegment(
                    Compile(one.Name, one.Criteria),
                    one.Version,
                    one.Activation
                )),
            ],
            newest
        );

    /// <summary>The insights that segments need.</summary>
    public static InsightSet InsightsOf(params SegmentSet[] sets)
    {
        InsightDefinition[] all =
        [
            .. sets.SelectMany(set => set.Inputs)
                .SelectMany(input => input.Derived)
                .Distinct()
                .Select(derived =>
                    InsightDefinition.Compile(derived.Name, derived.Text, Declared).Insight!
                ),
        ];
        return new InsightSet(
            [.. all.Select((insight, i) => new ActiveInsight(insight, 1, i + 1))],
            all.Length
        );
    }

    private static SegmentDefinition Compile(string name, string criteria)
    {
        var (segment, errors) = SegmentDefinition.Compile(
            name,
            $"criteria: \"{criteria}\"",
            new SegmentVocabulary(Declared, [], [])
        );
        errors.ShouldBeEmpty();
        return segment!;
    }
}
