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
        new("Account", "industry", FieldType.Text),
    ];

    /// <summary>Insights of accounts that criteria may ask for: orders of the last ten minutes, also of all people.</summary>
    private static readonly InsightDefinition[] OfAccounts =
    [
        OfAccount("recent", "measure: count\nwindow: 10 minutes"),
        OfAccount("spent_by_all", "people: true\nmeasure: sum\nvalue: total"),
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
            .. OfAccounts.Where(insight =>
                sets.Any(set => set.OfAccounts.Any(asked => asked.Name == insight.Name))
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
            new SegmentVocabulary(Declared, OfAccounts, [])
        );
        errors.ShouldBeEmpty();
        return segment!;
    }

    private static InsightDefinition OfAccount(string name, string text)
    {
        var (insight, errors) = InsightDefinition.Compile(
            name,
            $"of: account\nsource: SalesOrder\n{text}",
            Declared
        );
        errors.ShouldBeEmpty();
        return insight!;
    }
}
