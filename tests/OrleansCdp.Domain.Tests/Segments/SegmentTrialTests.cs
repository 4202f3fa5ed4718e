using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>What a trial tells of a version is what happens when it is activated.</summary>
public sealed class SegmentTrialTests
{
    private const string Tiers = "{ name: rich, criteria: score > 20 }";

    private static readonly SegmentDefinition Value = Segmented.Definition(
        $"tiers: [{Tiers}, {{ name: fair, criteria: score > 10 }}]",
        "value"
    );

    private static readonly SegmentDefinition Rich = Segmented.Of(
        "in segment value.rich",
        "rich",
        "value",
        "value.rich"
    );

    private static readonly SegmentDefinition NotAny = Segmented.Of(
        "not in segment rich and vip = true",
        "plain_vip",
        "rich"
    );

    private static readonly SegmentDefinition City = Segmented.Of("city = 'rome'", "city");

    [Fact]
    public void Entries_exits_and_tiers_are_counted_and_so_is_who_asks_for_the_segment()
    {
        SegmentSet active = Segmented.SetOf(Value, Rich, NotAny, City);
        One[] people = [.. Enumerable.Range(0, 30).Select(i => SomebodyOf(active, score: i + 1))];
        ActiveSegment tried = new(
            Segmented.Definition(
                $"tiers: [{{ name: rich, criteria: score > 25 }}, {{ name: fair, criteria: score > 12 }}]",
                "value"
            ),
            2,
            5
        );
        SegmentTrial trial = new(active, tried, Segmented.InsightsOf(active));

        for (int i = 0; i < people.Length; i++)
        {
            people[i].TryOut(trial, $"ind_{i:D2}");
        }

        PreviewCounts counts = trial.Counts;
        (counts.Individuals, counts.Members, counts.MembersThen).ShouldBe((30, 20, 18));
        (counts.Entering, counts.Leaving, counts.ChangingTier, counts.Moved).ShouldBe((0, 2, 5, 7));
        counts.Share.ShouldBe(7m / 30);
        counts.BySegment.ShouldBe([
            new SegmentMoves("plain_vip", 5, 0),
            new SegmentMoves("rich", 0, 5),
            new SegmentMoves("value.fair", 5, 2),
            new SegmentMoves("value.rich", 0, 5),
        ]);
        counts.LeavingSample.Select(one => one.Individual).ShouldBe(["ind_10", "ind_11"]);
        counts
            .ChangingTierSample.Select(one => $"{one.From} {one.To}")
            .ShouldAllBe(one => one == "rich fair");
        counts.LeavingSample[0].Values.ShouldHaveSingleItem().Value.ShouldBe(FieldValue.Of(11m));
        trial.Askers.ShouldBe(["rich", "plain_vip"]);
        trial.Beside.Select(one => one.Definition.Name).ShouldBe(["rich", "plain_vip"]);
    }

    [Fact]
    public void What_is_told_is_what_an_activation_does()
    {
        SegmentSet active = Segmented.SetOf(Value, Rich, NotAny, City);
        One[] people = [.. Enumerable.Range(0, 30).Select(i => SomebodyOf(active, score: i + 1))];
        SegmentDefinition next = Segmented.Of("score > 15 and city != 'oslo'", "value");
        SegmentDefinition rich = Segmented.Of("in segment value", "rich", "value");
        SegmentSet before = new(
            [.. active.All.Where(one => one.Definition.Name != "rich"), new(rich, 2, 6)],
            6
        );
        SegmentSet after = new(
            [.. before.All.Where(one => one.Definition.Name != "value"), new(next, 3, 7)],
            7
        );
        SegmentTrial trial = new(before, new(next, 3, 7), Segmented.InsightsOf(before));
        List<string> done = [];
        foreach (One one in people)
        {
            one.Reload(before);
            one.Look();
            one.TryOut(trial, "ind");
            one.Reload(after);
            done.AddRange(one.Look().Select(change => change.Split(' ')[0]));
        }

        done.ShouldNotBeEmpty();
        trial
            .Counts.BySegment.SelectMany(flow =>
                new[] { ('+', flow.Name, flow.Entering), ('-', flow.Name, flow.Leaving) }
            )
            .Where(flow => flow.Item3 > 0)
            .Select(flow => $"{flow.Item1}{flow.Name} {flow.Item3}")
            .ShouldBe(
                done.GroupBy(change => change).Select(same => $"{same.Key} {same.Count()}"),
                ignoreOrder: true
            );
    }

