using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Segments compiled in tests.</summary>
internal static class Segmented
{
    /// <summary>What data streams declare.</summary>
    public static readonly ImmutableArray<DeclaredField> Declared =
    [
        .. Histories.Declared,
        new("Individual", "city", FieldType.Text),
        new("Individual", "vip", FieldType.Boolean),
        new("Individual", "score", FieldType.Number),
        new("Individual", "renewsAt", FieldType.Timestamp),
        new("Individual", "unclear", FieldType.Text),
        new("Individual", "unclear", FieldType.Number),
        new("Entitlement", "endDate", FieldType.Date),
        new("Entitlement", "status", FieldType.Text),
        new("Account", "industry", FieldType.Text),
        new("Account", "renewalDate", FieldType.Date),
    ];

    /// <summary>Insights that somebody wrote.</summary>
    public static readonly ImmutableArray<InsightDefinition> Insights =
    [
        Insight("spent", "source: SalesOrder\nmeasure: sum\nvalue: order.total"),
        Insight(
            "in_one_currency",
            "source: SalesOrder\nwhere: currency is not null\nmeasure: sum\nvalue: order.total\ncurrency: currency"
        ),
        Insight("channels", "source: SalesOrder\nmeasure: count\nby: channel"),
        Insight("open_cases", "of: account\nsource: Case\nmeasure: count"),
        Insight("recent", "of: account\nsource: SalesOrder\nmeasure: count\nwindow: 2 days"),
        Insight(
            "spent_by_all",
            "of: account\npeople: true\nsource: SalesOrder\nmeasure: sum\nvalue: order.total"
        ),
    ];

    /// <summary>What segments of these tests may speak of.</summary>
    public static SegmentVocabulary Vocabulary(params string[] segments) =>
        new(Declared, Insights, segments);

    /// <summary>A segment by its criteria.</summary>
    public static SegmentDefinition Of(
        string criteria,
        string name = "some",
        params string[] others
    ) => Definition($"criteria: {Quoted(criteria)}", name, others);

    /// <summary>A segment by its whole text.</summary>
    public static SegmentDefinition Definition(
        string text,
        string name = "some",
        params string[] others
    )
    {
        var (segment, errors) = SegmentDefinition.Compile(name, text, Vocabulary(others));
        errors.ShouldBeEmpty(text);
        return segment!;
    }

    /// <summary>What is wrong with criteria.</summary>
    public static ImmutableArray<DefinitionError> Wrong(string text, params string[] others)
    {
        var (segment, errors) = SegmentDefinition.Compile("some", text, Vocabulary(others));
        segment.ShouldBeNull(text);
        return errors;
    }

    /// <summary>First versions, numbered from 1.</summary>
    public static SegmentSet SetOf(params SegmentDefinition[] segments) =>
        new(
            [.. segments.Select((segment, i) => new ActiveSegment(segment, 1, i + 1))],
            segments.Length
        );

    /// <summary>The insights that segments need, those that somebody wrote first.</summary>
    public static InsightSet InsightsOf(SegmentSet segments)
    {
        InsightDefinition[] all =
        [
            .. Insights,
            .. segments
                .Inputs.SelectMany(input => input.Derived)
                .Distinct()
                .Select(derived => Insight(derived.Name, derived.Text)),
        ];
        return new InsightSet(
            [.. all.Select((insight, i) => new ActiveInsight(insight, 1, i + 1))],
            all.Length
        );
    }

    public static string Quoted(string criteria) =>
        "'" + criteria.Replace("'", "''", StringComparison.Ordinal) + "'";

    public static InsightDefinition Insight(string name, string text)
    {
        var (insight, errors) = InsightDefinition.Compile(name, text, Declared);
        errors.ShouldBeEmpty(text);
        return insight!;
    }
}
