using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Who enters and leaves when, and why.</summary>
public sealed class SegmentLedgerTests
{
    private static readonly DateTimeOffset Start = One.Start;

    [Fact]
    public void Whoever_is_new_enters_because_of_what_happened()
    {
        One one = new(Segmented.SetOf(Segmented.Of("vip")));

        one.Say(Vip(true)).ShouldBe(["+some v1 Event"]);

        Membership membership = one.Memberships.Segments.Single();
        (membership.Since, membership.Version, membership.Sequence).ShouldBe((Start, 1, 1));
        one.Say(Vip(false)).ShouldBe(["-some v1 Event"]);
        one.Memberships.Segments.ShouldBeEmpty();
    }

    [Fact]
    public void A_change_says_what_was_asked_and_told()
    {
        One one = new(Segmented.SetOf(Segmented.Of("vip and city is null and score is null")));

        one.Say(Vip(true), "city".Is("oslo"));
        one.Say(new Field("city", FieldValue.Null));

        one.Last.Values.Select(value => (value.Asked, value.Value?.Text))
            .ShouldBe([("vip", "true"), ("city", null), ("score", null)]);
    }

    [Fact]
    public void Whoever_was_just_loaded_says_the_cause_that_is_given()
    {
        One one = new(Segmented.SetOf(Segmented.Of("vip")));
        one.Say(Vip(false)).ShouldBeEmpty();

        one.Reload();

        one.Say(Vip(true)).ShouldBe(["+some v1 Event"]);
    }

    [Fact]
    public void A_condition_that_has_to_hold_for_a_time_is_waited_for_and_left_at_once()
    {
        One one = new(Segmented.SetOf(Segmented.Of("vip for at least 10 minutes")));

        one.Say(Vip(true)).ShouldBeEmpty();
        one.DueAt.ShouldBe(Start.AddMinutes(10));
        one.Look(minute: 9).ShouldBeEmpty();
        one.Look(minute: 10).ShouldBe(["+some v1 Time"]);
        one.DueAt.ShouldBeNull();
        one.Say(Vip(false)).ShouldBe(["-some v1 Event"]);
        one.Say(Vip(true)).ShouldBeEmpty();
        one.Say(Vip(false)).ShouldBeEmpty();
        one.Memberships.Segments.ShouldBeEmpty("nothing is waited for any more");
        one.Look(minute: 60).ShouldBeEmpty();
    }

    [Fact]
    public void How_long_a_condition_held_outlasts_a_restart_and_a_version_that_asks_the_same()
    {
        SegmentDefinition segment = Segmented.Of("vip for at least 10 minutes");
        One one = new(Segmented.SetOf(segment));
        one.Say(Vip(true)).ShouldBeEmpty();

        one.Reload(Set((segment with { Description = "another" }, 2, 2)));

        one.Look(minute: 5).ShouldBeEmpty();
        one.Look(minute: 10).ShouldBe(["+some v2 Time"]);
    }

    [Fact]
    public void In_a_waterfall_one_is_in_the_first_tier_that_holds()
    {
        One one = new(
            Segmented.SetOf(
                Segmented.Definition(
                    "tiers:\n- {name: gold, criteria: vip}\n- {name: silver, criteria: score > 1}",
                    "tier"
                ),
                Segmented.Of("in segment tier.gold", "golden", "tier", "tier.gold"),
                Segmented.Of("in segment tier", "any", "tier", "tier.gold")
            )
        );

        one.Say("score".Is(2)).ShouldBe(["+tier.silver v1 Event", "+any v1 Segment"]);
        one.Say(Vip(true))
            .ShouldBe(["-tier.silver v1 Event", "+tier.gold v1 Event", "+golden v1 Segment"]);
        one.Say(Vip(false), "score".Is(0))
            .ShouldBe(["-tier.gold v1 Event", "-any v1 Segment", "-golden v1 Segment"]);
    }