    [Fact]
    public void So_many_are_named_and_one_more_is_only_counted()
    {
        SegmentSet active = Segmented.SetOf(City);
        SegmentTrial trial = new(
            active,
            new(Segmented.Of("score > 0", "scored"), 1, 0),
            Segmented.InsightsOf(active)
        );

        for (int i = 0; i <= PreviewCounts.SamplesMax; i++)
        {
            SomebodyOf(active, score: 1).TryOut(trial, $"ind_{i:D2}");
        }

        trial.Counts.Entering.ShouldBe(PreviewCounts.SamplesMax + 1);
        trial.Counts.EnteringSample.Length.ShouldBe(PreviewCounts.SamplesMax);
    }

    [Fact]
    public void What_has_to_hold_for_a_time_counts_as_if_it_had()
    {
        SegmentDefinition held = Segmented.Of("score > 1 for at least 10 minutes", "held");
        SegmentSet active = Segmented.SetOf(City);
        One one = SomebodyOf(active, score: 5);
        SegmentTrial trial = new(active, new(held, 1, 0), Segmented.InsightsOf(active));
        one.TryOut(trial, "ind");
        trial.Counts.Entering.ShouldBe(1, "it enters ten minutes after the activation");

        SegmentSet waiting = Segmented.SetOf(City, held);
        one.Reload(waiting);
        one.Look().ShouldBeEmpty();
        SegmentDefinition same = Segmented.Of("(score > 1) for at least 5 minutes", "held");
        trial = new SegmentTrial(waiting, new(same, 2, 0), Segmented.InsightsOf(active));
        one.TryOut(trial, "ind");
        trial.Counts.Moved.ShouldBe(0, "it enters by the one as by the other");
    }

    [Fact]
    public void People_who_were_not_looked_at_for_what_is_active_count_as_if_they_had()
    {
        SegmentSet first = Segmented.SetOf(City);
        One[] people = [.. Enumerable.Range(0, 10).Select(i => SomebodyOf(first, score: i + 1))];
        SegmentDefinition asked = Segmented.Of("score > 4", "asked");
        SegmentSet active = Segmented.SetOf(City, asked);
        SegmentTrial asks = new(
            active,
            new(Segmented.Of("in segment asked", "asks", "asked"), 1, 0),
            Segmented.InsightsOf(active)
        );
        SegmentTrial less = new(
            active,
            new(Segmented.Of("score > 8", "asked"), 2, 0),
            Segmented.InsightsOf(active)
        );

        foreach (One one in people)
        {
            one.TryOut(asks, "ind");
            one.TryOut(less, "ind");
        }

        (asks.Counts.Entering, asks.Counts.Members).ShouldBe((6, 0));
        (less.Counts.Members, less.Counts.Entering, less.Counts.Leaving).ShouldBe((6, 0, 4));
    }

    [Fact]
    public void Where_a_measure_is_not_computed_nothing_is_tried_and_its_name_is_told()
    {
        SegmentSet active = Segmented.SetOf(City);
        SegmentDefinition buys = Segmented.Of(
            "count(SalesOrder) > 1 and in segment city",
            "buys",
            "city"
        );

        SegmentTrial trial = new(active, new(buys, 1, 0), Segmented.InsightsOf(active));

        trial.NotReady.ShouldBe(
            buys.Inputs.SelectMany(input => input.Derived).Select(one => one.Name)
        );
        trial.Beside.ShouldHaveSingleItem().Definition.Name.ShouldBe("city");
        new SegmentTrial(
            active,
            new(buys, 1, 0),
            Segmented.InsightsOf(Segmented.SetOf(City, buys))
        ).NotReady.ShouldBeEmpty();
    }

    [Fact]
    public void What_it_rests_on_is_all_that_is_asked_for_also_by_others()
    {
        SegmentDefinition second = Segmented.Of("in segment city", "second", "city");
        SegmentDefinition third = Segmented.Of("in segment second", "third", "second");
        SegmentSet active = Segmented.SetOf(City, second, Rich, Value);

        SegmentTrial trial = new(active, new(third, 1, 0), Segmented.InsightsOf(active));

        trial.Beside.Select(one => one.Definition.Name).ShouldBe(["city", "second"]);
    }

    private static One SomebodyOf(SegmentSet segments, int score)
    {
        One one = new(segments);
        one.Say(
            new Field("score", FieldValue.Of((decimal)score)),
            new Field("vip", FieldValue.Of(true)),
            new Field("city", FieldValue.Of(score % 2 == 0 ? "rome" : "oslo"))
        );
        return one;
    }
}
