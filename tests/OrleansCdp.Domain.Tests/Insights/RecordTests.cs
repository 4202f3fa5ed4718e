using OrleansCdp.Events;

namespace OrleansCdp.Insights;

public sealed class RecordTests
{
    [Fact]
    public void An_amended_order_replaces_itself()
    {
        Link link = Some.Fold(Order("o1", 0, 10m), Order("o2", 1, 5m), Order("o1", 2, 7.5m));

        BaseInsights insights = Of(link);

        insights.OrderCount.ShouldBe(2);
        insights.Revenue.ShouldBe([new Money("EUR", 12.5m)]);
    }

    [Fact]
    public void Revenue_is_kept_per_currency_and_exact()
    {
        Link link = Some.Fold(
            Order("o1", 0, 0.1m),
            Order("o2", 1, 0.2m),
            Order("o3", 2, 3m, currency: "USD")
        );

        Of(link).Revenue.ShouldBe([new Money("EUR", 0.3m), new Money("USD", 3m)]);
    }

    [Fact]
    public void A_deleted_order_counts_no_more_and_counts_again_when_it_returns()
    {
        LinkEvent deleted = Some.Event(EventKind.Deleted, "SalesOrder", record: "o1", minute: 5);

        Of(Some.Fold(Order("o1", 0, 10m), deleted)).OrderCount.ShouldBe(0);
        Of(Some.Fold(Order("o1", 0, 10m), deleted, Order("o1", 6, 10m))).OrderCount.ShouldBe(1);
        Of(Some.Fold(Order("o1", 0, 10m), deleted, Order("o1", 4, 11m))).OrderCount.ShouldBe(0);
    }

    [Fact]
    public void An_order_without_a_total_is_the_sum_of_its_lines()
    {
        Link link = Some.Fold(Line("o1", "a", 0, 1.10m), Line("o1", "b", 1, 2.20m));

        Of(link).Revenue.ShouldBe([new Money(MoneySums.NoCurrency, 3.3m)]);
    }

    [Fact]
    public void All_lines_at_once_replace_the_lines_before_but_not_later_ones()
    {
        LinkEvent all = Line("o1", "c", 5, 7m) with { LinesComplete = true };

        Link link = Some.Fold(Line("o1", "a", 0, 1m), Line("o1", "b", 9, 2m), all);

        Record(link, "SalesOrder").Lines.Select(line => line.Line.Id).ShouldBe(["b", "c"]);
    }

    [Fact]
    public void The_500th_line_is_taken_and_the_501st_refused()
    {
        LinkEvent[] events =
        [
            .. Enumerable
                .Range(0, Limits.OrderLinesMax + 1)
                .Select(i => Line("o1", $"l{i:D3}", i, 1m)),
        ];

        Link link = Some.FoldAll(events, out var outcomes);

        outcomes[^2].ShouldBe(EventOutcome.Applied);
        outcomes[^1].ShouldBe(EventOutcome.Refused(ReasonCodes.LimitExceeded));
        Record(link, "SalesOrder").Lines.Length.ShouldBe(Limits.OrderLinesMax);
    }

    [Theory]
    [InlineData(Limits.OrderLinesMax, 0, null)]
    [InlineData(Limits.OrderLinesMax + 1, 0, ReasonCodes.LimitExceeded)]
    [InlineData(0, Limits.EventFieldsMax, null)]
    [InlineData(0, Limits.EventFieldsMax + 1, ReasonCodes.LimitExceeded)]
    public void An_order_s_first_event_is_held_to_its_limits_too(
        int lines,
        int fields,
        string? refused
    )
    {
        LinkEvent order = Order("o1", 0, 1m) with
        {
            Lines = [.. Enumerable.Range(0, lines).Select(i => new OrderLine { Id = $"l{i:D3}" })],
            Fields = [.. Enumerable.Range(0, fields).Select(i => $"f{i:D3}".Is("x"))],
        };

        Some.FoldAll([order], out var outcomes);

        outcomes[0].Code.ShouldBe(refused);
    }

    [Fact]
    public void The_200th_field_of_a_record_is_taken_and_the_201st_refused()
    {
        LinkEvent[] events =
        [
            .. Enumerable
                .Range(0, Limits.EventFieldsMax + 1)
                .Select(i => Line("o1", "a", i, 1m) with { Fields = [$"f{i:D3}".Is("x")] }),
        ];

        Link link = Some.FoldAll(events, out var outcomes);

        outcomes[^2].ShouldBe(EventOutcome.Applied);
        outcomes[^1].ShouldBe(EventOutcome.Refused(ReasonCodes.LimitExceeded));
        Record(link, "SalesOrder").Fields.Length.ShouldBe(Limits.EventFieldsMax);
    }

