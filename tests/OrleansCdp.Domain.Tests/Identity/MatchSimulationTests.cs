using CsCheck;

namespace OrleansCdp.Identity;

/// <summary>Records decided one at a time, as they arrive.</summary>
public sealed class MatchSimulationTests
{
    private static readonly string[] Names = ["Ann", "Anne", "Bob", "Robert", "Walter"];
    private static readonly string[] Families = ["Lee", "Griffiths", "Griffihs"];
    private static readonly string[] Days = ["1971-06-24", "1971-06-25", "1988-01-02"];

    private static readonly Gen<(string Link, MatchValues Values)[]> Arrivals = Gen.Select(
            Gen.Int[0, 7],
            Gen.Int[0, Names.Length - 1],
            Gen.Int[0, Families.Length - 1],
            Gen.Int[0, 2 * Days.Length],
            Gen.Int[0, 6]
        )
        .Array[1, 12]
        .Select(all =>
            all.Select(one =>
                {
                    List<(string, string)> traits =
                    [
                        ("first", Names[one.Item2]),
                        ("last", Families[one.Item3]),
                    ];
                    if (one.Item4 < Days.Length)
                    {
                        traits.Add(("born", Days[one.Item4]));
                    }

                    if (one.Item5 < 3)
                    {
                        traits.Add(("email", $"box{one.Item5}@mail.test"));
                    }

                    return ($"crm/Case/{one.Item1}", Spaces.People.Values([.. traits]));
                })
                .ToArray()
        );

    /// <remarks>
    /// With the seed two groups agree equally well with a third, and of records that say the same another one comes first.
    /// </remarks>
    [Theory]
    [InlineData(null, 500)]
    [InlineData("4LF0L_rfYBE2", 1)]
    public void Statements_in_another_order_give_the_same_groups(string? seed, int times) =>
        Gen.Select(Arrivals, Gen.Int[0, 1_000])
            .Sample(
                (arrivals, order) =>
                {
                    (string Link, MatchValues Values)[] shuffled = [.. arrivals];
                    new Random(order).Shuffle(shuffled);
                    return Show(Run(Spaces.People, arrivals)) == Show(Run(Spaces.People, shuffled));
                },
                seed: seed,
                iter: times * Laws.Thoroughness
            );

    [Fact]
    public void A_case_without_an_anchor_goes_to_whom_it_matches_and_an_anchor_promotes_the_others()
    {
        MatchSimulation space = new(Spaces.People);
        MatchValues ann = Ann("ann@mail.test");
        space.Add("crm/Case/1", ann);
        space.Add("crm/Case/2", ann);
        space.IndividualOf("crm/Case/1").ShouldBeNull();
        space.GroupOf("crm/Case/1").ShouldBe(space.GroupOf("crm/Case/2"));
        space.Add("crm/Contact/9", ann, "ind_9");
        space.IndividualOf("crm/Case/1").ShouldBe("ind_9");
        space.IndividualOf("crm/Case/2").ShouldBe("ind_9");
        space.IndividualOf("crm/Case/3").ShouldBeNull();
    }

    [Fact]
    public void A_steward_parts_and_joins_and_may_change_his_mind()
    {
        MatchSimulation space = new(Spaces.People);
        space.Add("crm/Case/1", Ann("ann@mail.test"));
        space.Add("crm/Case/2", Ann("ann@mail.test"));
        space.Add("crm/Case/3", Spaces.People.Values(("first", "Walter")));
        space.Decide("crm/Case/1", "crm/Case/2", together: false);
        space.Groups().Length.ShouldBe(3);
        space.Decide("crm/Case/3", "crm/Case/1", together: true);
        Show(space).ShouldBe("crm/Case/1 crm/Case/3|crm/Case/2");
        space.Decide("crm/Case/2", "crm/Case/1", together: true);
        Show(space).ShouldBe("crm/Case/1 crm/Case/2 crm/Case/3");
    }

    [Fact]
    public void A_key_is_read_at_its_limit_and_closed_one_past_it()
    {
        FuzzyRules rules = Spaces.People.With(new MatchLimits(50, 3, 50, 200));
        MatchSimulation space = new(rules);
        for (int i = 0; i < 3; i++)
        {
            space.Add($"crm/Case/{i}", Box(i));
        }

        space.KeysClosed.ShouldBe(0);
        space.Candidates.ShouldBe(3); // 0 + 1 + 2
        space.Add("crm/Case/3", Box(3));
        space.Candidates.ShouldBe(6);
        space.KeysClosed.ShouldBe(2); // the address and what stands before the @
        space.Add("crm/Case/4", Box(4));
        space.Candidates.ShouldBe(6);
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(5, 5)]
    [InlineData(6, 5)]
    public void Candidates_beyond_the_limit_are_not_scored(int others, int scored)
    {
        FuzzyRules rules = Spaces.People.With(new MatchLimits(5, 50, 50, 200));
        MatchSimulation space = new(rules);
        for (int i = 0; i <= others; i++)
        {
            space.Add($"crm/Case/{i}", Box(i));
        }

        space.CandidatesMost.ShouldBe(scored);
    }

