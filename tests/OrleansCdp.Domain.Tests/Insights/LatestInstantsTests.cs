using CsCheck;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>The latest moments are the same in whatever order they come, and however they are joined.</summary>
public sealed class LatestInstantsTests
{
    private static readonly Gen<long[]> Moments = Gen.Long[1, 200].Array[0, 150];

    [Fact]
    public void They_are_the_latest_of_all_each_once() =>
        Gen.Select(Moments, Moments)
            .Sample(
                (one, other) =>
                {
                    long[] latest =
                    [
                        .. one.Concat(other).Distinct().Order().TakeLast(LatestInstants.Max),
                    ];

                    Of([.. one, .. other]).Ticks.ShouldBe(latest);
                    Of([.. other, .. one]).Ticks.ShouldBe(latest);
                    Of(one).Join(Of(other)).Ticks.ShouldBe(latest);
                    Of(other).Join(Of(one)).ShouldBe(Of(one).Join(Of(other)));
                },
                iter: 500 * Laws.Thoroughness
            );

    [Theory]
    [InlineData(LatestInstants.Max, 1)]
    [InlineData(LatestInstants.Max + 1, 2)]
    public void The_earliest_goes_when_there_are_too_many(int count, int first) =>
        Of([.. Enumerable.Range(1, count).Select(at => (long)at)]).Ticks[0].ShouldBe(first);

    [Fact]
    public void An_insight_tells_the_last_of_them_that_has_come()
    {
        InsightSet insights = Computed.SetOf("source: Engagement\nmeasure: instants");
        LinkEvent[] visits = [Visit(0), Visit(60), Visit(30)];
        InsightLedger ledger = Computed.Ledger(insights, visits);

        double? At(int minute) =>
            ledger
                .ValueOf(insights.All[0], Some.Noon.AddMinutes(minute))!
                .Value?.AsInstant()
                ?.Subtract(Some.Noon)
                .TotalMinutes;

        At(-1).ShouldBeNull();
        At(0).ShouldBe(0);
        At(59).ShouldBe(30);
        At(60).ShouldBe(60);
        ledger
            .NextChangeOf(insights.All[0], Some.Noon.AddMinutes(31))
            .At.ShouldBe(Some.Noon.AddMinutes(60).UtcTicks);
        ledger.InstantsOf(insights.All[0]).Ticks.Length.ShouldBe(3);
    }

    [Theory]
    [InlineData("source: Engagement\nmeasure: instants\nwindow: 3 days", "window")]
    [InlineData("source: Engagement\nmeasure: instants\nvalue: seconds", "value")]
    [InlineData("source: SalesOrder\nmeasure: instants\ncurrency: currency", "currency")]
    [InlineData("of: account\npeople: true\nsource: SalesOrder\nmeasure: instants", "measure")]
    public void What_does_not_fit_moments_is_refused(string text, string path) =>
        InsightDefinition
            .Compile("some", text, Histories.Declared)
            .Errors.ShouldHaveSingleItem()
            .Path.ShouldBe(path);

    private static LatestInstants Of(long[] moments) =>
        moments.Aggregate(LatestInstants.None, (known, at) => known.With(at));

    private static LinkEvent Visit(int minute) =>
        Some.Event(EventKind.Engagement, "Engagement", minute: minute);
}
