namespace OrleansCdp.Identity;

/// <summary>An identifier that too many individuals have is nobody's, in whatever order they came.</summary>
public sealed class SharedIdentifierTests
{
    private const string Desk = "desk@example.com";
    private static readonly FuzzyRules Rules = Spaces.People;
    private const int Max = IdentifierGuards.IndividualsPerIdentifierDefault;

    [Fact]
    public void So_many_individuals_may_have_an_identifier_and_with_one_more_it_is_nobodys()
    {
        MatchSimulation space = new(Rules);
        space.Add("case", Rules.Values(("email", Desk), ("last", "Lovelace")));
        space.Add("a", Rules.Values(("email", Desk), ("last", "Lovelace")), "a");
        for (int i = 1; i < Max; i++)
        {
            space.Add($"p{i}", Rules.Values(("email", Desk)), $"p{i}");
        }

        space.IdentifiersGuarded.ShouldBe(0);
        space.IndividualOf("case").ShouldBe("a");

        space.Add("one more", Rules.Values(("email", Desk)), "one more");

        space.IdentifiersGuarded.ShouldBe(1);
        space.IndividualOf("case").ShouldBeNull();

        // Who has its link is known by now, and was counted before.
        space.Add("one more", MatchValues.Empty, "a");

        space.IdentifiersGuarded.ShouldBe(0);
        space.IndividualOf("case").ShouldBe("a");
    }

    [Fact]
    public void Records_of_nobody_do_not_count_and_several_links_of_one_individual_count_once()
    {
        MatchSimulation space = new(Rules);
        for (int i = 0; i <= Max; i++)
        {
            space.Add($"case{i}", Rules.Values(("email", Desk)));
            space.Add($"link{i}", Rules.Values(("email", Desk)), "one");
        }

        space.IdentifiersGuarded.ShouldBe(0);
    }

    [Fact]
    public void What_is_compared_lacks_the_values_that_identify_nobody_and_no_others()
    {
        MatchValues said = Rules.Values(
            ("email", Desk),
            ("phone", "+491701234567"),
            ("last", "Lovelace")
        );
        var identifiers = Rules.IdentifiersOf(said);
        identifiers.Select(one => one.Field).ShouldBe(["email", "phone"]);
        long desk = identifiers.Single(one => one.Text == Desk).Key;

        MatchValues compared = Rules.Identifying(said, key => key == desk);

        compared.ShouldBe(Rules.Values(("phone", "+491701234567"), ("last", "Lovelace")));
        Rules.KeysOf(compared).ShouldBeSubsetOf(Rules.KeysOf(said));
        Rules.Identifying(said, _ => false).ShouldBeSameAs(said);
    }

    [Fact]
    public void The_same_text_is_another_identifier_in_another_field_and_keeps_its_number_for_ever()
    {
        FuzzyRules rules = Spaces.Rules(
            Spaces.Field("passport", MatchType.Document),
            Spaces.Field("membership", MatchType.Document)
        );
        long[] keys =
        [
            .. rules
                .IdentifiersOf(rules.Values(("passport", "AB1234567"), ("membership", "AB1234567")))
                .Select(one => one.Key),
        ];

        keys.Distinct().Count().ShouldBe(2);
        Rules
            .IdentifiersOf(Rules.Values(("email", Desk)))
            .Single()
            .Key.ShouldBe(-3008438936147854786); // Stored.
    }
}
