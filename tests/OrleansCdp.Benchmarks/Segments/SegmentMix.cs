using System.Collections.Immutable;
using System.Globalization;
using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Segments as a company has them: of ten kinds, which ask for different things and bounds.</summary>
internal static class SegmentMix
{
    private const int Kinds = 10;

    /// <summary>The first so many.</summary>
    public static SegmentSet Of(int count)
    {
        DeclaredField[] declared =
        [
            .. FoldSubject.Streams.Values.SelectMany(stream => stream.DeclaredFields).Distinct(),
        ];
        SegmentVocabulary vocabulary = new(
            declared,
            [.. FoldSubject.Shipped.All.Select(insight => insight.Definition)],
            [.. Enumerable.Range(0, count).Select(NameOf)]
        );
        return new SegmentSet(
            [
                .. Enumerable
                    .Range(0, count)
                    .Select(i => new ActiveSegment(Compile(i, vocabulary), 1, i + 1)),
            ],
            count
        );
    }

    /// <summary>The shipped insights, and those that segments make.</summary>
    public static InsightSet InsightsOf(SegmentSet segments)
    {
        ImmutableArray<ActiveInsight> shipped = FoldSubject.Shipped.All;
        DeclaredField[] declared =
        [
            .. FoldSubject.Streams.Values.SelectMany(stream => stream.DeclaredFields).Distinct(),
        ];
        ActiveInsight[] made =
        [
            .. segments
                .Inputs.SelectMany(input => input.Derived)
                .DistinctBy(derived => derived.Name)
                .Select(
                    (derived, i) =>
                        new ActiveInsight(
                            InsightDefinition
                                .Compile(derived.Name, derived.Text, declared)
                                .Insight!,
                            1,
                            shipped.Length + i + 1
                        )
                ),
        ];
        return new InsightSet([.. shipped, .. made], shipped.Length + made.Length);
    }

    /// <summary>Name and criteria of the first so many.</summary>
    public static IEnumerable<(string Name, string Criteria)> Texts(int count) =>
        Enumerable.Range(0, count).Select(i => (NameOf(i), CriteriaOf(i)));

    private static string NameOf(int i) => $"s{i}";

    private static string CriteriaOf(int i)
    {
        int n = (i / Kinds) + 1;
        FormattableString criteria = (i % Kinds) switch
        {
            0 => $"title = 'Title {n}' or email is null",
            1 => $"count(SalesOrder within last {n + 20} days) >= {1 + (n % 4)}",
            2 => $"sum(order.total of SalesOrder within last {n + 300} days) >= {n * 50}",
            3 => $"count(Engagement) >= 5 and not last(Engagement) within last {n + 10} days",
            4 => $"count(Engagement within last {n + 5} days where name = 'Product Viewed') >= {n}",
            5 => $"insights.lifetime_value >= {n * 100} and title is not null",
            6 => $"insights.open_cases >= {n} or count(Case within last {n + 60} days) >= {n + 2}",
            7 => $"not last(SalesOrder) within last {n + 30} days and count(SalesOrder) >= {n}",
            8 => $"in segment {NameOf(i - 1)} and insights.open_cases > 0",
            _ => $"first(SalesOrder) within last {n + 10} days for at least 10 minutes",
        };
        return criteria.ToString(CultureInfo.InvariantCulture);
    }

    private static SegmentDefinition Compile(int i, SegmentVocabulary vocabulary)
    {
        string text = CriteriaOf(i);
        var (segment, errors) = SegmentDefinition.Compile(
            NameOf(i),
            $"criteria: \"{text}\"",
            vocabulary
        );
        return segment ?? throw new InvalidDataException($"{text}: {errors[0].Message}");
    }
}
