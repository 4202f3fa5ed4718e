using System.Collections.Immutable;
using System.Globalization;
using CsCheck;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>Whatever is admitted is folded and computed with: a value is there or none, and nothing throws.</summary>
public sealed class InsightBadInputTests
{
    private static readonly InsightSet Everything = Computed.SetOf([
        .. OracleOfRecords.All.Concat(OracleOfDone.All).Select(told => (told.Name, told.Text)),
        ("by_zero", "source: SalesOrder\nmeasure: sum\nvalue: total / (total - total)"),
        ("squares", "source: SalesOrder\nmeasure: sum\nvalue: order.total * order.total"),
        (
            "money_per_line",
            "source: SalesOrder.lines\nmeasure: max\nvalue: line.amount / line.quantity"
        ),
        ("ages", "source: SalesOrder\nmeasure: distinct\nvalue: orderedAt - item.at > 1 day"),
        (
            "dates",
            "source: Opportunity\nmeasure: last\nvalue: closeDate + 90 days\nat: closeDate - 100 years"
        ),
        (
            "by_age",
            "source: Opportunity\nmeasure: count\nby: [closeDate, item.at - closeDate, amount]"
        ),
        ("moment", "source: Engagement\nmeasure: count\nhalfLife: 1 second\nby: price"),
        ("instant", "source: Engagement\nmeasure: sum\nvalue: price\nwindow: 1 second"),
        ("ages_ago", "source: Engagement\nmeasure: min\nvalue: price\nwindow: 100 years"),
        (
            "prices_per_second",
            "source: Engagement\nmeasure: ratio\nnumerator: { value: price }\ndenominator: { value: seconds }"
        ),
    ]);

    private static readonly string[] Numbers =
    [
        "0",
        "-1",
        "1000000000000000",
        "-1000000000000000",
        "1000000000000000.5",
        "9999999999999999999999999999",
        "-9999999999999999999999999999",
        "0.0000000000000000000000000001",
        "0.000000001",
        "NaN",
        "Infinity",
        "1e999",
        "[]",
    ];

    private static readonly DateTimeOffset[] Moments =
    [
        DateTimeOffset.MinValue,
        Some.Noon,
        Some.Noon.AddYears(1),
        DateTimeOffset.MaxValue,
    ];

    private static readonly Gen<LinkEvent> Wild =
        from e in Histories.AnyEvent
        from number in Gen.Int[0, Numbers.Length - 1]
        from type in Gen.Int[0, 6]
        from at in Gen.Int[0, Moments.Length - 1]
        from received in Gen.Int[0, Moments.Length - 1]
        select Disfigured(
            e,
            Numbers[number],
            TypeOf((FieldType)type, Numbers[number]),
            Moments[at],
            Moments[received]
        );

    // A number that is none is admitted as none.
    private static FieldType TypeOf(FieldType type, string text) =>
        type == FieldType.Number && !decimal.TryParse(text, CultureInfo.InvariantCulture, out _)
            ? FieldType.Text
            : type;

    [Fact]
    public void Nothing_that_is_admitted_makes_a_fold_or_a_value_throw() =>
        Gen.Select(Wild.Array[1, 60], Gen.Int[0, int.MaxValue])
            .Sample(
                (history, seed) =>
                {
                    UnifiedIndividual individual = new() { Id = "ind_test" };
                    InsightLedger ledger = new(Everything, SubjectKind.Individual);
                    SequencedEvent[] log = Histories.Number(history);
                    foreach (SequencedEvent[] batch in Histories.Batches(log, new Random(seed)))
                    {
                        individual = individual.Apply(batch, Everything).Next;
                        ledger.Become(individual.Links);
                    }

                    foreach (DateTimeOffset now in Moments)
                    {
                        InsightValue[] values = [.. ledger.Values(now)];
                        values.Length.ShouldBe(Everything.All.Length);
                        foreach (InsightValue value in values)
                        {
                            ledger
                                .Contributions(value.Insight, now)
                                .ToArray()
                                .Length.ShouldBeLessThanOrEqualTo((int)value.Items);
                        }
                    }
                },
                iter: 300 * Laws.Thoroughness
            );

