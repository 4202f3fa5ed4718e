using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>What a definition may say, and within which bounds.</summary>
public sealed class SegmentDefinitionTests
{
    [Fact]
    public void A_definition_says_who_is_in_it_in_which_time_zone_and_what_is_too_much()
    {
        SegmentDefinition segment = Segmented.Definition(
            """
            description: Important people
            criteria: vip and renewsAt within next 3 calendar days for at least 10 minutes
            timeZone: Europe/Berlin
            flapsAbove: 10
            jitter: 5 minutes
            confirmAbove: 0.5
            """
        );

        segment.Description.ShouldBe("Important people");
        segment.TimeZone.Id.ShouldBe("Europe/Berlin");
        (segment.FlapsAbove, segment.Jitter, segment.ConfirmAbove).ShouldBe(
            (10, TimeSpan.FromMinutes(5), 0.5m)
        );
        SegmentTier tier = segment.Tiers.Single();
        (tier.Name, tier.ForAtLeast).ShouldBe((null, TimeSpan.FromMinutes(10)));
        segment.IsWaterfall.ShouldBeFalse();
    }

    [Fact]
    public void A_waterfall_has_tiers_in_their_order()
    {
        SegmentDefinition segment = Segmented.Definition(
            """
            tiers:
            - name: gold
              criteria: insights.spent >= 1000
            - name: silver
              criteria: insights.spent >= 100 for at least 1 day
            """
        );

        segment.IsWaterfall.ShouldBeTrue();
        segment.NormalForm.ShouldBe(
            "gold: insights.spent >= 1000\nsilver: insights.spent >= 100 for at least 1 day"
        );
        segment.Inputs.Length.ShouldBe(1, "what both ask is asked once");
    }

    [Theory]
    [InlineData("description: x", "criteria", "Who is in it? An expression.")]
    [InlineData("criteria: [vip]", "criteria", "Who is in it? An expression.")]
    [InlineData("criteria: vip\ntimeZone: Mars/Olympus", "timeZone", "There is no time zone")]
    [InlineData("criteria: vip\nflapsAbove: 1", "flapsAbove", "2")]
    [InlineData("criteria: vip\nflapsAbove: 61", "flapsAbove", "60")]
    [InlineData("criteria: vip\njitter: 61 minutes", "jitter", "at most `1 hour`")]
    [InlineData("criteria: vip\nconfirmAbove: 1.01", "confirmAbove", "between 0 and 1")]
    [InlineData("criteria: vip\nconfirmAbove: -1", "confirmAbove", "not below 0")]
    [InlineData("criteria: vip\ncriterion: vip", "criterion", "Unknown key `criterion`")]
    [InlineData("criteria: vip\ntiers:\n- {name: a, criteria: vip}", "criteria", "With `tiers`")]
    [InlineData("tiers: []", "tiers", "Between 1 and 20")]
    [InlineData("tiers:\n- {criteria: vip}", "tiers[0].name", "A tier's name")]
    [InlineData("tiers:\n- {name: A, criteria: vip}", "tiers[0].name", "A tier's name")]
    [InlineData(
        "tiers:\n- {name: a, criteria: vip}\n- {name: a, criteria: vip}",
        "tiers[1].name",
        "There is a tier `a` already."
    )]
    public void What_cannot_be_meant_is_told_where_it_stands(string text, string path, string what)
    {
        DefinitionError error = Segmented.Wrong(text).ShouldHaveSingleItem();

        (error.Path, error.Message).ShouldSatisfyAllConditions(
            () => error.Path.ShouldBe(path),
            () => error.Message.ShouldContain(what)
        );
        error.Line.ShouldBePositive();
    }

    [Theory]
    [InlineData("criteria: vip\nflapsAbove: 2\njitter: 1 hour\nconfirmAbove: 1")]
    [InlineData("criteria: vip\nflapsAbove: 60\nconfirmAbove: 0")]
    public void A_definition_may_go_up_to_its_bounds(string text) => Segmented.Definition(text);

    [Theory]
    [InlineData(SegmentDefinition.TiersMax, null)]
    [InlineData(SegmentDefinition.TiersMax + 1, "Between 1 and 20 tiers stand here.")]
    public void A_waterfall_has_some_tiers(int count, string? wrong) =>
        ShouldBe(
            "tiers:\n"
                + string.Concat(
                    Enumerable.Range(0, count).Select(i => $"- {{name: t{i}, criteria: vip}}\n")
                ),
            wrong
        );

