using CsCheck;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>Records past the bound of a link are folded away and stay in what had seen them.</summary>
public sealed class FoldedInsightTests
{
    private const int Max = Limits.RecordsMax;

    private static readonly Told[] Told =
    [
        .. OracleOfRecords.All.Where(told =>
            told.Name
                is "orders"
                    or "orders_paid"
                    or "spent"
                    or "spent_fading"
                    or "smallest"
                    or "largest_by_currency"
                    or "average_by_currency"
                    or "average_order"
                    or "first_channel"
                    or "last_status"
                    or "channels"
                    or "refund_rate"
                    or "by_channel_and_size"
                    or "biggest_line"
                    or "categories"
                    or "channels_by_category"
                    or "median_order"
        ),
    ];

    private static readonly InsightSet Insights = Computed.SetOf([
        .. Told.Select(told => (told.Name, told.Text)),
    ]);

    private static readonly InsightSet Count = Computed.SetOf(
        ("orders", "source: SalesOrder\nmeasure: count"),
        ("middle", "source: SalesOrder\nmeasure: median\nvalue: order.total")
    );

    [Fact]
    public void Folded_orders_stay_in_every_measure_that_saw_them() =>
        Gen.Select(Gen.Int[Max + 1, Max + 500], Gen.Int[0, int.MaxValue])
            .Sample(
                (count, seed) =>
                {
                    LinkEvent[] orders = Orders(count, new Random(seed));
                    Plain plain = new(orders);

                    InsightLedger ledger = Computed.Ledger(Insights, orders);

                    foreach (InsightValue value in ledger.Values(Histories.End))
                    {
                        Told told = Array.Find(
                            Told,
                            one => one.Name == value.Insight.Definition.Name
                        )!;
                        if (told.Name == "median_order")
                        {
                            (value.Items, value.LeftOut).ShouldBe((Max, count - Max));
                            continue;
                        }

                        Answer expected = told.Oracle(plain, Histories.End);
                        (value.Items, value.LeftOut).ShouldBe((expected.Items, 0), told.Name);
                        decimal? said = value.Value?.AsNumber();
                        if (told.Fades)
                        {
                            said!.Value.ShouldBe(expected.Value!.Value.AsNumber()!.Value, 1e-6m);
                            continue;
                        }

                        value.Value.ShouldBe(expected.Value, told.Name);
                        value
                            .Parts.Select(part => (part.Key, part.Value))
                            .ShouldBe(expected.Parts, told.Name);
                    }
                },
                iter: 4 * Laws.Thoroughness
            );

    [Theory]
    [InlineData(Max, 0)]
    [InlineData(Max + 1, 1)]
    [InlineData(Max + 7, 7)]
    public void The_middle_is_of_those_that_are_kept_and_says_how_many_are_not(int count, int left)
    {
        LinkEvent[] orders = [.. Enumerable.Range(0, count).Select(i => Order(i))];

        InsightValue[] values = [.. Computed.Ledger(Count, orders).Values(Histories.End)];

        (values[0].Items, values[0].LeftOut).ShouldBe((Max, left));
        (values[1].Items, values[1].LeftOut).ShouldBe((count, 0));
        // Of orders that were 0, 1, 2, ... the latest thousand.
        values[0].Value.ShouldBe(FieldValue.Of(left + (Max - 1) / 2m));
    }

    [Fact]
    public void A_version_says_how_many_it_did_not_see_go()
    {
        SequencedEvent[] log = [.. Enumerable.Range(0, Max + 10).Select(i => Order(i).At(i + 1))];
        UnifiedIndividual before = new UnifiedIndividual { Id = "ind_test" }
            .Apply(log.AsSpan(0, Max + 3))
            .Next;

        UnifiedIndividual seen = before.Apply(log.AsSpan(Max + 3, 4), Count).Next;
        UnifiedIndividual unseen = seen.Apply(log.AsSpan(Max + 7, 2)).Next;
        UnifiedIndividual after = unseen.Apply(log.AsSpan(Max + 9), Count).Next;

        Orders(before).ShouldBe((Max, 3));
        Orders(seen).ShouldBe((Max + 4, 3));
        Orders(unseen).ShouldBe((Max + 4, 5));
        Orders(after).ShouldBe((Max + 5, 5));
        after.Links.Links[0].Records[0].Base.Insights[0].IsWhole.ShouldBeFalse();
    }

    [Fact]
    public void What_was_folded_is_stored_with_the_state()
    {
        UnifiedIndividual individual = Computed.Apply(
            Insights,
            Orders(Max + 50, new Random(Seed: 1))
        );

        Computed
            .Said(Computed.LedgerOf(Insights, Bytes.Copy(individual)))
            .ShouldBe(Computed.Said(Computed.LedgerOf(Insights, individual)));
        individual
            .Links.Links[0]
            .Records[0]
            .Base.Insights.Select(known => (known.Records, known.IsWhole))
            .Distinct()
            .ShouldBe([(50, true)]);
    }

