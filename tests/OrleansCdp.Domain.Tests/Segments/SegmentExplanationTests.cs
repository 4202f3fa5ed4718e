using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Why somebody is in a segment, part by part, and what becomes of it. That it is what is decided is a law of segments.</summary>
public sealed class SegmentExplanationTests
{
    [Fact]
    public void Of_a_change_whose_values_are_not_kept_no_reason_is_made_up()
    {
        SegmentDefinition segment = Segmented.Of("city is null");
        MembershipChange left = new(
            "some",
            Entered: false,
            Version: 1,
            Sequence: 2,
            One.Start,
            MembershipCause.Merge,
            []
        );

        SegmentExplanation.Of(segment, left).ShouldBeEmpty();

        left = left with { Values = [new AskedValue("city", null)] };
        SegmentExplanation.Of(segment, left).ShouldHaveSingleItem().Root.Holds.ShouldBe(true);
    }

    private static readonly DateTimeOffset Start = Some.Noon.AddDays(1);

    [Fact]
    public void Every_part_has_its_text_and_what_it_comes_to()
    {
        SegmentExplanation why = Explain(
            Segmented.Of("vip and not (city = 'oslo' or score + 1 > 3) and renewsAt is null"),
            new Field("vip", FieldValue.Of(value: true)),
            "city".Is("rome"),
            new Field("score", FieldValue.Of(5m))
        );

        ShownBy(why.Tiers.Single().Root)
            .ShouldBe([
                "vip and not (city = 'oslo' or score + 1 > 3) and renewsAt is null: False",
                ". vip: True",
                ". not (city = 'oslo' or score + 1 > 3): False",
                ". . city = 'oslo' or score + 1 > 3: True",
                ". . . city = 'oslo': False",
                ". . . . city: rome",
                ". . . score + 1 > 3: True",
                ". . . . score + 1: 6",
                ". . . . . score: 5",
                ". renewsAt is null: True",
                ". . renewsAt: none",
            ]);
        (why.Decided is { IsIn: true }).ShouldBeFalse();
        why.Forecast.ShouldBe("Not in it for as long as nothing happens.");
    }

    [Fact]
    public void What_is_asked_is_marked_and_tells_until_when_it_is_so()
    {
        SegmentExplanation why = Explain(
            Segmented.Of("renewsAt within next 20 days and city is null"),
            new Field("renewsAt", FieldValue.Of(Start.AddDays(5)))
        );

        ExplainedPart within = why.Tiers.Single().Root.Parts[0];
        within.Until.ShouldBe(Start.AddDays(5));
        within.Parts.Single().Asked!.Key.ShouldBe("renewsAt");
        within.Parts.Single().Value.ShouldBe(FieldValue.Of(Start.AddDays(5)));
        within.Asked.ShouldBeNull();
        why.Until.ShouldBe(Start.AddDays(5));
        why.ChangesAt.ShouldBe(Start.AddDays(5));
        why.Forecast.ShouldBe(
            $"Leaves {Rfc3339.Format(Start.AddDays(5))} unless something happens."
        );
    }

    [Fact]
    public void A_moment_at_which_nothing_changes_is_looked_beyond()
    {
        SegmentExplanation why = Explain(
            Segmented.Of("round((renewsAt - now) / 1 day) > 20"),
            new Field("renewsAt", FieldValue.Of(Start.AddDays(30)))
        );

        why.Until!.Value.ShouldBeLessThan(Start.AddDays(1), "it is another number of days then");
        why.ChangesAt!.Value.ShouldBe(Start.AddDays(9.5), TimeSpan.FromMilliseconds(1));
        why.Forecast.ShouldStartWith("Leaves ");
    }

    [Fact]
    public void A_change_of_a_segment_that_is_asked_for_is_foreseen()
    {
        SegmentSet set = Segmented.SetOf(
            Segmented.Of("renewsAt within next 20 days", "soon"),
            Segmented.Of("not in segment soon", "calm", "soon")
        );

        SegmentExplanation why = Explain(
            set,
            "calm",
            [new Field("renewsAt", FieldValue.Of(Start.AddDays(5)))]
        );

        (why.Decided is { IsIn: true }).ShouldBeFalse();
        why.Tiers.Single().Root.Parts.Single().Asked!.Kind.ShouldBe(SegmentInputKind.Segment);
        why.Until.ShouldBe(Start.AddDays(5));
        why.Forecast.ShouldBe(
            $"Enters {Rfc3339.Format(Start.AddDays(5))} unless something happens."
        );
    }

    [Fact]
    public void What_has_to_hold_for_a_time_is_told_since_when_it_does()
    {
        SegmentExplanation why = Explain(
            Segmented.Of("vip for at least 10 minutes"),
            new Field("vip", FieldValue.Of(value: true))
        );

        why.Tiers.Single().Root.Holds.ShouldBe(true);
        why.Tiers.Single().HoldsSince.ShouldBe(Start);
        (why.Decided is { IsIn: true }).ShouldBeFalse();
        why.ChangesAt.ShouldBe(Start.AddMinutes(10));
        why.Forecast.ShouldStartWith("Enters ");
    }

