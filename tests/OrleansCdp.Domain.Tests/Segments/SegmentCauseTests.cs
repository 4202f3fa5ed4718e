using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Why somebody who was just loaded, merged or put off enters and leaves.</summary>
public sealed class SegmentCauseTests
{
    private static readonly DateTimeOffset Start = One.Start;

    [Fact]
    public void Who_lives_elsewhere_leaves_everything_and_says_why()
    {
        One one = new(Segmented.SetOf(Segmented.Of("vip"), Segmented.Of("not vip", "others")));
        one.Say(Vip(true)).ShouldBe(["+some v1 Event"]);

        var (next, changes) = SegmentLedger.Leave(
            one.Memberships,
            Start.AddHours(-1),
            MembershipCause.Merge
        );

        MembershipChange left = changes.ShouldHaveSingleItem();
        (left.Segment, left.Entered, left.Sequence, left.Cause).ShouldBe(
            ("some", false, 2, MembershipCause.Merge)
        );
        left.At.ShouldBe(Start, "a clock that runs behind tells of nothing before the last change");
        (next.Sequence, next.Segments.IsEmpty, next.Catalogue).ShouldBe((2, true, 2));
        SegmentLedger
            .Leave(next, Start, MembershipCause.Merge)
            .ShouldBe((next, ImmutableArray<MembershipChange>.Empty));
    }

    [Fact]
    public void Whoever_was_just_loaded_tells_an_event_from_a_version_and_from_time()
    {
        SegmentSet first = Segmented.SetOf(
            Segmented.Of("vip"),
            Segmented.Of("score > 1", "scored")
        );
        SegmentSet second = new(
            [.. first.All, new ActiveSegment(Segmented.Of("vip is null", "other"), 1, 3)],
            newest: 3
        );
        One one = new(second);
        one.Reload(first);
        one.Say("score".Is(1)).ShouldBeEmpty();

        one.Reloaded(second, "score".Is(2))
            .ShouldBe(["+other v1 Version", "+scored v1 Event"], ignoreOrder: true);
    }

    [Fact]
    public void Who_was_somebody_before_the_first_segment_enters_it_because_of_the_segment()
    {
        SegmentSet set = Segmented.SetOf(Segmented.Of("vip is null"));
        One one = new(set);
        one.Reload(SegmentSet.None);
        one.Say("city".Is("oslo")).ShouldBeEmpty();
        one.Forget();

        one.Reloaded(set, "city".Is("bergen")).ShouldBe(["+some v1 Version"]);
    }

    [Fact]
    public void A_segment_that_waits_for_what_it_measures_is_the_cause_when_it_is_evaluated()
    {
        SegmentSet set = Segmented.SetOf(Segmented.Of("count(SalesOrder) = 0"));
        One one = new(set);
        InsightSet complete = one.Insights;
        one.Insights = new InsightSet(
            [.. complete.All.Select(insight => insight with { IsComplete = false })],
            complete.Newest
        );
        one.Say("city".Is("oslo")).ShouldBeEmpty();
        one.Forget();
        one.Reloaded(set, "city".Is("bergen")).ShouldBeEmpty();
        one.Memberships.Waiting.ShouldBe(["some"]);

        one.Insights = complete;
        one.Reloaded(set, "city".Is("oslo")).ShouldBe(["+some v1 Version"]);
        one.Memberships.Waiting.ShouldBeEmpty();
    }

    [Fact]
    public void Who_leaves_because_of_a_merge_goes_on_waiting_when_that_is_taken_back()
    {
        One one = new(Segmented.SetOf(Segmented.Of("vip for at least 10 minutes")));
        one.Say(Vip(true));
        one.Look(minute: 10).ShouldBe(["+some v1 Time"]);

        var (next, changes) = SegmentLedger.Leave(one.Memberships, Start, MembershipCause.Merge);

        changes.ShouldHaveSingleItem().Entered.ShouldBeFalse();
        next.IsIn("some").ShouldBeFalse();
        next.Find("some")!.Holdings.ShouldHaveSingleItem().Since.ShouldBe(Start);
    }

    [Fact]
    public void The_end_of_time_is_not_put_off()
    {
        One one = new(
            Segmented.SetOf(Segmented.Definition("criteria: renewsAt > now\njitter: 1 hour"))
        );

        one.Say(new Field("renewsAt", FieldValue.Of(DateTimeOffset.MaxValue)));

        one.DueAt.ShouldNotBeNull();
    }

    [Fact]
    public void A_look_for_the_time_is_later_by_what_the_segment_allows_and_spread_by_who_it_is()
    {
        SegmentDefinition spread = Segmented.Definition(
            "criteria: vip for at least 10 minutes\njitter: 10 minutes"
        );
        DateTimeOffset due = Start.AddMinutes(10);

        DateTimeOffset[] looks =
        [
            .. Enumerable.Range(0, 100).Select(i => DueOf($"ind_{i}", Segmented.SetOf(spread))),
        ];

        looks.ShouldAllBe(look => look >= due && look < due.AddMinutes(10));
        looks.Distinct().Count().ShouldBe(looks.Length);
        looks.Count(look => look < due.AddMinutes(5)).ShouldBeInRange(30, 70);
        DueOf("ind_0", Segmented.SetOf(spread)).ShouldBe(looks[0], "of one it is always the same");
        DueOf("ind_0", Segmented.SetOf(spread with { Jitter = default })).ShouldBe(due);

        static DateTimeOffset DueOf(string id, SegmentSet set)
        {
            One one = new(set);
            one.Reload(id: id);
            one.Say(Vip(true)).ShouldBeEmpty();
            return one.DueAt!.Value;
        }
    }

    private static Field Vip(bool isOne) => new("vip", FieldValue.Of(isOne));
}
