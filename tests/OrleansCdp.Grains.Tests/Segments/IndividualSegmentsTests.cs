using Microsoft.Extensions.Logging.Abstractions;
using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Why everybody is looked at, and what becomes of a state whose segments cannot be evaluated.</summary>
public sealed class IndividualSegmentsTests
{
    private static readonly SegmentSet Set = FakeSegments.SetOf(
        3,
        ("recent", "count(SalesOrder within last 10 minutes) >= 1", 1, 3)
    );

    [Fact]
    public void What_cannot_be_evaluated_keeps_nobody_waiting_and_is_looked_at_again()
    {
        IndividualSegments segments = new(
            "ind_a",
            new FakeSegments(Set),
            ReconciliationPolicy.Default,
            TimeProvider.System,
            NullLogger.Instance
        );
        UnifiedIndividual state = new()
        {
            Id = "ind_a",
            Links = LinkSet.Empty.With(new Link { Key = new LinkKey("shop", "customer", "a") }),
        };

        var (next, changes) = Follow((_, _) => throw new InvalidOperationException("A defect."));

        next.ShouldBeSameAs(state);
        changes.ShouldBeEmpty();
        segments.DueAt.ShouldBe(Some.Noon + IndividualSegments.LookAgain);
        Follow((computed, _) => new InsightLedger(computed, Events.SubjectKind.Individual));
        segments.DueAt.ShouldBeNull();

        (UnifiedIndividual, System.Collections.Immutable.ImmutableArray<MembershipChange>) Follow(
            Func<InsightSet, LinkSet, InsightLedger> insightsOf
        ) =>
            segments.Follow(
                state,
                state,
                InsightSet.None,
                insightsOf,
                Some.Noon,
                MembershipCause.Event
            );
    }

    [Theory]
    [InlineData("ind_a", 1)]
    [InlineData("rec_a", 0)]
    public void A_record_of_nobody_is_in_no_segment(string id, int entries)
    {
        UnifiedIndividual state = new()
        {
            Id = id,
            Links = LinkSet.Empty.With(new Link { Key = new LinkKey("shop", "customer", "a") }),
        };
        SegmentSet set = FakeSegments.SetOf(1, ("idle", "not count(SalesOrder) >= 1", 1, 1));
        IndividualSegments segments = new(
            id,
            new FakeSegments(set),
            ReconciliationPolicy.Default,
            TimeProvider.System,
            NullLogger.Instance
        );

        var (_, changes) = segments.Follow(
            state,
            state,
            FakeSegments.InsightsOf(set),
            (computed, links) =>
                InsightLedger.Of(null, computed, Events.SubjectKind.Individual, links),
            Some.Noon,
            MembershipCause.Event
        );

        changes.Length.ShouldBe(entries);
    }

    [Fact]
    public void Everybody_is_looked_at_where_an_insight_that_segments_ask_for_is_another()
    {
        InsightSet insights = FakeSegments.InsightsOf(Set);
        WalkReason reason = WalkReason.Of(insights, Set);
        ActiveInsight asked = insights.All.ShouldHaveSingleItem();

        SignatureOf(asked).ShouldBe(reason.Signature);
        SignatureOf(asked with { Revision = 98 }).ShouldNotBe(reason.Signature);
        SignatureOf(asked with { IsComplete = false }).ShouldNotBe(reason.Signature);
        SignatureOf(asked with { ModelHash = "another" }).ShouldNotBe(reason.Signature);
        WalkReason.Of(insights, SegmentSet.None).Signature.ShouldBeEmpty();

        static string SignatureOf(ActiveInsight insight) =>
            WalkReason.Of(new InsightSet([insight], newest: 99), Set).Signature;
    }
}