    [Fact]
    public void Of_a_waterfall_every_tier_is_explained_and_the_next_one_foreseen()
    {
        SegmentExplanation why = Explain(
            Segmented.Definition(
                "tiers:\n- {name: soon, criteria: renewsAt within next 20 days}\n"
                    + "- {name: some, criteria: renewsAt is not null}"
            ),
            new Field("renewsAt", FieldValue.Of(Start.AddDays(5)))
        );

        why.Decided!.Tier.ShouldBe("soon");
        why.Tiers.Select(tier => (tier.Tier.Name, tier.Root.Holds))
            .ShouldBe([("soon", true), ("some", true)]);
        why.Then!.Tier.ShouldBe("some");
        why.Forecast.ShouldBe(
            $"Moves to some {Rfc3339.Format(Start.AddDays(5))} unless something happens."
        );
    }

    [Fact]
    public void What_changes_all_the_time_is_looked_ahead_at_no_more_often_than_allowed()
    {
        SegmentExplanation why = Explain(
            Segmented.Of("round((now - renewsAt) / 1 day) >= 1000000"),
            new Field("renewsAt", FieldValue.Of(Start))
        );

        why.ChangesAt.ShouldBeNull();
        why.SameUntil.ShouldNotBeNull();
        why.Forecast.ShouldBe(
            $"Not in it at least until {Rfc3339.Format(why.SameUntil!.Value)} unless something happens."
        );
    }

    [Fact]
    public void Of_a_segment_that_does_not_know_of_the_past_nothing_is_foretold()
    {
        SegmentSet set = Segmented.SetOf(Segmented.Of("count(SalesOrder within last 9 days) = 0"));
        InsightSet insights = Segmented.InsightsOf(set);
        insights = new InsightSet(
            [.. insights.All.Select(insight => insight with { IsComplete = false })],
            insights.Newest
        );

        SegmentExplanation why = Explain(set, "some", [], insights);

        why.IsReady.ShouldBeFalse();
        why.Decided.ShouldBeNull();
        why.Tiers.Single().Root.Holds.ShouldBe(true);
        why.Forecast.ShouldBe("Nothing changes until what it measures is told of the past.");
    }

    [Fact]
    public void Before_its_account_has_told_what_is_asked_nothing_is_foretold()
    {
        SegmentSet set = Segmented.SetOf(Segmented.Of("account.industry is null"));
        AccountFacts unknown = new() { Account = "acc_1" };

        SegmentExplanation why = Explain(set, "some", [], account: unknown);

        (why.IsReady, why.AwaitsAccount, why.Account).ShouldBe((false, true, "acc_1"));
        why.Decided.ShouldBeNull();
        why.Forecast.ShouldBe("Nothing changes until its account has told what is asked of it.");
        AccountFacts told = unknown with { Values = [new("account.industry", FieldValue.Null)] };
        why = Explain(set, "some", [], account: told);
        (why.IsReady, why.AwaitsAccount).ShouldBe((true, false));
        why.Decided!.IsIn.ShouldBeTrue();
        Explain(set, "some", []).Decided!.IsIn.ShouldBeTrue("it belongs to none");
    }

    [Fact]
    public void Of_no_segment_nothing_is_explained()
    {
        SegmentSubject subject = new(
            LinkSet.Empty,
            new InsightLedger(InsightSet.None, SubjectKind.Individual),
            AccountFacts.None,
            ReconciliationPolicy.Default
        );

        SegmentExplanation
            .Of(SegmentSet.None, "none", subject, Memberships.None, Start)
            .ShouldBeNull();
    }

    private static SegmentExplanation Explain(SegmentDefinition segment, params Field[] traits) =>
        Explain(Segmented.SetOf(segment), segment.Name, traits);

    private static SegmentExplanation Explain(
        SegmentSet set,
        string name,
        Field[] traits,
        InsightSet? insights = null,
        AccountFacts? account = null
    )
    {
        insights ??= Segmented.InsightsOf(set);
        LinkSet links = new UnifiedIndividual { Id = "ind_test" }
            .Apply([Some.Traits(1, traits).At(1)], insights)
            .Next.Links;
        InsightLedger ledger = new(insights, SubjectKind.Individual);
        ledger.Become(links);
        SegmentSubject subject = new(
            links,
            ledger,
            account ?? AccountFacts.None,
            ReconciliationPolicy.Default
        );
        var (memberships, _) = new SegmentLedger(set).Follow(
            Memberships.None,
            subject,
            Start,
            MembershipCause.Event
        );
        return SegmentExplanation.Of(set, name, subject, memberships, Start)!;
    }

    private static ImmutableArray<string> ShownBy(ExplainedPart part) =>
        [
            $"{part.Text}: {(part.IsCondition ? part.Holds.ToString() : part.Value?.Text ?? "none")}",
            .. part.Parts.SelectMany(one => ShownBy(one)).Select(line => ". " + line),
        ];
}
