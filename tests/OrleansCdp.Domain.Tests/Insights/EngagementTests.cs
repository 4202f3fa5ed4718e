using System.Text.Json.Nodes;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

public sealed class EngagementTests
{
    [Fact]
    public void The_200th_name_has_a_counter_and_the_201st_counts_as_other()
    {
        LinkEvent[] events = Named(Limits.EngagementNamesMax + 2, Lane.Normal);

        EngagementState atLimit = Some.Fold(events[..^2]).Engagement;
        EngagementState past = Some.Fold([.. events, events[0]]).Engagement;

        atLimit.Counters.Length.ShouldBe(Limits.EngagementNamesMax);
        atLimit.Counters.ShouldAllBe(counter => counter.Count == 1);
        CountOf(past, EngagementState.OtherName).ShouldBe(2);
        CountOf(past, "did 0000").ShouldBe(2);
        past.Counters.Length.ShouldBe(Limits.EngagementNamesMax + 1);
    }

    [Fact]
    public void Names_of_one_lane_leave_the_other_lane_its_room()
    {
        EngagementState state = Some.Fold([
            .. Named(Limits.EngagementNamesMax, Lane.Low),
            Named("seen", 0, Lane.Normal),
            Named("did 0000", 0, Lane.Normal),
        ]).Engagement;

        CountOf(state, EngagementState.OtherName).ShouldBe(0);
        CountOf(state, "seen").ShouldBe(1);
        CountOf(state, "did 0000").ShouldBe(2);
    }

    [Fact]
    public void Of_21_interactions_the_latest_20_stay()
    {
        LinkEvent[] events = Named(Limits.InteractionsMax + 1, Lane.Normal);

        EngagementState atLimit = Some.Fold(events[1..]).Engagement;
        EngagementState past = Some.Fold([.. events[1..], events[0]]).Engagement;

        atLimit.Latest.Length.ShouldBe(Limits.InteractionsMax);
        past.Latest.Length.ShouldBe(Limits.InteractionsMax);
        past.Latest[0].Name.ShouldBe("did 0020");
        past.Latest.ShouldNotContain(done => done.Name == "did 0000");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Of_an_interaction_s_fields_the_first_12_stay(int tooMany)
    {
        LinkEvent e = Named("seen", 0, Lane.Normal);
        e = e with
        {
            Fields =
            [
                .. e.Fields,
                .. Enumerable
                    .Range(0, Limits.InteractionFieldsMax + tooMany)
                    .Select(i => $"f{i:D2}".Is("x")),
            ],
        };

        Interaction kept = Some.Fold(e).Engagement.Latest.ShouldHaveSingleItem();

        JsonObject fields = JsonNode.Parse(kept.Fields)!.AsObject();
        fields.Count.ShouldBe(Limits.InteractionFieldsMax);
        fields.Last().Key.ShouldBe("f11");
    }

    private static long CountOf(EngagementState state, string name) =>
        state.Counters.Where(counter => counter.Name == name).Sum(counter => counter.Count);

    private static LinkEvent[] Named(int count, Lane lane) =>
        [.. Enumerable.Range(0, count).Select(i => Named($"did {i:D4}", i, lane))];

    private static LinkEvent Named(string name, int minute, Lane lane) =>
        Some.Event(
            EventKind.Engagement,
            "Engagement",
            minute: minute,
            lane: lane,
            id: name,
            fields: "name".Is(name)
        );
}
