using System.Collections.Immutable;
using CsCheck;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Insights;

/// <summary>What holds of every insight: when its items count, and that they go where their links go.</summary>
public sealed class InsightLawTests
{
    private static readonly InsightSet All = Computed.SetOf([
        .. OracleOfRecords.All.Concat(OracleOfDone.All).Select(told => (told.Name, told.Text)),
    ]);

    private static readonly Gen<int> AnySeed = Gen.Int[0, int.MaxValue];

    private static readonly LinkKey Guest = new("shop", "order", "g1");

    [Fact]
    public void A_link_that_moves_takes_what_it_knows_along_and_brings_it_back() =>
        Gen.Select(Histories.Any(50), Histories.Any(30), AnySeed)
            .Sample(
                (history, others, seed) =>
                {
                    UnifiedIndividual one = Computed.Apply(All, history);
                    UnifiedIndividual two = Another(others);
                    InsightLedger ofOne = Computed.LedgerOf(All, one);
                    InsightLedger ofTwo = Computed.LedgerOf(All, two);
                    (string[] before, string[] beforeTwo) = (
                        Computed.Said(ofOne),
                        Computed.Said(ofTwo)
                    );
                    LinkKey link = one.Links.Links[seed % one.Links.Links.Length].Key;

                    (one, two) = Move(one, two, link);
                    ofOne.Become(one.Links);
                    ofTwo.Become(two.Links);

                    Computed.Said(ofOne).ShouldBe(Computed.Said(Computed.LedgerOf(All, one)));
                    Computed.Said(ofTwo).ShouldBe(Computed.Said(Computed.LedgerOf(All, two)));
                    Count(ofTwo)
                        .ShouldBe(Count(Computed.Ledger(All, Joined(others, history, link))));

                    (two, one) = Move(two, one, link);
                    ofOne.Become(one.Links);
                    ofTwo.Become(two.Links);

                    Computed.Said(ofOne).ShouldBe(before);
                    Computed.Said(ofTwo).ShouldBe(beforeTwo);
                },
                iter: 100 * Laws.Thoroughness
            );

    [Fact]
    public void Whoever_was_merged_and_unmerged_is_who_he_was() =>
        Gen.Select(Histories.Any(40), Histories.Any(40))
            .Sample(
                (history, others) =>
                {
                    UnifiedIndividual root = Computed.Apply(All, history);
                    UnifiedIndividual one = Another(others);
                    string[] before = Computed.Said(Computed.LedgerOf(All, root));
                    InsightLedger ledger = Computed.LedgerOf(All, root);

                    (_, UnifiedIndividual merged) = Moving.Merge(one, root);
                    ledger.Become(merged.Links);

                    Computed.Said(ledger).ShouldBe(Computed.Said(Computed.LedgerOf(All, merged)));
                    Count(ledger)
                        .ShouldBe(
                            Count(Computed.Ledger(All, [.. history, .. others.Select(Elsewhere)]))
                        );

                    ledger.Become(root.Links);
                    Computed.Said(ledger).ShouldBe(before);
                },
                iter: 100 * Laws.Thoroughness
            );

    [Fact]
    public void What_criteria_compute_with_is_what_is_shown() =>
        Gen.Select(Histories.Any(50), AnySeed)
            .Sample(
                (history, seed) =>
                {
                    InsightLedger ledger = Computed.Ledger(All, history);
                    DateTimeOffset now = Some.Noon.AddMinutes(
                        new Random(seed).Next(-600_000, 600_000)
                    );
                    foreach (ActiveInsight insight in All.All)
                    {
                        FieldValue? shown = ledger.ValueOf(insight, now)!.Value;
                        PlainValue? plain = ledger.PlainValueOf(insight, now);
                        (plain?.Written).ShouldBe(shown);
                        if (plain is { } known)
                        {
                            known
                                .TryGet(out decimal number)
                                .ShouldBe(shown!.Value.AsNumber() == number);
                            known
                                .TryGet(out DateTimeOffset at)
                                .ShouldBe(shown.Value.AsInstant() == at);
                        }
                    }
                },
                iter: 50 * Laws.Thoroughness
            );

