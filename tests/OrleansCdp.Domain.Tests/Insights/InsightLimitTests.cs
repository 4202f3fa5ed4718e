using System.Collections.Immutable;
using CsCheck;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>Bounds of what insights keep: at the bound, and one past it.</summary>
public sealed class InsightLimitTests
{
    private static readonly InsightSet Pages = Computed.SetOf(
        "source: Engagement\nmeasure: sum\nvalue: seconds\nby: name\ntop: 3"
    );

    [Theory]
    [InlineData(Accumulation.PartsMax, false)]
    [InlineData(Accumulation.PartsMax + 1, true)]
    public void The_101st_part_of_what_is_not_kept_goes_to_the_others(int parts, bool hasOthers)
    {
        LinkEvent[] visits = [.. Enumerable.Range(0, parts).Select(i => Visit($"page {i}", i))];

        InsightValue value = Computed.Value(Pages, visits);

        value.PartCount.ShouldBe(parts);
        value.Value.ShouldBe(FieldValue.Of((decimal)Enumerable.Range(0, parts).Sum()));
        Tallies(visits).Any(tally => tally.Part == PartNames.Other).ShouldBe(hasOthers);
    }

    [Fact]
    public void Of_too_many_parts_the_same_stay_whatever_came_first_and_nothing_is_lost() =>
        Gen.Select(Gen.Int[0, 250].Array[0, 500], Gen.Int[0, int.MaxValue])
            .Sample(
                (pages, seed) =>
                {
                    LinkEvent[] visits = [.. pages.Select(page => Visit($"page {page}", page))];
                    LinkEvent[] shuffled = [.. visits];
                    new Random(seed).Shuffle(shuffled);

                    ImmutableArray<Tally> kept = Tallies(visits);

                    Bytes.Of(kept).ShouldBe(Bytes.Of(Tallies(shuffled)));
                    kept.Length.ShouldBeLessThanOrEqualTo(Accumulation.PartsMax + 1);
                    Exact
                        .ToNumber(kept.Aggregate(Int128.Zero, (sum, tally) => sum + tally.Sum))
                        .ShouldBe(pages.Sum());
                    foreach (Tally tally in kept.Where(tally => tally.Part != PartNames.Other))
                    {
                        int page = int.Parse(tally.Part!.AsSpan(5), provider: null);
                        tally.Count.ShouldBe(pages.Count(same => same == page));
                    }
                },
                iter: 60 * Laws.Thoroughness
            );

    [Fact]
    public void What_was_accumulated_in_two_places_comes_to_what_it_would_in_one() =>
        Gen.Select(Gen.Int[0, 250].Array[1, 300], Gen.Int[0, 250].Array[1, 300])
            .Sample(
                (here, there) =>
                {
                    LinkEvent[] some = [.. here.Select(page => Visit($"page {page}", page))];
                    LinkEvent[] others = [.. there.Select(page => Visit($"page {page}", page))];

                    Accumulation both = Known(some).Add(Pages.All[0].Definition, Known(others));

                    Bytes.Of(both.Tallies).ShouldBe(Bytes.Of(Tallies([.. some, .. others])));
                },
                iter: 40 * Laws.Thoroughness
            );

    [Theory]
    [InlineData(PartNames.LengthMax, false)]
    [InlineData(PartNames.LengthMax + 1, true)]
    public void A_part_with_a_longer_name_is_one_of_the_others(int length, bool isOther) =>
        Computed
            .Value(Pages, [Visit(new string('x', length), 1)])
            .Parts.ShouldHaveSingleItem()
            .Key.ShouldBe(isOther ? PartNames.Other : new string('x', length));

    [Theory]
    [InlineData("1000000000000000", true)]
    [InlineData("-1000000000000000", true)]
    [InlineData("1000000000000000.000000001", false)]
    [InlineData("-1000000000000001", false)]
    [InlineData("9999999999999999999999999999", false)]
    public void What_is_farther_from_0_than_amounts_are_is_not_measured(string text, bool counts)
    {
        LinkEvent visit = Visit("a", 0) with
        {
            Fields = [new Field("seconds", new FieldValue(FieldType.Number, text))],
        };

        InsightValue value = Computed.Value(
            Computed.SetOf("source: Engagement\nmeasure: max\nvalue: seconds"),
            [visit]
        );

        value.Value?.Text.ShouldBe(text);
        (value.Items, value.Value is not null).ShouldBe((counts ? 1 : 0, counts));
    }

    [Theory]
    [InlineData("0.0000000005", "0.000000001")]
    [InlineData("-0.0000000005", "-0.000000001")]
    [InlineData("0.00000000049", "0")]
    [InlineData("-0.00000000049", "0")]
    public void Nine_decimals_are_kept(string seconds, string sum)
    {
        LinkEvent visit = Visit("a", 0) with
        {
            Fields = [new Field("seconds", new FieldValue(FieldType.Number, seconds))],
        };

        Computed.Value(Pages, [visit]).Value!.Value.Text.ShouldBe(sum);
    }

