using System.Collections.Immutable;
using CsCheck;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>What one person adds to insights of an account: within a window, later on, of many parts, and within bounds.</summary>
public sealed class PeopleTests
{
    private static readonly ActiveInsight Recent = Of(
        "source: SalesOrder\nmeasure: sum\nvalue: order.total\nwindow: 32 days"
    );

    private static readonly ActiveInsight Spent = Of(
        "source: SalesOrder\nmeasure: sum\nvalue: order.total"
    );

    private static readonly ActiveInsight ByChannel = Of(
        "source: SalesOrder\nmeasure: count\nby: channel"
    );

    [Fact]
    public void A_window_over_records_of_people_reaches_up_to_a_32nd_too_far() =>
        Gen.Select(Gen.Int[-60, 60].Array[0, 20], Gen.Int[-40, 0], Gen.Int[0, 60 * 24])
            .Sample(
                (days, handedOver, hours) =>
                {
                    LinkEvent[] orders = [.. days.Select((day, i) => Order(i, day, 1 << (i % 20)))];
                    DateTimeOffset now = Some.Noon.AddHours(hours);

                    InsightValue value = Value(Recent, orders, Some.Noon.AddDays(handedOver), now);

                    // The days of UTC are the stretches of a window of 32 days.
                    DateTimeOffset first = new(now.AddDays(-32).UtcDateTime.Date, TimeSpan.Zero);
                    DateTimeOffset end = new(now.AddDays(1).UtcDateTime.Date, TimeSpan.Zero);
                    int[] counted =
                    [
                        .. Enumerable
                            .Range(0, days.Length)
                            .Where(i => At(days[i]) >= first && At(days[i]) < end),
                    ];
                    value.Items.ShouldBe(counted.Length);
                    value
                        .Value!.Value.AsNumber()
                        .ShouldBe(counted.Sum(i => (decimal)(1 << (i % 20))));
                    value.IsEstimated.ShouldBe(counted.Length > 0);
                }
            );

    [Fact]
    public void What_is_dated_later_counts_from_its_moment_on_without_being_handed_over_again()
    {
        LinkEvent[] orders = [Order(1, -1, 10), Order(2, 5, 7)];

        Value(Spent, orders, Some.Noon, At(5).AddTicks(-1)).Items.ShouldBe(1);
        Value(Spent, orders, Some.Noon, At(5)).Value.ShouldBe(FieldValue.Of(17m));
        Value(Spent, orders, At(6), At(6)).Value.ShouldBe(FieldValue.Of(17m));
    }

    [Theory]
    [InlineData(PeopleSummation.PendingMax, 0)]
    [InlineData(PeopleSummation.PendingMax + 1, 1)]
    public void The_33rd_moment_yet_to_come_counts_with_the_32nd(int moments, int together)
    {
        LinkEvent[] orders = [.. Enumerable.Range(1, moments).Select(i => Order(i, i, 1))];
        DateTimeOffset last = At(PeopleSummation.PendingMax);

        Value(Spent, orders, Some.Noon, last.AddTicks(-1))
            .Items.ShouldBe(PeopleSummation.PendingMax - 1);
        Value(Spent, orders, Some.Noon, last).Items.ShouldBe(PeopleSummation.PendingMax + together);
    }

    [Theory]
    [InlineData(PeopleSummation.PartsMax, 0)]
    [InlineData(PeopleSummation.PartsMax + 1, 1)]
    public void The_1001st_part_of_an_account_goes_to_the_others(int parts, int others)
    {
        PeopleSummation sum = new(ByChannel);
        for (int i = 0; i < parts; i += 50)
        {
            sum.Add(
                Share(
                    ByChannel,
                    [
                        .. Enumerable
                            .Range(i, Math.Min(50, parts - i))
                            .Select(part => Order(part, -1, 1, $"channel {part}")),
                    ],
                    Some.Noon
                )!
            );
        }

        PeopleSum all = sum.ToSum(Some.Noon);

        all.Tallies.Sum(tally => tally.Count).ShouldBe(parts);
        all.Tallies.Count(tally => tally.Part == PartNames.Other).ShouldBe(others);
    }

    [Fact]
    public void Records_folded_away_are_added_and_those_a_version_has_not_seen_are_said_to_be_left_out()
    {
        LinkEvent[] orders =
        [
            .. Enumerable.Range(0, Limits.RecordsMax + 3).Select(i => Order(i, -i - 1, 1)),
        ];

        PeopleSum seen = Share(Spent, orders, Some.Noon)!;
        PeopleSum late = InsightLedger
            .SharesOf(SetOf(Spent), "ind_1", Computed.Apply(null, orders).Links, Some.Noon)
            .ShouldHaveSingleItem();

        (seen.Tallies.Sum(tally => tally.Count), seen.LeftOut).ShouldBe((orders.Length, 0));
        (late.Tallies.Sum(tally => tally.Count), late.LeftOut).ShouldBe((Limits.RecordsMax, 3));
    }

