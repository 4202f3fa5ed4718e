using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>People who add to the insights of an account.</summary>
internal static class SomePeople
{
    private static readonly DeclaredField[] Declared =
    [
        new("SalesOrder", "total", FieldType.Number),
        new("SalesOrder", "channel", FieldType.Text),
    ];

    /// <summary>A sum, a lowest value and how many different ones: one that could be subtracted from, and two that could not.</summary>
    public static InsightSet Insights { get; } =
        new(
            [
                Insight("spent", 1, "measure: sum\nvalue: order.total"),
                Insight("smallest", 2, "measure: min\nvalue: order.total"),
                Insight("channels", 3, "measure: distinct\nvalue: channel"),
            ],
            newest: 3
        );

    public static ActiveInsight Spent { get; } = Insights.Find(1)!;

    /// <summary>Who spent so much; nothing for one who left.</summary>
    public static PersonShare Share(string individual, long version, int? spent) =>
        new()
        {
            Individual = individual,
            Version = version,
            Catalogue = 3,
            Sums = spent is { } amount
                ?
                [
                    Sum(1, new Tally { Count = 1, Sum = amount * (Int128)1_000_000_000 }),
                    Sum(2, new Tally { Count = 1, Beside = new Picked(amount, Amount(amount)) }),
                    Sum(
                        3,
                        new Tally
                        {
                            Count = 1,
                            Beside = DistinctCount.None.Add(Partitions.HashOf($"{amount}")),
                        }
                    ),
                ]
                : [],
        };

    public static StoredShare Stored(string individual, long version, int? spent) =>
        StoredShare.Of(Share(individual, version, spent));

    /// <summary>What all of them say together.</summary>
    public static string[] Said(ImmutableArray<PeopleSum> sums) =>
        [
            .. sums.OrderBy(sum => sum.Revision)
                .Select(sum =>
                {
                    InsightValue value = sum.ValueOf(Insights.Find(sum.Revision)!, Some.Noon);
                    string said = $"{value.Value?.Text} of {value.Items} by {value.People}";
                    return $"{sum.Revision}: {said}";
                }),
        ];

    private static Measured Amount(int number) => new(number * (Int128)1_000_000_000);

    private static PeopleSum Sum(long revision, Tally tally) =>
        new()
        {
            Revision = revision,
            People = 1,
            Tallies = [tally],
        };

    private static ActiveInsight Insight(string name, long revision, string measure) =>
        new(
            InsightDefinition
                .Compile(
                    name,
                    $"of: account\npeople: true\nsource: SalesOrder\n{measure}",
                    Declared
                )
                .Insight!,
            Version: 1,
            revision
        );
}