    [Fact]
    public void A_later_tier_that_held_meanwhile_is_not_waited_for_again()
    {
        One one = new(
            Segmented.SetOf(
                Segmented.Definition(
                    "tiers:\n- {name: gold, criteria: vip}\n"
                        + "- {name: silver, criteria: score > 1 for at least 1 hour}",
                    "tier"
                )
            )
        );
        one.Say("score".Is(2));
        one.Look(minute: 60).ShouldBe(["+tier.silver v1 Time"]);
        one.Say(Vip(true));

        one.Say(Vip(false)).ShouldBe(["-tier.gold v1 Event", "+tier.silver v1 Event"]);
    }

    [Fact]
    public void Another_version_says_that_it_is_the_cause_also_one_that_was_active_before()
    {
        SegmentDefinition one = Segmented.Of("vip");
        SegmentDefinition two = Segmented.Of("score > 1");
        One person = new(Set((one, 1, 1)));
        person.Say(Vip(true)).ShouldBe(["+some v1 Event"]);

        person.Reload(Set((two, 2, 2)));
        person.Look().ShouldBe(["-some v2 Version"]);
        person.Reload(Set((one, 1, 3)));
        person.Look().ShouldBe(["+some v1 Version"]);
    }

    [Fact]
    public void A_segment_that_is_no_more_is_left()
    {
        SegmentDefinition gone = Segmented.Of("vip", "gone");
        SegmentDefinition asks = Segmented.Of("not in segment gone", "asks", "gone");
        One one = new(Set((gone, 1, 1), (asks, 1, 2)));
        one.Say(Vip(true)).ShouldBe(["+gone v1 Event"]);

        one.Reload(Set((asks, 1, 2)));

        one.Look().ShouldBe(["-gone v1 Version", "+asks v1 Segment"]);
    }

    [Fact]
    public void A_silo_that_knows_older_segments_changes_nothing()
    {
        SegmentDefinition two = Segmented.Of("score > 1");
        One one = new(Set((two, 2, 2)));
        one.Say("score".Is(2), Vip(false)).ShouldBe(["+some v2 Event"]);
        Memberships before = one.Memberships;

        one.Reload(Set((Segmented.Of("vip"), 1, 1)));

        one.Say("score".Is(0)).ShouldBeEmpty();
        one.Memberships.ShouldBeSameAs(before);
        one.IsBehind.ShouldBeTrue();
    }

    [Fact]
    public void A_clock_that_runs_behind_brings_nobody_back()
    {
        One one = new(Segmented.SetOf(Segmented.Of("renewsAt within next 1 hour")));
        one.Say(new Field("renewsAt", FieldValue.Of(Start.AddMinutes(30))))
            .ShouldBe(["+some v1 Event"]);
        one.Look(minute: 30).ShouldBe(["-some v1 Time"]);

        one.Reload();

        one.Look(minute: 29).ShouldBeEmpty();
    }

    [Fact]
    public void What_is_told_of_the_account_is_asked()
    {
        One one = new(
            Segmented.SetOf(
                Segmented.Of("account.industry = 'Retail' and account.insights.open_cases > 1")
            )
        );
        one.Say(Vip(true)).ShouldBeEmpty();

        one.Tell(
                ("account.industry", FieldValue.Of("Retail")),
                ("account.insights.open_cases", FieldValue.Null)
            )
            .ShouldBeEmpty();
        one.Tell(
                ("account.industry", FieldValue.Of("Retail")),
                ("account.insights.open_cases", FieldValue.Of(2))
            )
            .ShouldBe(["+some v1 Account"]);
        one.Leave().ShouldBe(["-some v1 Event"], "where there is no account nothing has a value");
    }