    [Theory]
    [InlineData(SegmentDefinition.DerivedMax, null)]
    [InlineData(
        SegmentDefinition.DerivedMax + 1,
        "There are 21 insights that its measures and sequences are; a segment has at most 20."
    )]
    public void A_segment_makes_some_insights(int count, string? wrong) =>
        ShouldBe(
            "criteria: "
                + string.Join(
                    " or ",
                    Enumerable
                        .Range(0, count)
                        .Select(i => $"count(SalesOrder where total > {i}) > 1")
                ),
            wrong
        );

    [Theory]
    [InlineData(SegmentDefinition.InputsMax, null)]
    [InlineData(
        SegmentDefinition.InputsMax + 1,
        "There are 101 things that it asks; a segment has at most 100."
    )]
    public void A_segment_asks_some_things(int count, string? wrong)
    {
        string[] others = [.. Enumerable.Range(0, count).Select(i => $"s{i}")];
        string all = string.Join(" or ", others.Select(other => $"in segment {other}"));

        ShouldBe($"criteria: {all}", wrong, others);
    }

    [Theory]
    [InlineData(SequencePlan.StepsMax, null)]
    [InlineData(SequencePlan.StepsMax + 1, "At most 5 things follow the first one.")]
    public void A_sequence_has_some_steps(int count, string? wrong)
    {
        string steps = string.Concat(Enumerable.Repeat(" then Case within 1 day", count));

        ShouldBe($"criteria: sequence(SalesOrder{steps})", wrong);
    }

    [Fact]
    public void Criteria_that_are_too_much_work_are_refused()
    {
        // A sequence counts for all the moments it may have to look at.
        string one = "sequence(SalesOrder then Case within 1 day)";
        Segmented.Of($"{one} or {one.Replace("1", "2")} or {one.Replace("1", "3")}");

        string many = string.Join(
            " or ",
            Enumerable.Range(1, 4).Select(i => one.Replace("1", $"{i}"))
        );
        Segmented
            .Wrong($"criteria: {many}")
            .ShouldHaveSingleItem()
            .Message.ShouldBe("An expression has at most 500 parts.");
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("A", false)]
    [InlineData("1a", false)]
    [InlineData("a.b", false)]
    [InlineData("a-b", false)]
    [InlineData("changes", false)]
    [InlineData("change", true)]
    public void A_name_is_a_word(string name, bool isRight) =>
        SegmentDefinition
            .Compile(name, "criteria: vip", Segmented.Vocabulary())
            .Errors.IsEmpty.ShouldBe(isRight);

    [Theory]
    [InlineData(60, true)]
    [InlineData(61, false)]
    public void A_name_has_some_characters(int length, bool isRight) =>
        SegmentDefinition
            .Compile(new string('a', length), "criteria: vip", Segmented.Vocabulary())
            .Errors.IsEmpty.ShouldBe(isRight);

    [Fact]
    public void Segments_stand_after_those_they_ask_for()
    {
        SegmentDefinition[] all =
        [
            Segmented.Of("in segment b", "a", "b"),
            Segmented.Of("in segment c.gold and vip", "b", "c", "c.gold"),
            Segmented.Definition("tiers:\n- {name: gold, criteria: vip}", "c"),
        ];

        var (order, wrong) = SegmentOrder.Of(all);

        wrong.ShouldBeNull();
        order.Select(segment => segment.Name).ShouldBe(["c", "b", "a"]);
    }

    [Fact]
    public void A_circle_is_told_with_all_that_are_in_it()
    {
        SegmentDefinition[] all =
        [
            Segmented.Of("in segment b", "a", "b"),
            Segmented.Of("in segment c", "b", "c"),
            Segmented.Of("in segment b", "c", "b"),
        ];

        var (order, wrong) = SegmentOrder.Of(all);

        order.ShouldBeEmpty();
        wrong!.Message.ShouldBe("Segments ask for each other in a circle: b, c, b.");
        wrong.ErrorIn(all[1]).ShouldBe(new("criteria", wrong.Message, 1, 11));
        wrong.ErrorIn(all[0]).ShouldBe(new("", wrong.Message, 0, 0), "it is not among them");
        wrong.ErrorIn(null).ShouldBe(new("", wrong.Message, 0, 0));
    }

