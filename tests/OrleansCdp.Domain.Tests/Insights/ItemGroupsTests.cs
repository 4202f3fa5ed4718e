using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>Insights share items where they read the same of the same, and nowhere else.</summary>
public sealed class ItemGroupsTests
{
    private const string Sum = "source: SalesOrder\nmeasure: sum\nvalue: order.total";

    [Theory]
    [InlineData(Sum, Sum + "\nwindow: 10 days")]
    [InlineData(Sum, "source: SalesOrder\nmeasure: max\nvalue: order.total")]
    [InlineData(Sum, "source: SalesOrder\nmeasure: sum\nvalue: (order.total)")]
    [InlineData(
        "source: SalesOrder\nmeasure: count\nwindow: 1 day",
        "source: SalesOrder\nmeasure: count\nhalfLife: 3 days"
    )]
    public void What_reads_the_same_is_one_group(string one, string other) =>
        GroupsOf(one, other).ShouldBe(1);

    [Theory]
    [InlineData(Sum, "source: SalesOrder\nmeasure: count")]
    [InlineData(Sum, "source: SalesOrder\nmeasure: sum\nvalue: order.total + 1")]
    [InlineData(Sum, Sum + "\nwhere: order.total > 10")]
    [InlineData(Sum + "\nwhere: order.total > 10", Sum + "\nwhere: order.total > 11")]
    [InlineData(Sum, Sum + "\nat: record.updatedAt")]
    [InlineData(Sum, Sum + "\ncurrency: currency")]
    [InlineData(Sum, Sum + "\nby: record.id")]
    [InlineData("source: SalesOrder\nmeasure: count", "source: Case\nmeasure: count")]
    [InlineData("source: Case\nmeasure: count", "source: Case.closures\nmeasure: count")]
    [InlineData(
        "source: SalesOrder\nmeasure: count",
        "source: SalesOrder\nmeasure: ratio\nnumerator: {}\ndenominator: {}"
    )]
    public void What_reads_something_else_is_a_group_of_its_own(string one, string other) =>
        GroupsOf(one, other).ShouldBe(2);

    [Fact]
    public void Insights_of_accounts_are_not_among_those_of_people()
    {
        InsightSet insights = Computed.SetOf(
            ("a", "source: Case\nmeasure: count"),
            ("b", "source: Case\nmeasure: count\nof: account")
        );

        insights.GroupsOf(SubjectKind.Individual).PlaceOf(insights.Shown("a")!).ShouldBe(0);
        insights.GroupsOf(SubjectKind.Individual).PlaceOf(insights.Shown("b")!).ShouldBe(-1);
        insights.GroupsOf(SubjectKind.Account).PlaceOf(insights.Shown("b")!).ShouldBe(0);
    }

    private static int GroupsOf(string one, string other)
    {
        InsightSet insights = Computed.SetOf(("one", one), ("other", other));
        ItemGroups groups = insights.GroupsOf(SubjectKind.Individual);
        int[] places = [.. insights.All.Select(groups.PlaceOf)];
        places.ShouldAllBe(place => place >= 0 && place < groups.Readers.Length);
        return places.Distinct().Count();
    }
}