    [Fact]
    public void A_segment_is_not_evaluated_before_its_insights_know_of_the_past()
    {
        SegmentSet set = Segmented.SetOf(Segmented.Of("not last(Engagement) within last 90 days"));
        InsightSet whole = Segmented.InsightsOf(set);
        InsightSet empty = new([], newest: 0);
        InsightSet incomplete = new(
            [.. whole.All.Select(insight => insight with { IsComplete = false })],
            whole.Newest
        );
        One one = new(set) { Insights = empty };

        one.Say(Vip(true)).ShouldBeEmpty("it is not there");
        one.Insights = incomplete;
        one.Say(Vip(false)).ShouldBeEmpty("it knows nothing of the past");
        one.Insights = whole;
        one.Look().ShouldBe(["+some v1 Version"]);
    }

    [Fact]
    public void Another_version_of_an_insight_is_asked()
    {
        SegmentSet set = Segmented.SetOf(Segmented.Of("insights.spent > 0"));
        InsightSet before = Segmented.InsightsOf(set);
        InsightDefinition counted = Segmented.Insight(
            "spent",
            "source: SalesOrder\nmeasure: count"
        );
        One one = new(set) { Insights = before };
        one.Happen(Some.Event(EventKind.Created, "SalesOrder", record: "o1")).ShouldBeEmpty();

        one.Insights = new InsightSet(
            [
                .. before.All.Where(insight => insight.Definition.Name != "spent"),
                new ActiveInsight(counted, 2, 99),
            ],
            newest: 99
        );

        one.Look().ShouldBe(["+some v1 Version"]);
    }

    [Fact]
    public void The_largest_part_of_a_divided_insight_is_asked()
    {
        One one = new(Segmented.SetOf(Segmented.Of("insights.channels.top = 'web'")));

        one.Happen(Order("o1", "web")).ShouldBe(["+some v1 Event"]);
        one.Happen(Order("o2", "shop")).ShouldBe(["-some v1 Event"]);
        one.Happen(Order("o3", "web")).ShouldBe(["+some v1 Event"]);
    }

    [Fact]
    public void What_ends_soon_is_told_by_its_day_until_it_goes_on_or_is_over()
    {
        One one = new(
            Segmented.SetOf(
                Segmented.Of(
                    "max(endDate of Entitlement where not (status = 'cancelled')) within next 2 days"
                )
            )
        );
        DateTimeOffset end = new(Start.Date.AddDays(3), TimeSpan.Zero);

        one.Happen(Term(1, end)).ShouldBeEmpty();
        one.DueAt.ShouldBe(end.AddDays(-2));
        one.Look(MinuteOf(end.AddDays(-2))).ShouldBe(["+some v1 Time"]);
        one.DueAt.ShouldBe(end);
        one.Look(MinuteOf(end)).ShouldBe(["-some v1 Time"]);
        one.DueAt.ShouldBeNull();

        one.Happen(Term(2, end.AddDays(9))).ShouldBeEmpty();
        one.DueAt.ShouldBe(end.AddDays(7));
        one.Look(MinuteOf(end.AddDays(7))).ShouldBe(["+some v1 Time"]);
        one.Happen(Term(3, end.AddDays(9), "cancelled")).ShouldBe(["-some v1 Event"]);
    }

    private static int MinuteOf(DateTimeOffset moment) => (int)(moment - Start).TotalMinutes;

    private static LinkEvent Term(int version, DateTimeOffset end, string status = "active") =>
        Some.Event(
            EventKind.Updated,
            "Entitlement",
            record: "t1",
            version: version,
            fields:
            [
                new Field("endDate", FieldValue.Of(DateOnly.FromDateTime(end.Date))),
                "status".Is(status),
            ]
        );

    private static LinkEvent Order(string id, string channel) =>
        Some.Event(EventKind.Created, "SalesOrder", record: id, fields: "channel".Is(channel));

    private static Field Vip(bool isOne) => new("vip", FieldValue.Of(isOne));

    private static SegmentSet Set(params (SegmentDefinition Of, int Version, long At)[] segments) =>
        new(
            [.. segments.Select(one => new ActiveSegment(one.Of, one.Version, one.At))],
            segments.Max(one => one.At)
        );

    /// <summary>Somebody, and what is found each time.</summary>
}
