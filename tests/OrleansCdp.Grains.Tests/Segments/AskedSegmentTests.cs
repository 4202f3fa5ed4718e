using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>What a segment asks for, another one included, is there while it is active, and no two ask for each other.</summary>
public sealed class AskedSegmentTests
{
    private const string Name = "buyers";

    [Fact]
    public async Task One_that_another_asks_for_is_not_retired()
    {
        Reviewing all = await Reviewing.BeginAsync();
        int version = await all.ActivateAsync(Name, Reviewing.Buyers);
        int asking = await all.ActivateAsync("asking", $"criteria: not in segment {Name}");

        ReviewResult refused = await all.TryAsync(Name, version, ReviewStepKind.Retire);
        refused.Refusal!.Kind.ShouldBe(ReviewRefusalKind.InUse);
        refused.Errors.ShouldHaveSingleItem().Message.ShouldContain("`asking`");
        (await all.DecidingAsync()).Length.ShouldBe(2);

        await all.TakeAsync("asking", asking, ReviewStepKind.Retire);
        await all.TakeAsync(Name, version, ReviewStepKind.Retire);
        (await all.DecidingAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_tier_that_another_asks_for_stays()
    {
        Reviewing all = await Reviewing.BeginAsync();
        await all.ActivateAsync("value", Tiers("gold"));
        await all.ActivateAsync("asking", "criteria: in segment value.gold");

        ReviewResult result = await all.Grain.DraftSegmentAsync("value", Tiers("silver"), "me");

        result.Errors.ShouldHaveSingleItem().Message.ShouldContain("`asking`");

        static string Tiers(string name) =>
            $"tiers:\n- name: {name}\n  criteria: insights.lifetime_value > 100";
    }

    [Fact]
    public async Task Segments_that_ask_for_each_other_in_a_circle_are_refused()
    {
        Reviewing all = await Reviewing.BeginAsync();
        await all.ActivateAsync("one", Reviewing.Buyers);
        await all.ActivateAsync("other", "criteria: in segment one");

        ReviewResult circle = await all.Grain.DraftSegmentAsync(
            "one",
            """
            tiers:
            - {name: a, criteria: insights.lifetime_value > 100}
            - {name: b, criteria: insights.lifetime_value > 1 and in segment other}
            """,
            "me"
        );

        circle
            .Errors.ShouldHaveSingleItem()
            .ShouldBe(
                new(
                    "tiers[1].criteria",
                    "Segments ask for each other in a circle: one, other, one.",
                    3,
                    66
                )
            );
    }

    [Fact]
    public async Task A_circle_that_only_came_to_be_since_the_draft_is_refused_when_it_is_activated()
    {
        Reviewing all = await Reviewing.BeginAsync();
        await all.ActivateAsync("one", Reviewing.Buyers);
        await all.ActivateAsync("other", Reviewing.FewBuyers);
        int first = await all.ApproveAsync("one", "criteria: in segment other");
        int second = await all.ApproveAsync("other", "criteria: in segment one");

        await all.TakeAsync("one", first, ReviewStepKind.Activate);
        ReviewResult refused = await all.TryAsync("other", second, ReviewStepKind.Activate);

        refused.Refusal!.Kind.ShouldBe(ReviewRefusalKind.DoesNotCompile);
        (await all.DecidingAsync()).First(one => one.Name == "other").Version.ShouldBe(1);
    }

    [Fact]
    public async Task What_asks_for_a_segment_that_is_not_active_yet_is_reviewed_with_it_and_activated_after_it()
    {
        Reviewing all = await Reviewing.BeginAsync();
        (await all.Grain.DraftSegmentAsync("asking", "criteria: in segment asked", "me"))
            .Errors.ShouldHaveSingleItem()
            .Message.ShouldContain("asked");
        int asked = await all.DraftAsync("asked", Reviewing.Buyers);
        int asking = await all.ApproveAsync("asking", "criteria: in segment asked");
        (await all.Grain.DraftSegmentAsync("asked", "criteria: in segment asking", "me"))
            .Errors.ShouldHaveSingleItem()
            .Message.ShouldContain("circle");

        ReviewResult early = await all.TryAsync("asking", asking, ReviewStepKind.Activate);
        early.Refusal!.Kind.ShouldBe(ReviewRefusalKind.DoesNotCompile);
        await all.TakeAsync("asked", asked, ReviewStepKind.Submit, Reviewing.Author);
        await all.TakeAsync("asked", asked, ReviewStepKind.Approve);
        await all.TakeAsync("asked", asked, ReviewStepKind.Activate);
        await all.TakeAsync("asking", asking, ReviewStepKind.Activate);

        (await all.DecidingAsync())
            .Select(one => one.Name)
            .ShouldBe(["asked", "asking"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_segments_ask_for_cannot_be_taken_from_them()
    {
        Reviewing all = await Reviewing.BeginAsync();
        await all.Grain.PutAsync("insight", "orders", "source: SalesOrder\nmeasure: count", "me");
        await all.ActivateAsync(Name, "criteria: insights.orders > 3");

        PutResult divided = await all.Grain.PutAsync(
            "insight",
            "orders",
            "source: SalesOrder\nmeasure: last\nvalue: channel",
            "me"
        );

        divided.Errors.ShouldNotBeEmpty();
        divided.Errors[0].Message.ShouldContain($"`{Name}`");
    }
}