    [Fact]
    public void The_first_event_of_a_case_is_its_creation_whatever_it_says()
    {
        Link link = Some.FoldAll([Case(EventKind.Updated, 3)], out var outcomes);

        outcomes[0].ShouldBe(EventOutcome.Applied);
        Of(link).CaseCount.ShouldBe(1);
        Of(link).OpenCases.ShouldBe(1);
        Record(link, "Case").First.Time.ShouldBe(Some.Noon.AddMinutes(3));
    }

    [Fact]
    public void Closing_again_with_nothing_new_counts_once()
    {
        Link link = Some.FoldAll(
            [Case(EventKind.Created, 0), Case(EventKind.Closed, 1), Case(EventKind.Closed, 2)],
            out var outcomes
        );

        outcomes[2].ShouldBe(EventOutcome.Suppressed(ReasonCodes.ClosedAgain));
        Record(link, "Case").Closures.ShouldBe(1);
        Record(link, "Case").ClosedAt.ShouldBe(Some.Noon.AddMinutes(1));
    }

    [Fact]
    public void A_case_reopened_and_closed_again_was_closed_twice()
    {
        Link link = Some.Fold(
            Case(EventKind.Created, 0),
            Case(EventKind.Closed, 1),
            Case(EventKind.Updated, 2, lane: Lane.Low),
            Case(EventKind.Closed, 3)
        );

        Record(link, "Case").Closures.ShouldBe(2);
        Of(link).OpenCases.ShouldBe(0);
    }

    [Fact]
    public void A_reopening_that_arrives_late_is_found_all_the_same()
    {
        Link link = Some.Fold(
            Case(EventKind.Created, 0),
            Case(EventKind.Closed, 1),
            Case(EventKind.Closed, 3),
            Case(EventKind.Updated, 2, lane: Lane.Low)
        );

        Record(link, "Case").Closures.ShouldBe(2);
    }

    [Fact]
    public void An_update_that_changes_no_kept_field_is_suppressed()
    {
        Some.FoldAll(
            [
                Case(EventKind.Created, 0, fields: "category".Is("c")),
                Case(EventKind.Updated, 1, fields: "category".Is("c")),
                Case(EventKind.Updated, 2, fields: "category".Is("d")),
            ],
            out var outcomes
        );

        outcomes[1].ShouldBe(EventOutcome.Suppressed(ReasonCodes.NothingNew));
        outcomes[2].ShouldBe(EventOutcome.Applied);
    }

    [Fact]
    public void Between_equal_times_the_source_s_revision_decides_not_the_arrival()
    {
        LinkEvent first = Case(EventKind.Updated, 0, version: 1, fields: "status".Is("New"));
        LinkEvent second = Case(EventKind.Closed, 0, version: 2, fields: "status".Is("Closed"));

        foreach (LinkEvent[] order in new[] { new[] { first, second }, [second, first] })
        {
            RecordState record = Record(Some.Fold(order), "Case");

            record.IsClosed.ShouldBeTrue();
            record.Closures.ShouldBe(1);
            Registers.Find(record.Fields, "status").ShouldBe(FieldValue.Of("Closed"));
        }
    }

    [Fact]
    public void Status_points_up_to_the_limit_stay_and_an_older_one_is_refused_not_guessed()
    {
        LinkEvent[] events =
        [
            .. Enumerable
                .Range(1, Limits.StatusPointsMax)
                .Select(i => Case(i % 2 == 0 ? EventKind.Closed : EventKind.Updated, i)),
        ];
        LinkEvent late = Case(EventKind.Closed, 0, lane: Lane.Low);

        Some.FoldAll([.. events[1..], late], out var atLimit);
        Link past = Some.FoldAll([.. events, late], out var outcomes);

        atLimit[^1].ShouldBe(EventOutcome.Applied);
        outcomes[^1].ShouldBe(EventOutcome.Refused(ReasonCodes.RecordFolded));
        Record(past, "Case").Status.Length.ShouldBe(Limits.StatusPointsMax);
        Record(past, "Case").ClosuresBefore.ShouldBe(0);
        Record(past, "Case").Closures.ShouldBe(Limits.StatusPointsMax / 2);
    }

    [Fact]
    public void Status_points_over_the_limit_leave_as_a_count()
    {
        LinkEvent[] events =
        [
            .. Enumerable
                .Range(0, Limits.StatusPointsMax + 1)
                .Select(i => Case(i % 2 == 0 ? EventKind.Closed : EventKind.Updated, i)),
        ];

        RecordState record = Record(Some.Fold(events), "Case");

        record.Status.Length.ShouldBe(Limits.StatusPointsMax);
        record.Closures.ShouldBe((Limits.StatusPointsMax / 2) + 1);
    }