    [Fact]
    public void What_is_known_of_versions_is_sorted_by_them() =>
        Gen.Select(Histories.Any(60), Histories.Any(40))
            .Sample(
                (history, others) =>
                {
                    UnifiedIndividual root = Computed.Apply(All, history);
                    UnifiedIndividual one = Another(others);
                    (_, UnifiedIndividual merged) = Moving.Merge(one, root);
                    foreach (Link link in merged.Links.Links.Concat(Bytes.Copy(root).Links.Links))
                    {
                        DemandSorted(link.Insights);
                        foreach (RecordSet set in link.Records)
                        {
                            DemandSorted(set.Base.Insights);
                        }
                    }
                },
                iter: 50 * Laws.Thoroughness
            );

    private static void DemandSorted(ImmutableArray<Accumulation> known) =>
        known
            .Zip(known.Skip(1), (one, next) => one.Revision < next.Revision)
            .ShouldAllBe(isBefore => isBefore);

    [Fact]
    public void What_was_stored_and_loaded_says_the_same_and_goes_on() =>
        Histories
            .Any(50)
            .Sample(
                history =>
                {
                    SequencedEvent[] log = Histories.Number(history);
                    UnifiedIndividual half = new UnifiedIndividual { Id = "ind_test" }
                        .Apply(log.AsSpan(0, log.Length / 2), All)
                        .Next;

                    UnifiedIndividual loaded = Bytes
                        .Copy(half)
                        .Apply(log.AsSpan(log.Length / 2), All)
                        .Next;

                    Computed
                        .Said(Computed.LedgerOf(All, loaded))
                        .ShouldBe(Computed.Said(Computed.Ledger(All, history)));
                },
                iter: 100 * Laws.Thoroughness
            );

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    public void An_item_counts_from_its_very_moment_on(int ticks, int count) =>
        Computed
            .Value(
                Computed.SetOf("source: SalesOrder\nmeasure: count"),
                [Order("o1", 0)],
                Some.Noon.AddTicks(ticks)
            )
            .Items.ShouldBe(count);

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    public void An_item_counts_until_its_window_is_over(int ticks, int count) =>
        Computed
            .Value(
                Computed.SetOf("source: SalesOrder\nmeasure: count\nwindow: 30 days"),
                [Order("o1", 0)],
                Some.Noon.AddDays(30).AddTicks(ticks)
            )
            .Items.ShouldBe(count);

    [Fact]
    public void What_was_done_counts_until_its_window_is_over_and_at_most_a_32nd_longer()
    {
        TimeSpan window = TimeSpan.FromDays(32);
        InsightLedger ledger = Computed.Ledger(
            Computed.SetOf("source: Engagement\nmeasure: count\nwindow: 32 days"),
            [Visit(0)]
        );

        Items(ledger, Some.Noon + window - TimeSpan.FromTicks(1)).ShouldBe(1);
        Items(ledger, Some.Noon + window + window / 32).ShouldBe(0);
        ledger.Values(Some.Noon.AddDays(1)).Single().IsEstimated.ShouldBeTrue();
        ledger.Values(Some.Noon.AddDays(99)).Single().IsEstimated.ShouldBeFalse();
    }

    [Fact]
    public void A_clock_that_runs_ahead_does_not_make_anything_happen_after_it_was_heard_of()
    {
        LinkEvent visit = Visit(0) with
        {
            OccurredAt = Some.Noon.AddHours(20),
            ReceivedAt = Some.Noon,
        };
        InsightSet fading = Computed.SetOf("source: Engagement\nmeasure: count\nhalfLife: 1 day");

        Computed.Value(fading, [visit], Some.Noon.AddDays(1)).Value.ShouldBe(FieldValue.Of(0.5m));
    }

    [Fact]
    public void A_clock_that_runs_behind_sees_what_fades_as_it_was_when_it_was_last_heard_of()
    {
        InsightSet fading = Computed.SetOf(
            "source: Engagement\nmeasure: count\nhalfLife: 1 seconds"
        );

        Computed
            .Value(fading, [Visit(0)], Some.Noon.AddHours(-1))
            .Value.ShouldBe(FieldValue.Of(1m));
    }