    [Fact]
    public void A_component_at_its_limit_is_whole_and_one_past_it_takes_whole_groups()
    {
        FuzzyRules rules = Spaces.People.With(new MatchLimits(50, 50, 50, 3));
        MatchSimulation space = new(rules);
        for (int i = 0; i < 3; i++)
        {
            space.Add($"crm/Case/{i}", AnnWith(i));
        }

        space.ComponentsCut.ShouldBe(0);
        space.ComponentMost.ShouldBe(3);
        space.Add("crm/Case/3", AnnWith(3));
        space.ComponentsCut.ShouldBe(1);
        space.Groups().Length.ShouldBe(1); // nobody is torn from a group for want of room
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(1, 2)]
    public void A_record_with_too_many_edges_keeps_the_best(int edgesMax, int groups)
    {
        FuzzyRules rules = Spaces.People.With(new MatchLimits(50, 50, edgesMax, 200));
        MatchSimulation space = new(rules);
        space.Add("crm/Case/1", Ann("ann@mail.test"));
        space.Add("crm/Case/2", AnnWith(2));
        space.Add("crm/Case/3", Ann("another@mail.test"));
        space.Groups().Length.ShouldBe(groups);
    }

    [Fact]
    public void The_same_said_again_and_again_takes_no_room_in_a_key()
    {
        FuzzyRules rules = Spaces.People.With(new MatchLimits(50, 3, 50, 200));
        MatchSimulation space = new(rules);
        space.Add("crm/Contact/1", Ann("ann@mail.test"), "ind_ann");
        for (int i = 0; i < 20; i++)
        {
            space.Add($"crm/Case/{i}", Ann("ann@mail.test"));
        }

        space.Add("crm/Case/20", AnnWith(20));

        space.KeysClosed.ShouldBe(0);
        space.Groups().ShouldHaveSingleItem().Length.ShouldBe(22);
        space.IndividualOf("crm/Case/19").ShouldBe("ind_ann");
        space.BestOf("crm/Case/19").ShouldNotBeNull();
    }

    [Fact]
    public void One_that_says_something_else_leaves_those_that_said_the_same()
    {
        MatchSimulation space = new(Spaces.People);
        for (int i = 0; i < 3; i++)
        {
            space.Add($"crm/Case/{i}", Ann("ann@mail.test"));
        }

        space.Add("crm/Case/0", Ann("ann@mail.test"), "ind_ann");
        space.Add("crm/Case/9", AnnWith(9));

        Show(space).ShouldBe("crm/Case/0 crm/Case/1 crm/Case/2 crm/Case/9");
        space.IndividualOf("crm/Case/2").ShouldBe("ind_ann");
    }

    [Fact]
    public void One_that_a_steward_takes_away_leaves_the_others_where_they_are()
    {
        MatchSimulation space = new(Spaces.People);
        space.Add("crm/Contact/1", Ann("ann@mail.test"), "ind_ann");
        for (int i = 0; i < 4; i++)
        {
            space.Add($"crm/Case/{i}", Ann("ann@mail.test"));
        }

        space.Decide("crm/Case/0", "crm/Contact/1", together: false);
        foreach (string other in new[] { "crm/Case/1", "crm/Case/2", "crm/Case/3" })
        {
            space.Decide("crm/Case/0", other, together: false, companion: other);
        }

        Show(space).ShouldBe("crm/Case/0|crm/Case/1 crm/Case/2 crm/Case/3 crm/Contact/1");
    }

    /// <summary>Records that share all keys and say each something else.</summary>
    private static MatchValues Box(int number) =>
        Spaces.People.Values(("email", "box@mail.test"), ("last", $"Name{(char)('a' + number)}"));

    private static MatchValues AnnWith(int number) =>
        Ann("ann@mail.test").Join(Spaces.People.Values(("email", $"{number}ann@other.test")));

    private static MatchValues Ann(string email) =>
        Spaces.People.Values(
            ("first", "Ann"),
            ("last", "Griffiths"),
            ("born", "1971-06-24"),
            ("email", email)
        );

    private static MatchSimulation Run(
        FuzzyRules rules,
        IEnumerable<(string Link, MatchValues Values)> arrivals
    )
    {
        MatchSimulation space = new(rules);
        foreach ((string link, MatchValues values) in arrivals)
        {
            space.Add(link, values);
        }

        return space;
    }

    private static string Show(MatchSimulation space) =>
        string.Join('|', space.Groups().Select(group => string.Join(' ', group)));
}
