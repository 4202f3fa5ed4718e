using System.Collections.Immutable;
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
        InsightSet insights = Computed.SetOf(
            ("segment_visits", "source: Engagement\nmeasure: instants")
        );
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
        ledger.InstantsOf(insights.All[0], Some.Noon).Length.ShouldBe(3);
    }

    [Theory]
    [InlineData(LatestInstants.Max, 0)]
    [InlineData(LatestInstants.Max + 1, 1)]
    public void Of_records_the_latest_that_have_come_are_known_and_all_that_are_coming(
        int past,
        int first
    )
    {
        InsightSet insights = Computed.SetOf(
            ("segment_orders", "source: SalesOrder\nmeasure: instants")
        );
        InsightLedger ledger = Computed.Ledger(
            insights,
            Enumerable
                .Range(0, past + 100)
                .Select(i =>
                    Some.Event(EventKind.Created, "SalesOrder", record: $"o{i}", minute: i)
                )
        );

        ImmutableArray<long> known = ledger.InstantsOf(
            insights.All[0],
            Some.Noon.AddMinutes(past - 1)
        );

        known.Length.ShouldBe(LatestInstants.Max + 100);
        known[0].ShouldBe(Some.Noon.AddMinutes(first).UtcTicks);
    }

    [Theory]
    [InlineData(-1, null, 0)]
    [InlineData(0, 0, 2)]
    [InlineData(69, 69, 71)]
    [InlineData(70, 70, 73)]
    [InlineData(1_000, 70, 73)]
    public void Of_records_the_last_that_has_come_is_told_and_all_count(
        int minute,
        int? last,
        int count
    )
    {
        InsightSet insights = Computed.SetOf(
            ("segment_orders", "source: SalesOrder\nmeasure: instants")
        );
        int[] minutes = [0, 0, .. Enumerable.Range(1, 70), 70];
        InsightValue value = Computed.Value(
            insights,
            minutes.Select(
                (at, i) => Some.Event(EventKind.Created, "SalesOrder", record: $"o{i}", minute: at)
            ),
            Some.Noon.AddMinutes(minute)
        );

        DateTimeOffset? told = value.Value?.AsInstant();
        told.ShouldBe(last is { } at ? Some.Noon.AddMinutes(at) : null);
        value.Items.ShouldBe(count);
    }

    [Fact]
    public void Only_segments_ask_for_moments() =>
        InsightDefinition
            .Compile("some", "source: Engagement\nmeasure: instants", Histories.Declared)
            .Errors.ShouldHaveSingleItem()
            .Message.ShouldBe("Only criteria of segments ask for moments.");

    [Theory]
    [InlineData("source: Engagement\nmeasure: instants\nwindow: 3 days", "window")]
    [InlineData("source: Engagement\nmeasure: instants\nvalue: seconds", "value")]
    [InlineData("source: SalesOrder\nmeasure: instants\ncurrency: currency", "currency")]
    [InlineData("of: account\npeople: true\nsource: SalesOrder\nmeasure: instants", "measure")]
    public void What_does_not_fit_moments_is_refused(string text, string path) =>
        InsightDefinition
            .Compile("segment_some", text, Histories.Declared)
            .Errors.ShouldHaveSingleItem()
            .Path.ShouldBe(path);

    private static LatestInstants Of(long[] moments) =>
        moments.Aggregate(LatestInstants.None, (known, at) => known.With(at));

    private static LinkEvent Visit(int minute) =>
        Some.Event(EventKind.Engagement, "Engagement", minute: minute);
}