    [Fact]
    public void The_1001st_record_folds_the_oldest_closed_one_into_the_base()
    {
        LinkEvent[] orders =
        [
            .. Enumerable.Range(0, Limits.RecordsMax + 1).Select(i => Order($"o{i:D4}", i, 1m)),
        ];

        Link atLimit = Some.Fold(orders[..^1]);
        Link past = Some.Fold(orders);

        atLimit.RecordsOf("SalesOrder")!.Base.Count.ShouldBe(0);
        past.RecordsOf("SalesOrder")!.Base.Count.ShouldBe(1);
        Of(past).OrderCount.ShouldBe(Limits.RecordsMax + 1);
        Of(past).Revenue.ShouldBe([new Money("EUR", Limits.RecordsMax + 1)]);
        Of(past).FirstOrderAt.ShouldBe(Some.Noon);
    }

    [Fact]
    public void A_change_to_a_folded_record_is_refused_and_never_guessed()
    {
        LinkEvent[] orders =
        [
            .. Enumerable.Range(0, Limits.RecordsMax + 1).Select(i => Order($"o{i:D4}", i, 1m)),
            Order("o0000", 9_999, 50m),
        ];

        Link link = Some.FoldAll(orders, out var outcomes);

        outcomes[^1].ShouldBe(EventOutcome.Refused(ReasonCodes.RecordFolded));
        Of(link).Revenue.ShouldBe([new Money("EUR", Limits.RecordsMax + 1)]);
    }

    [Fact]
    public void The_20000th_record_is_folded_and_then_a_new_one_refused()
    {
        ulong[] folded =
        [
            .. Enumerable.Range(1, Limits.FoldedRecordsMax - 1).Select(i => (ulong)i),
        ];
        Link full = Some.Fold([
            .. Enumerable.Range(0, Limits.RecordsMax).Select(i => Order($"o{i:D4}", i, 1m)),
        ]);
        RecordSet set = full.RecordsOf("SalesOrder")!;
        set = set with { Base = set.Base with { Count = folded.Length, Ids = [.. folded] } };

        RecordSet atLimit = set.Join(Order("new", 5_000, 1m).At(5_000), out var taken);
        RecordSet past = atLimit.Join(Order("newer", 5_001, 1m).At(5_001), out var refused);
        RecordSet amended = past.Join(Order("new", 5_002, 2m).At(5_002), out var known);

        taken.ShouldBe(EventOutcome.Applied);
        atLimit.Base.Count.ShouldBe(Limits.FoldedRecordsMax);
        refused.ShouldBe(EventOutcome.Refused(ReasonCodes.LimitExceeded));
        past.ShouldBeSameAs(atLimit);
        known.ShouldBe(EventOutcome.Applied);
        amended.Records.Length.ShouldBe(Limits.RecordsMax);
    }

    [Fact]
    public void An_open_case_is_not_folded_while_a_closed_one_can_be()
    {
        List<LinkEvent> events = [Case(EventKind.Created, 0, record: "open")];
        for (int i = 0; i < Limits.RecordsMax; i++)
        {
            events.Add(Case(EventKind.Closed, i + 1, record: $"c{i:D4}"));
        }

        Link link = Some.Fold([.. events]);

        link.RecordsOf("Case")!.Records.ShouldContain(record => record.Id == "open");
        Of(link).OpenCases.ShouldBe(1);
        Of(link).CaseClosures.ShouldBe(Limits.RecordsMax);
    }

    private static BaseInsights Of(Link link) => BaseInsights.Of(LinkSet.Empty.With(link));

    private static RecordState Record(Link link, string name) =>
        link.RecordsOf(name)!.Records.ShouldHaveSingleItem();

    [Fact]
    public void The_largest_amount_is_taken_and_one_cent_more_refused()
    {
        decimal over = Limits.AmountMax + 0.01m;

        Some.FoldAll(
            [
                Order("1", 0, Limits.AmountMax),
                Order("2", 1, -Limits.AmountMax),
                Order("3", 2, over),
                Order("4", 3, -over),
                Line("5", "a", 4, Limits.AmountMax),
                Line("6", "a", 5, over),
            ],
            out var outcomes
        );

        EventOutcome refused = EventOutcome.Refused(ReasonCodes.LimitExceeded);
        EventOutcome taken = EventOutcome.Applied;
        outcomes.ShouldBe([taken, taken, refused, refused, taken, refused]);
    }

    private static LinkEvent Order(string id, int minute, decimal total, string currency = "EUR") =>
        Some.Event(
            EventKind.Updated,
            "SalesOrder",
            record: id,
            minute: minute,
            fields: ["total".Is(total), "currency".Is(currency)]
        );

    private static LinkEvent Line(string order, string line, int minute, decimal amount) =>
        Some.Event(EventKind.Updated, "SalesOrder", record: order, minute: minute) with
        {
            Lines = [new OrderLine { Id = line, Amount = amount }],
        };

    private static LinkEvent Case(
        EventKind kind,
        int minute,
        long version = 0,
        Lane lane = Lane.Normal,
        string record = "500",
        params Field[] fields
    ) => Some.Event(kind, "Case", null, record, minute, version, lane, null, fields);
}
