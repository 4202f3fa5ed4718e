namespace OrleansCdp.Identity;

/// <summary>What other rules would do to stored records, and what stored values are worth to them.</summary>
public sealed class RulesetTrialTests
{
    private const string Text = """
        fuzzy:
          matchRate: 0.001
          fields:
            firstName: { type: givenName, from: firstName }
            email: { type: email, from: [email, mail] }
        """;

    private const string Ada = "ind_ada";
    private static readonly FuzzyRules Rules = Compile(Text);

    [Fact]
    public void Links_that_would_belong_to_somebody_else_are_told_with_both_scores()
    {
        MatchValues said = Said("ada", "ada@one.example");

        RulesetTrial trial = new(
            Rules,
            [
                new(Ada, true, 1, Ada, null, said),
                new("b", false, 2, null, null, said),
                new("c", false, 3, Ada, 4.5, Said("zoe", "zoe@two.example")),
            ],
            []
        );

        trial.Moving.Select(record => record.Subject).ShouldBe(["b", "c"]);
        trial.Moving.Select(trial.After).ShouldBe([Ada, null]);
        trial.ScoreAfter(trial.Moving[0]).ShouldNotBeNull().ShouldBeGreaterThan(3);
        trial.ScoreAfter(trial.Moving[1]).ShouldBeNull();
        (trial.LinkedBefore, trial.LinkedAfter, trial.SoftAfter, trial.Compared).ShouldBe(
            (1, 1, 0, 2)
        );
        trial.GroupsBefore.ShouldBeEmpty();
        trial.GroupsAfter.ShouldBe([2]);
    }

    [Fact]
    public void What_a_steward_keeps_apart_stays_apart_in_a_trial()
    {
        MatchValues said = Said("ada", "ada@one.example");

        RulesetTrial trial = new(
            Rules,
            [new(Ada, true, 1, Ada, null, said), new("b", false, 2, null, null, said)],
            [(Ada, "b", false, null), ("b", "unheard-of", true, null)]
        );

        trial.Moving.ShouldBeEmpty();
        trial.SoftAfter.ShouldBe(0, "it is nobody's possible match either");
    }

    [Theory]
    [InlineData("link: 3", "link: 5", "")]
    [InlineData("[email, mail]", "[mail, email]", "")]
    [InlineData("[email, mail]", "[email]", "email")]
    [InlineData("firstName: {", "givenName: {", "givenName")]
    [InlineData("type: givenName", "type: familyName", "firstName")]
    [InlineData("type: email", "type: email, folding: known", "email")]
    public void Values_serve_other_rules_that_read_them_alike(
        string was,
        string becomes,
        string missing
    ) =>
        string.Join(
                ',',
                StoredValues.Missing(
                    Rules,
                    Compile(Text.Replace(was, becomes, StringComparison.Ordinal))
                )
            )
            .ShouldBe(missing);

    [Fact]
    public void What_rules_do_not_compare_or_block_is_not_kept()
    {
        FuzzyRules fewer = Compile(
            """
            guards: { blocked: { email: ["void@*"] } }
            fuzzy:
              fields:
                email: { type: email, from: [email, mail] }
            """
        );

        StoredValues
            .Kept(fewer, Said("ada", "ada@one.example"))
            .ShouldBe(Of(("email", "ada@one.example")));
        StoredValues.Kept(fewer, Said("ada", "void@one.example")).IsEmpty.ShouldBeTrue();
        MatchValues whole = Said("ada", "ada@one.example");
        StoredValues.Kept(Rules, whole).ShouldBe(whole);
    }

    private static MatchValues Said(string name, string email) =>
        Of(("firstName", name), ("email", email));

    private static MatchValues Of(params (string Field, string Text)[] values) =>
        MatchValues.Of(
            values.Select(value => (MatchField.IdOf(value.Field), new MatchValue(value.Text, 0)))
        );

    private static FuzzyRules Compile(string text) =>
        Ruleset.Compile("trial", text).Ruleset!.Fuzzy!;
}