    [Fact]
    public void What_is_divided_by_zero_has_no_value()
    {
        LinkEvent[] free = [Order("o1", 0m), Order("o2", 0m)];

        Value("measure: ratio\nnumerator: {}\ndenominator: { value: total }", free).ShouldBeNull();
        Value("measure: max\nvalue: 1 / total", free).ShouldBeNull();
        Value("measure: average\nvalue: 1 / total", free).ShouldBeNull();
        Value("measure: median\nvalue: 1 / total", free).ShouldBeNull();
        Value("measure: sum\nvalue: 1 / total", free).ShouldBe("0");
        Value("measure: count\nwhere: 1 / total > 0", free).ShouldBe("0");
    }

    [Fact]
    public void A_ratio_too_large_for_a_number_has_no_value()
    {
        InsightSet insights = Computed.SetOf(
            """
            source: SalesOrder.lines
            measure: ratio
            numerator: { value: line.amount }
            denominator: { where: line.id = 'l0', value: 0.000000001 }
            """
        );
        LinkEvent[] orders =
        [
            .. Enumerable
                .Range(0, 200)
                .Select(i =>
                    Order($"o{i}", 0) with
                    {
                        Lines =
                        [
                            .. Enumerable
                                .Range(0, Limits.OrderLinesMax)
                                .Select(line => new OrderLine
                                {
                                    Id = i == 0 ? $"l{line}" : $"k{line}",
                                    Amount = Limits.AmountMax,
                                }),
                        ],
                    }
                ),
        ];

        InsightValue value = Computed.Value(insights, orders);

        (value.Value, value.Items).ShouldBe((null, 100_000));
    }

    [Fact]
    public void Shares_of_a_total_that_is_nearly_nothing_are_large_and_no_error()
    {
        InsightSet insights = Computed.SetOf(
            "source: SalesOrder.lines\nmeasure: sum\nvalue: line.amount\nby: line.category"
        );
        LinkEvent order = Order("o1", 0m) with
        {
            Lines =
            [
                .. Enumerable
                    .Range(0, 400)
                    .Select(i => new OrderLine
                    {
                        Id = $"l{i}",
                        Category = i % 2 == 0 ? "bought" : "returned",
                        Amount = i % 2 == 0 ? Limits.AmountMax : -Limits.AmountMax,
                    }),
                new OrderLine
                {
                    Id = "small",
                    Category = "small",
                    Amount = 0.000000001m,
                },
            ],
        };

        InsightValue value = Computed.Value(insights, [order]);

        value.Value.ShouldBe(FieldValue.Of(0.000000001m));
        value.Parts.Select(part => part.Share / 2e26).ShouldBe([1, 0, -1], tolerance: 1e-9);
    }

    [Fact]
    public void Refunds_may_be_more_than_was_bought()
    {
        LinkEvent[] orders = [Order("o1", 10m), Order("o2", -25.5m), Order("o3", 0m)];

        Value("measure: sum\nvalue: total", orders).ShouldBe("-15.5");
        Value("measure: min\nvalue: total", orders).ShouldBe("-25.5");
        Value("measure: median\nvalue: total", orders).ShouldBe("0");
        InsightValue divided = Computed.Value(
            Computed.SetOf("source: SalesOrder\nmeasure: sum\nvalue: total\nby: channel"),
            orders
        );
        divided.Parts.ShouldBe([new InsightPart("\0", -15.5m, 0, false)]);
        divided.Parts[0].Values.ShouldBe([null]);
    }

    [Fact]
    public void What_is_left_of_a_refund_after_ages_is_0_and_not_minus_0()
    {
        LinkEvent[] orders = [Order("o1", -10m)];

        Value("measure: sum\nvalue: total\nhalfLife: 1 minute", orders).ShouldBe("0");
        Value("measure: sum\nvalue: round(total / 100)", orders).ShouldBe("0");
        Computed
            .Value(
                Computed.SetOf("source: SalesOrder\nmeasure: count\nby: round(total / 100)"),
                orders
            )
            .Parts.Single()
            .Key.ShouldBe("0");
    }

    [Fact]
    public void Currencies_are_never_added_up()
    {
        InsightSet spent = Computed.SetOf(
            "source: SalesOrder\nmeasure: sum\nvalue: total\ncurrency: currency"
        );
        LinkEvent[] orders = [Order("o1", 10m, "EUR"), Order("o2", 5m, "USD"), Order("o3", 1m)];

        InsightValue mixed = Computed.Value(spent, orders);

        mixed.Value.ShouldBeNull();
        mixed
            .Parts.Select(part => (part.Key, part.Value))
            .ShouldBe([("EUR", 10m), ("USD", 5m), ("XXX", 1m)]);
        Computed.Value(spent, orders[..1]).Value.ShouldBe(FieldValue.Of(10m));
    }