    [Theory]
    [InlineData(SegmentOrder.DepthMax, true)]
    [InlineData(SegmentOrder.DepthMax + 1, false)]
    public void Segments_ask_for_each_other_some_times(int depth, bool isRight)
    {
        SegmentDefinition[] all =
        [
            .. Enumerable
                .Range(1, depth - 1)
                .Select(i => Segmented.Of($"in segment s{i}", $"s{i + 1}", $"s{i}")),
            Segmented.Of("vip", "s1"),
        ];

        string? wrong = SegmentOrder.Of(all).Wrong?.Message;

        wrong.ShouldBe(
            isRight
                ? null
                : "At most 10 segments ask for each other one after the other: "
                    + "s11, s10, s9, s8, s7, s6, s5, s4, s3, s2, s1."
        );
    }

    [Theory]
    [InlineData(4, null)]
    [InlineData(5, "There are 2095 parts; a segment has at most 2000.")]
    public void All_tiers_together_are_some_work(int count, string? wrong)
    {
        string criteria = string.Join(
            " or ",
            Enumerable.Range(1, 3).Select(i => $"sequence(SalesOrder then Case within {i} days)")
        );

        ShouldBe(
            "tiers:\n"
                + string.Concat(
                    Enumerable
                        .Range(0, count)
                        .Select(i => $"- {{name: t{i}, criteria: {criteria}}}\n")
                ),
            wrong
        );
    }

    [Fact]
    public void What_is_wrong_with_a_tier_is_told_of_that_tier()
    {
        ImmutableArray<DefinitionError> errors = Segmented.Wrong(
            "tiers:\n- {name: a, criteria: cty is null}\n- {name: B, criteria: vip}"
        );

        errors.Select(error => error.Path).ShouldBe(["tiers[0].criteria", "tiers[1].name"]);
    }

    [Fact]
    public void Of_two_time_zones_it_is_not_the_same()
    {
        const string criteria = "criteria: renewsAt within last 1 calendar day";

        Segmented
            .Definition(criteria + "\ntimeZone: Europe/Berlin")
            .NormalForm.ShouldBe("renewsAt within last 1 calendar day\ntime zone Europe/Berlin");
        Segmented.Definition(criteria).NormalForm.ShouldBe("renewsAt within last 1 calendar day");
        Segmented
            .Definition($"{criteria}\nflapsAbove: 10\njitter: 10 minutes\nconfirmAbove: 0.50")
            .NormalForm.ShouldBe(
                "renewsAt within last 1 calendar day\nflaps above 10\njitter 600 seconds\nconfirm above 0.5"
            );
        Segmented
            .Definition($"{criteria}\nflapsAbove: 6\nconfirmAbove: 0.20")
            .NormalForm.ShouldBe("renewsAt within last 1 calendar day", "nothing else is said");
    }

    [Fact]
    public void What_cannot_be_read_as_it_is_written_is_refused()
    {
        string quotes = new('\'', 2_000);

        Segmented
            .Wrong("criteria: >-\n  city = \"" + quotes + "\"")
            .ShouldHaveSingleItem()
            .Message.ShouldBe("Written in the one way it has more than 4000 characters.");
    }

    [Theory]
    [InlineData("localtime")]
    [InlineData("posixrules")]
    [InlineData("right/Europe/Berlin")]
    [InlineData("../../../etc/localtime")]
    [InlineData("W. Europe Standard Time")]
    public void A_time_zone_is_the_same_on_every_machine(string name) =>
        Segmented
            .Wrong($"criteria: vip\ntimeZone: '{name}'")
            .ShouldHaveSingleItem()
            .Message.ShouldStartWith("There is no time zone");

    [Fact]
    public void A_segment_and_an_insight_may_be_called_as_a_word_of_the_language()
    {
        Segmented.Of("in segment `last`", "some", "last").Inputs.Single().Name.ShouldBe("last");
        SegmentVocabulary vocabulary = new(
            Segmented.Declared,
            [Segmented.Insight("next", "source: SalesOrder\nmeasure: count")],
            []
        );
        SegmentDefinition
            .Compile("some", "criteria: insights.`next` > 1", vocabulary)
            .Errors.ShouldBeEmpty();
    }

    private static void ShouldBe(string text, string? wrong, params string[] others)
    {
        if (wrong is null)
        {
            Segmented.Definition(text, "some", others);
        }
        else
        {
            Segmented.Wrong(text, others).ShouldHaveSingleItem().Message.ShouldBe(wrong);
        }
    }
}
