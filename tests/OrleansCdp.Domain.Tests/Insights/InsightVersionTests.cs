using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>What is kept of versions that come and go.</summary>
public sealed class InsightVersionTests
{
    private static readonly InsightDefinition Visits = Computed.Definition(
        "source: Engagement\nmeasure: count\nwhere: name != 'hidden'",
        "visits"
    );

    private static readonly InsightSet First = new(
        [new ActiveInsight(Visits, Version: 1, Revision: 1, IsServing: true)],
        newest: 1
    );

    private static readonly InsightSet Both = new(
        [
            new ActiveInsight(Visits, Version: 1, Revision: 1, IsServing: true),
            new ActiveInsight(Visits, Version: 2, Revision: 2, IsServing: false, IsComplete: false),
        ],
        newest: 2
    );

    private static readonly InsightSet Second = new(
        [new ActiveInsight(Visits, Version: 2, Revision: 2, IsServing: true)],
        newest: 2
    );

    [Fact]
    public void A_version_that_was_there_before_anything_was_done_has_all_of_it()
    {
        UnifiedIndividual individual = Nobody
            .Apply([Some.Traits(0, "city".Is("x")).At(1), Visit(2)], First)
            .Next;

        Accumulation known = Known(individual).ShouldHaveSingleItem();
        known.IsWhole.ShouldBeTrue();
        (known.SinceNormal, known.SinceLow).ShouldBe((0, 0));
    }

    [Fact]
    public void A_version_made_later_has_what_came_since()
    {
        LinkEvent low = Visit(1).Event with { Lane = Lane.Low };
        UnifiedIndividual individual = Nobody
            .Apply([Visit(1), Visit(2), low.At(1)], First)
            .Next.Apply([Visit(3)], Both)
            .Next;

        Accumulation made = Known(individual)[1];

        (made.Revision, made.IsWhole).ShouldBe((2, false));
        (made.SinceNormal, made.SinceLow).ShouldBe((2, 1));
        Counts(Both, individual).ShouldBe([4, 1]);
    }

    [Fact]
    public void What_a_version_knew_that_nobody_computes_any_more_goes()
    {
        UnifiedIndividual individual = Nobody
            .Apply([Visit(1)], Both)
            .Next.Apply([Visit(2)], Second)
            .Next;

        Known(individual).Select(known => known.Revision).ShouldBe([2L]);
        Counts(Second, individual).ShouldBe([2]);
    }

    [Fact]
    public void A_version_that_is_newer_than_those_who_fold_stays()
    {
        UnifiedIndividual individual = Nobody
            .Apply([Visit(1)], Both)
            .Next.Apply([Visit(2)], First)
            .Next.Apply([Visit(3)], InsightSet.None)
            .Next.Apply([Visit(4)])
            .Next;

        Known(individual).Select(known => known.Revision).ShouldBe([1L, 2L]);
        Counts(First, individual).ShouldBe([2]);
    }

    [Fact]
    public void Only_versions_that_serve_are_shown_and_any_can_be_asked_for()
    {
        InsightLedger ledger = Computed.LedgerOf(Both, Nobody.Apply([Visit(1)], Both).Next);

        ledger.Values(Histories.End).ShouldHaveSingleItem().Insight.Version.ShouldBe(1);
        ledger.ValueOf(Both.All[1], Histories.End)!.Items.ShouldBe(1);
        ledger.ValueOf(First.All[0], Histories.End)!.Items.ShouldBe(1);
    }

    [Fact]
    public void What_does_not_count_keeps_nothing()
    {
        LinkEvent hidden = Visit(1).Event with { Fields = ["name".Is("hidden")] };

        Known(Nobody.Apply([hidden.At(1)], First).Next).ShouldBeEmpty();
    }

    [Fact]
    public void A_state_of_before_there_were_insights_goes_on()
    {
        Link old = Nobody.Apply([Visit(1)]).Next.Links.Links[0] with { Insights = default };
        UnifiedIndividual individual = Nobody with { Links = LinkSet.Empty.With(old) };

        Counts(First, individual).ShouldBe([0]);
        individual = individual.Apply([Visit(2)], First).Next;

        Counts(First, individual).ShouldBe([1]);
        new RecordBase { Insights = default }.Insights.ShouldBeEmpty();
    }

    private static UnifiedIndividual Nobody => new() { Id = "ind_test" };

    private static SequencedEvent Visit(long sequence) =>
        Some.Event(EventKind.Engagement, "Engagement", fields: "name".Is("page")).At(sequence);

    private static ImmutableArray<Accumulation> Known(UnifiedIndividual individual) =>
        individual.Links.Links[0].Insights;

    private static long[] Counts(InsightSet insights, UnifiedIndividual individual)
    {
        InsightLedger ledger = Computed.LedgerOf(insights, individual);
        return [.. insights.All.Select(one => ledger.ValueOf(one, Histories.End)!.Items)];
    }
}