    [Fact]
    public void A_record_that_is_deleted_and_made_again_counts_again()
    {
        InsightSet orders = Computed.SetOf("source: SalesOrder\nmeasure: count");
        LinkEvent deleted = Some.Event(EventKind.Deleted, "SalesOrder", record: "o1", minute: 2);

        Computed.Value(orders, [Order("o1", 0), deleted]).Items.ShouldBe(0);
        Computed.Value(orders, [Order("o1", 0), deleted, Order("o1", 3)]).Items.ShouldBe(1);
        Computed.Value(orders, [Order("o1", 0), Order("o1", 3), deleted]).Items.ShouldBe(1);
    }

    [Fact]
    public void What_is_of_accounts_is_no_insight_of_people()
    {
        InsightSet insights = Computed.SetOf(
            ("of_people", "source: SalesOrder\nmeasure: count"),
            ("of_accounts", "of: account\nsource: Engagement\nmeasure: count")
        );
        UnifiedIndividual state = Computed.Apply(
            insights,
            [Order("o1", 0), Visit(0), Visit(1) with { Subject = SubjectKind.Account }]
        );

        Computed
            .LedgerOf(insights, state)
            .Values(Histories.End)
            .Single()
            .Insight.Definition.Name.ShouldBe("of_people");
        InsightLedger ofAccounts = Computed.LedgerOf(insights, state, SubjectKind.Account);
        Items(ofAccounts, Histories.End).ShouldBe(1);
        ofAccounts.ValueOf(insights.All[1], Histories.End).ShouldBeNull();
    }

    [Fact]
    public void What_counts_is_told_the_latest_first_and_comes_to_the_value() =>
        Histories
            .Any(60)
            .Sample(
                history =>
                {
                    InsightLedger ledger = Computed.Ledger(All, history);
                    foreach (InsightValue value in ledger.Values(Some.Noon))
                    {
                        Contribution[] told = [.. ledger.Contributions(value.Insight, Some.Noon)];
                        told.Select(one => one.At).ShouldBeInOrder(SortDirection.Descending);
                        if (value.Insight.Definition.Name is "spent" or "categories")
                        {
                            FieldValue
                                .Of(told.Sum(one => one.Value.AsNumber()!.Value))
                                .ShouldBe(value.Value!.Value);
                        }
                    }
                },
                iter: 50 * Laws.Thoroughness
            );

    private static (UnifiedIndividual From, UnifiedIndividual To) Move(
        UnifiedIndividual from,
        UnifiedIndividual to,
        LinkKey link
    )
    {
        UnifiedIndividual rest = from.Detach([link], to.Id, 0, out Departure moving).Next;
        to = to.Attach(moving.Links, out bool refused).Next;
        refused.ShouldBeFalse();
        return (rest.Release(MovedLink.Of(moving.Links), to.Id).Next, to);
    }

    private static IEnumerable<LinkEvent> Joined(
        LinkEvent[] others,
        LinkEvent[] history,
        LinkKey link
    ) => others.Select(Elsewhere).Concat(history.Where(e => e.Link == link));

    private static UnifiedIndividual Another(IEnumerable<LinkEvent> history) =>
        new UnifiedIndividual { Id = "ind_other" }
            .Apply(Histories.Number(history.Select(Elsewhere)), All)
            .Next;

    /// <summary>The same of somebody else; his orders may be told of under links of the same source.</summary>
    private static LinkEvent Elsewhere(LinkEvent e) =>
        e with
        {
            Link = e.Link with { Id = e.Link.Id + "/other" },
            Version = e.Version + 1_000,
        };

    /// <summary>Values without those that need not be the same to the last digit.</summary>
    private static string[] Count(InsightLedger ledger) =>
        [
            .. ledger
                .Values(Histories.End)
                .Where(value => value.Insight.Definition.HalfLife is null)
                .Select(Computed.Said),
        ];

    private static long Items(InsightLedger ledger, DateTimeOffset now) =>
        ledger.Values(now).ShouldHaveSingleItem().Items;

    private static LinkEvent Order(string id, int minute) =>
        Some.Event(EventKind.Updated, "SalesOrder", record: id, minute: minute);

    private static LinkEvent Visit(int minute) =>
        Some.Event(EventKind.Engagement, "Engagement", Guest, minute: minute);
}