    [Fact]
    public void A_deleted_record_that_goes_was_not_left_out()
    {
        LinkEvent[] told =
        [
            Order(0),
            Some.Event(EventKind.Deleted, "SalesOrder", record: Order(0).RecordId, minute: 1),
            .. Enumerable.Range(1, Max).Select(i => Order(i)),
        ];

        Orders(Computed.Apply(Count, told)).ShouldBe((Max, 0));
        Computed.Ledger(Count, told).Values(Histories.End).First().LeftOut.ShouldBe(0);
    }

    [Fact]
    public void An_order_dated_ahead_is_kept_and_counts_when_its_moment_comes()
    {
        DateTimeOffset ahead = Some.Noon.AddDays(300);
        LinkEvent[] told =
        [
            Order(0) with
            {
                Fields = [new Field("orderedAt", FieldValue.Of(ahead))],
            },
            .. Enumerable.Range(1, Max + 5).Select(i => Order(i)),
        ];

        InsightLedger ledger = Computed.Ledger(Count, told);

        ledger.Values(ahead.AddTicks(-1)).Last().Items.ShouldBe(Max + 5);
        ledger.Values(ahead).Last().Items.ShouldBe(Max + 6);
    }

    [Theory]
    [InlineData("halfLife: 1 minutes")]
    [InlineData("window: 1 hours")]
    [InlineData("window: 50 years")]
    [InlineData("description: ever")]
    public void Where_all_orders_are_dated_ahead_those_that_go_count_from_then_on(string over)
    {
        InsightSet insights = Computed.SetOf($"source: SalesOrder\nmeasure: count\n{over}");
        LinkEvent[] told =
        [
            .. Enumerable
                .Range(0, Max + 400)
                .Select(i =>
                    Order(i) with
                    {
                        Fields =
                        [
                            new Field("orderedAt", FieldValue.Of(Some.Noon.AddDays(300 + i))),
                        ],
                    }
                ),
        ];

        UnifiedIndividual individual = Computed.Apply(insights, told);

        Accumulation folded = individual.Links.Links[0].Records[0].Base.Insights.Single();
        folded.Tallies.Length.ShouldBe(1);
        InsightLedger ledger = Computed.LedgerOf(insights, individual);
        ledger.Values(told[0].ReceivedAt).Single().Value.ShouldBe(FieldValue.Of(400m));
        ledger.Values(DateTimeOffset.MinValue).Single().LeftOut.ShouldBe(0);
    }

    [Fact]
    public void An_order_that_one_link_has_folded_counts_once_though_another_told_of_it_too()
    {
        LinkKey guest = Some.Customer with { Object = "order" };
        SequencedEvent[] folding =
        [
            .. Enumerable.Range(0, Max + 2).Select(i => Order(i).At(i + 1)),
        ];
        SequencedEvent told = (Order(0) with { Link = guest }).At(1);
        InsightLedger ledger = new(Count, SubjectKind.Individual);

        UnifiedIndividual guests = new UnifiedIndividual { Id = "ind_test" }
            .Apply([told], Count)
            .Next;
        ledger.Become(guests.Links);
        ledger.Values(Histories.End).Last().Items.ShouldBe(1);
        UnifiedIndividual both = guests.Apply(folding, Count).Next;
        ledger.Become(both.Links);
        ledger.Values(Histories.End).Last().Items.ShouldBe(Max + 2);
        BaseInsights.Of(both.Links).OrderCount.ShouldBe(Max + 2);
        Computed
            .Said(ledger)
            .ShouldBe(
                Computed.Said(Computed.LedgerOf(Count, Folded(folding).Apply([told], Count).Next))
            );

        // Without the link that folded it the other's word counts again.
        ledger.Become(both.Links.Without(Some.Customer));
        ledger.Values(Histories.End).Last().Items.ShouldBe(1);
        ledger.Become(both.Links);
        ledger.Values(Histories.End).Last().Items.ShouldBe(Max + 2);
    }

    private static UnifiedIndividual Folded(SequencedEvent[] events) =>
        new UnifiedIndividual { Id = "ind_test" }
            .Apply(events, Count)
            .Next;

    private static (long Items, long LeftOut) Orders(UnifiedIndividual individual)
    {
        InsightValue value = Computed.LedgerOf(Count, individual).Values(Histories.End).Last();
        return (value.Items, value.LeftOut);
    }

    private static LinkEvent Order(int i) =>
        Some.Event(
            EventKind.Created,
            "SalesOrder",
            record: $"o{i:D5}",
            minute: i,
            fields: "total".Is(i)
        );

    private static LinkEvent[] Orders(int count, Random random)
    {
        string[] words = ["a", "b", "paid", "web"];
        string Word() => words[random.Next(words.Length)];
        decimal Amount() => random.Next(-5_000, 20_000) / 100m;
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(i =>
                    Order(i) with
                    {
                        OccurredAt = Some.Noon.AddMinutes(-random.Next(500_000)),
                        Version = i,
                        Fields =
                        [
                            "total".Is(Amount()),
                            "status".Is(Word()),
                            "channel".Is(Word()),
                            "currency".Is(i % 3 == 0 ? "EUR" : "USD"),
                        ],
                        Lines =
                        [
                            new OrderLine
                            {
                                Id = "l1",
                                Category = Word(),
                                Quantity = i % 5,
                                Amount = Amount(),
                            },
                        ],
                    }
                ),
        ];
    }
}