    [Fact]
    public void Who_has_nothing_in_it_adds_nothing() =>
        Share(Spent, [Some.Traits(1, "name".Is("Ada"))], Some.Noon).ShouldBeNull();

    [Theory]
    [InlineData("ind_1", 1)]
    [InlineData("rec_1", 0)]
    public void A_record_that_is_nobodys_counts_and_is_no_person(string id, int people)
    {
        PeopleSum share = Share(Spent, [Order(1, -1, 10)], Some.Noon, id)!;

        InsightValue value = share.ValueOf(Spent, Some.Noon);
        (value.Value?.Text, value.Items, value.People).ShouldBe(("10", 1, people));
    }

    [Theory]
    [InlineData("window: 32 days", NoValue.NotKept)]
    [InlineData("unit: money", null)]
    public void Of_a_moment_that_is_over_no_account_knows_what_its_people_had_in_a_window(
        string more,
        string? why
    )
    {
        InsightSet insights = SetOf(
            Of($"source: SalesOrder\nmeasure: sum\nvalue: order.total\n{more}")
        );
        InsightLedger account = new(insights, SubjectKind.Account);

        InsightValue value = account.Values(Some.Noon, isPast: true).ShouldHaveSingleItem();
        value.Why.ShouldBe(why);
        (value.Value is null).ShouldBe(why is not null);
    }

    [Fact]
    public void An_individual_does_not_show_what_it_adds_to_its_account()
    {
        InsightSet insights = SetOf(Spent);

        Computed.Ledger(insights, [Order(1, -1, 10)]).Values(Some.Noon).ShouldBeEmpty();
    }

    [Fact]
    public void What_the_account_itself_has_is_in_it_too()
    {
        InsightLedger account = Computed.Ledger(
            SetOf(Spent),
            [Order(1, -1, 10)],
            SubjectKind.Account
        );
        account.People = new PeopleSums([Share(Spent, [Order(2, -1, 5)], Some.Noon)!], 0);

        InsightValue value = account.Values(Some.Noon).ShouldHaveSingleItem();

        (value.Value, value.Items, value.People).ShouldBe((FieldValue.Of(15m), 2, 1));
    }

    [Theory]
    [InlineData("people: true\nsource: SalesOrder\nmeasure: count", "people")]
    [InlineData(
        "of: account\npeople: true\nsource: SalesOrder\nmeasure: median\nvalue: order.total",
        "measure"
    )]
    [InlineData(
        "of: account\npeople: true\nsource: SalesOrder\nmeasure: last\nvalue: status\nwindow: 9 days",
        "window"
    )]
    [InlineData(
        "of: account\npeople: true\nsource: SalesOrder\nmeasure: count\nby: status\nwindow: 9 days",
        "window"
    )]
    [InlineData(
        "of: account\npeople: true\nsource: SalesOrder\nmeasure: distinct\nvalue: status\nby: channel",
        "by"
    )]
    [InlineData(
        "of: account\npeople: true\nsource: SalesOrder\nmeasure: purchases\nvalue: order.total\nhorizon: 90 days",
        "measure"
    )]
    [InlineData("of: account\npeople: some\nsource: SalesOrder\nmeasure: count", "people")]
    public void What_cannot_be_known_of_all_people_is_refused_with_its_place(string text, string at)
    {
        var (insight, errors) = InsightDefinition.Compile("insight", text, Histories.Declared);

        insight.ShouldBeNull();
        errors.ShouldHaveSingleItem().Path.ShouldBe(at);
        errors[0].Line.ShouldBeGreaterThan(0);
    }

    private static ActiveInsight Of(string text) =>
        new(Computed.Definition($"of: account\npeople: true\n{text}"), Version: 1, Revision: 1);

    private static InsightSet SetOf(ActiveInsight insight) => new([insight], newest: 1);

    private static PeopleSum? Share(
        ActiveInsight insight,
        LinkEvent[] events,
        DateTimeOffset handedOver,
        string id = "ind_1"
    )
    {
        InsightSet insights = SetOf(insight);
        return InsightLedger
            .SharesOf(insights, id, Computed.Apply(insights, events).Links, handedOver)
            .SingleOrDefault();
    }

    private static InsightValue Value(
        ActiveInsight insight,
        LinkEvent[] events,
        DateTimeOffset handedOver,
        DateTimeOffset now
    ) =>
        (
            Share(insight, events, handedOver) ?? new PeopleSum { Revision = insight.Revision }
        ).ValueOf(insight, now);

    private static DateTimeOffset At(int day) => Some.Noon.AddDays(day).AddMinutes(7);

    private static LinkEvent Order(int number, int day, decimal total, string channel = "web") =>
        Some.Event(
            EventKind.Created,
            "SalesOrder",
            new LinkKey("shop", "customer", "1"),
            $"o{number}"
        ) with
        {
            EventId = $"e{number}",
            OccurredAt = At(day),
            ReceivedAt = Some.Noon,
            Fields =
            [
                "channel".Is(channel),
                new Field("orderedAt", FieldValue.Of(At(day))),
                "total".Is(total),
            ],
        };
}