    [Fact]
    public void Next_year_s_orders_do_not_count_yet()
    {
        LinkEvent ahead = Order("o1", 10m) with
        {
            Fields = [new Field("orderedAt", FieldValue.Of(Some.Noon.AddYears(1)))],
        };
        InsightLedger ledger = Computed.Ledger(
            Computed.SetOf("source: SalesOrder\nmeasure: count"),
            [ahead]
        );

        ledger.Values(Some.Noon.AddDays(364)).Single().Items.ShouldBe(0);
        ledger.Values(Some.Noon.AddYears(1)).Single().Items.ShouldBe(1);
    }

    [Fact]
    public void A_thousand_categories_are_all_counted_and_the_largest_told()
    {
        LinkEvent[] orders =
        [
            .. Enumerable
                .Range(0, 1_000)
                .Select(i =>
                    Order($"o{i}", 0m) with
                    {
                        Lines =
                        [
                            new OrderLine
                            {
                                Id = "l",
                                Category = $"c{i:D4}",
                                Amount = i / 2,
                            },
                        ],
                    }
                ),
        ];

        InsightValue value = Computed.Value(
            Computed.SetOf(
                "source: SalesOrder.lines\nmeasure: sum\nvalue: line.amount\nby: line.category\ntop: 3"
            ),
            orders
        );

        (value.PartCount, value.Items).ShouldBe((1_000, 1_000));
        value.Value.ShouldBe(FieldValue.Of(2 * 499m * 500 / 2));
        value
            .Parts.Select(part => (part.Key, part.Value, part.IsTied))
            .ShouldBe([("c0998", 499m, true), ("c0999", 499m, true), ("c0996", 498m, true)]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    public void Ten_thousand_orders_of_one_person_are_all_counted(int links)
    {
        const int count = 10_000;
        InsightSet insights = Computed.SetOf([
            .. Enumerable
                .Range(0, 5)
                .Select(i => ($"spent{i}", "source: SalesOrder\nmeasure: sum\nvalue: total")),
        ]);
        LinkEvent[] orders =
        [
            .. Enumerable
                .Range(0, count)
                .Select(i =>
                    Order($"o{i:D5}", i) with
                    {
                        Link = new LinkKey("shop", "customer", $"{i % links}"),
                        OccurredAt = Some.Noon.AddMinutes(i * 7_919 % count),
                    }
                ),
        ];
        UnifiedIndividual individual = new() { Id = "ind_test" };
        InsightLedger ledger = new(insights, SubjectKind.Individual);
        foreach (SequencedEvent[] batch in Histories.Number(orders).Chunk(500))
        {
            individual = individual.Apply(batch, insights).Next;
            ledger.Become(individual.Links);
        }

        decimal sum = count * (count - 1m) / 2;
        ledger
            .Values(Histories.End)
            .ShouldAllBe(value => value.Value == FieldValue.Of(sum) && value.Items == count);
        Computed.Said(ledger).ShouldBe(Computed.Said(Computed.LedgerOf(insights, individual)));
    }

    private static string? Value(string text, LinkEvent[] events) =>
        Computed.Value(Computed.SetOf($"source: SalesOrder\n{text}"), events).Value?.Text;

    private static LinkEvent Order(string id, decimal total, string? currency = null) =>
        Some.Event(
            EventKind.Updated,
            "SalesOrder",
            record: id,
            fields: currency is null
                ? ["total".Is(total)]
                : ["total".Is(total), "currency".Is(currency)]
        );

    /// <summary>Fields have values of other types and at the ends of what there is; admission would still take it.</summary>
    private static LinkEvent Disfigured(
        LinkEvent e,
        string number,
        FieldType type,
        DateTimeOffset at,
        DateTimeOffset received
    )
    {
        decimal amount = decimal.TryParse(number, CultureInfo.InvariantCulture, out decimal some)
            ? some
            : 0;
        LinkEvent disfigured = e with
        {
            OccurredAt = at > received ? received : at,
            ReceivedAt = received,
            Fields =
            [
                .. e.Fields.Select(
                    (field, i) =>
                        i == 0 ? field with { Value = new FieldValue(type, number) }
                        : field.Value.Type == FieldType.Timestamp
                            ? field with
                            {
                                Value = FieldValue.Of(at),
                            }
                        : field
                ),
            ],
            Lines = [.. e.Lines.Select(line => line with { Quantity = amount, Amount = amount })],
        };
        EventCheck.FlawOf(disfigured).ShouldBeNull();
        return disfigured;
    }
}