    [Fact]
    public void Closures_that_are_only_a_number_count_at_the_earliest_change_that_is_kept()
    {
        const int closures = Limits.StatusPointsMax;
        LinkEvent[] told =
        [
            .. Enumerable
                .Range(0, closures * 2)
                .Select(i =>
                    Some.Event(
                        i % 2 == 0 ? EventKind.Closed : EventKind.Updated,
                        "Case",
                        record: "500",
                        minute: i
                    )
                ),
        ];
        InsightLedger ledger = Computed.Ledger(
            Computed.SetOf("source: Case.closures\nmeasure: count"),
            told
        );

        ledger.Values(Histories.End).Single().Items.ShouldBe(closures);
        // Of 128 changes the last 64 are kept, so the first 32 closures count at minute 64, where the 33rd is.
        ledger.Values(Some.Noon.AddMinutes(63)).Single().Items.ShouldBe(0);
        ledger.Values(Some.Noon.AddMinutes(64)).Single().Items.ShouldBe(33);
        ledger.Values(Some.Noon.AddMinutes(66)).Single().Items.ShouldBe(34);
    }

    [Fact]
    public void A_window_over_what_is_not_kept_has_at_most_33_stretches()
    {
        InsightSet insights = Computed.SetOf("source: Engagement\nmeasure: count\nwindow: 32 days");
        LinkEvent[] visits =
        [
            .. Enumerable
                .Range(0, 4_000)
                .Select(hour =>
                    Visit("a", 0) with
                    {
                        OccurredAt = Some.Noon.AddHours(hour),
                        ReceivedAt = Some.Noon.AddHours(hour),
                    }
                ),
        ];
        DateTimeOffset now = visits[^1].ReceivedAt;

        UnifiedIndividual individual = Computed.Apply(insights, visits);

        individual
            .Links.Links[0]
            .Insights.ShouldHaveSingleItem()
            .Tallies.Length.ShouldBeLessThanOrEqualTo(Stretches.PerWindow + 1);
        Computed
            .LedgerOf(insights, individual)
            .Values(now)
            .Single()
            .Items.ShouldBeInRange(32 * 24, 33 * 24);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(10)]
    public void Of_a_moment_that_is_over_no_window_over_what_is_not_kept_is_told(int daysLate)
    {
        LinkEvent visit = Visit("a", 0) with
        {
            OccurredAt = Some.Noon,
            ReceivedAt = Some.Noon.AddDays(daysLate),
        };
        InsightLedger ledger = Computed.Ledger(
            Computed.SetOf("source: Engagement\nmeasure: count\nwindow: 32 days"),
            [visit]
        );

        // Whoever came too late to be counted, and whoever was counted.
        ledger
            .Values(Some.Noon.AddDays(1), isPast: true)
            .ShouldHaveSingleItem()
            .Why.ShouldBe(NoValue.NotKept);
        ledger
            .Values(visit.ReceivedAt)
            .Single()
            .Value!.Value.Text.ShouldBe(daysLate > 32 ? "0" : "1");
    }

    [Theory]
    [InlineData("SalesOrder", DistinctCount.ExactMax + 1, false)]
    [InlineData("SalesOrder", Limits.RecordsMax, false)]
    [InlineData("Engagement", DistinctCount.ExactMax, false)]
    [InlineData("Engagement", DistinctCount.ExactMax + 1, true)]
    public void Different_values_are_counted_exactly_as_long_as_they_are_kept(
        string source,
        int count,
        bool isEstimated
    )
    {
        EventKind kind = source == "Engagement" ? EventKind.Engagement : EventKind.Created;
        string field = source == "Engagement" ? "name" : "channel";

        InsightValue value = Computed.Value(
            Computed.SetOf($"source: {source}\nmeasure: distinct\nvalue: {field}"),
            Enumerable
                .Range(0, count)
                .Select(i =>
                    Some.Event(kind, source, record: $"r{i}", fields: field.Is($"value {i}"))
                )
        );

        value.IsEstimated.ShouldBe(isEstimated);
        value.Value!.Value.AsNumber()!.Value.ShouldBe(count, isEstimated ? count / 10m : 0.1m);
    }

    [Fact]
    public void A_different_value_in_two_parts_is_one_value_of_the_whole()
    {
        LinkEvent order = Some.Event(EventKind.Created, "SalesOrder", record: "o1") with
        {
            Lines =
            [
                new OrderLine { Id = "1", Category = "b" },
                new OrderLine { Id = "2", Category = "b" },
                new OrderLine { Id = "3", Category = "a" },
            ],
        };

        InsightValue value = Computed.Value(
            Computed.SetOf(
                "source: SalesOrder.lines\nmeasure: distinct\nvalue: record.id\nby: line.category"
            ),
            [order]
        );

        (value.Value, value.Items).ShouldBe((FieldValue.Of(1m), 3));
        value.Parts.ShouldBe([
            new InsightPart("a", 1, Share: 1, IsTied: true),
            new InsightPart("b", 1, Share: 1, IsTied: true),
        ]);
    }

    private static ImmutableArray<Tally> Tallies(LinkEvent[] visits) =>
        visits.Length == 0 ? [] : Known(visits).Tallies;

    private static Accumulation Known(LinkEvent[] visits) =>
        Computed.Apply(Pages, visits).Links.Links[0].Insights.Single();

    private static LinkEvent Visit(string name, int seconds) =>
        Some.Event(
            EventKind.Engagement,
            "Engagement",
            fields: ["name".Is(name), "seconds".Is(seconds)]
        );
}
