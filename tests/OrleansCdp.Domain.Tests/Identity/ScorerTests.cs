using CsCheck;

namespace OrleansCdp.Identity;

/// <summary>What agreement is worth: rarity, households, guards, conflicts, names put the wrong way round.</summary>
public sealed class ScorerTests
{
    private static readonly FuzzyRules People = Spaces.People;

    [Fact]
    public void A_field_that_one_lacks_is_no_evidence()
    {
        MatchValues one = People.Values(("first", "Ann"));
        MatchValues other = People.Values(("last", "Lee"));
        PairExplanation why = People.Explain(one, other);
        why.Fields.ShouldBeEmpty();
        why.Score.Score.ShouldBe(why.Prior);
        why.Prior.ShouldBe(double.Log2(1e-4 / (1 - 1e-4)), 1e-9);
        why.Score.LevelOf(0).ShouldBe(PairScore.MissingLevel);
    }

    [Fact]
    public void A_score_is_the_sum_of_what_explains_it_and_the_same_both_ways()
    {
        string[] fields = ["first", "last", "born", "email", "city", "company"];
        string[] texts = ["Ann Lee", "Bob", "1971-06-24", "a.lee@mail.test", "Lee Jr"];
        Gen<MatchValues> record = Gen.Select(
                Gen.Int[0, fields.Length - 1].Select(i => fields[i]),
                Gen.Int[0, texts.Length - 1].Select(i => texts[i])
            )
            .Array[0, 8]
            .Select(traits =>
                traits
                    .Select(trait => People.Values((trait.Item1, trait.Item2)))
                    .Aggregate(MatchValues.Empty, (all, next) => all.Join(next))
            );
        Gen.Select(record, record)
            .Sample(
                (one, other) =>
                {
                    PairExplanation why = People.Explain(one, other);
                    double personal = why.Fields.Where(f => !f.Shared).Sum(f => f.Weight);
                    double sum = why.Prior + personal + why.Shared + why.Conflict;
                    PairScore score = People.Score(one, other);
                    return Math.Abs(sum - score.Score) < 1e-9
                        && score == why.Score
                        && score == People.Score(other, one);
                },
                iter: 1_000 * Laws.Thoroughness
            );
    }

    [Fact]
    public void A_rare_value_proves_more_than_a_common_one_and_an_unknown_one_most()
    {
        FuzzyRules counted = People.With(
            "last",
            f => f with { Frequencies = Spaces.Counts(1_000, ("smith", 100), ("lee", 4)) }
        );
        double smith = WeightOf(counted, "last", "Smith", "Smith");
        double lee = WeightOf(counted, "last", "Lee", "Lee");
        double unknown = WeightOf(counted, "last", "Zebedee", "Zebedee");
        smith.ShouldBe(double.Log2(0.75 * 1_001 / 100), 1e-9);
        lee.ShouldBe(double.Log2(0.75 * 1_001 / 4), 1e-9);
        unknown.ShouldBe(double.Log2(0.75 * 1_001), 1e-9);
        WeightOf(counted, "last", "Smith", "Smyth")
            .ShouldBe(WeightOf(People, "last", "Smith", "Smyth"), "exact values only");
    }

    [Fact]
    public void Another_first_name_that_several_have_is_another_name_and_no_typo()
    {
        FuzzyRules counted = People.With(
            "first",
            f => f with { Frequencies = Spaces.Counts(1_000, ("harrison", 3), ("hairisen", 3)) }
        );
        FuzzyRules rarer = People.With(
            "first",
            f => f with { Frequencies = Spaces.Counts(1_000, ("harrison", 3), ("hairisen", 2)) }
        );
        double different = WeightOf(People, "first", "Harrison", "Walter");
        WeightOf(rarer, "first", "Harrison", "Hairisen").ShouldBeGreaterThan(0);
        WeightOf(counted, "first", "Harrison", "Hairisen").ShouldBe(different, 1e-9);
        FuzzyRules both = People.With(
            "first",
            f => f with { Frequencies = Spaces.Counts(1_000, ("harrison", 3), ("walter", 3)) }
        );
        WeightOf(both, "first", "Harrison", "Walter").ShouldBe(Math.Min(2 * different, -8), 1e-9);
    }

    [Fact]
    public void What_a_household_shares_proves_the_household_at_most()
    {
        FuzzyRules families = People.With(People.Fields, household: 1e-4);
        MatchValues one = People.Values(
            ("last", "Lee"),
            ("email", "lees@mail.test"),
            ("phone", "702-919-1300"),
            ("address", "12 Oxford Street")
        );
        People.Score(one, one).Score.ShouldBeGreaterThan(30);
        PairExplanation why = families.Explain(one, one);
        why.Shared.ShouldBe(-double.Log2(1e-4), 0.01);
        why.Score.Score.ShouldBeLessThan(0.1);
        MatchValues named = one.Join(People.Values(("first", "Ann")));
        families.Score(named, named).Score.ShouldBeGreaterThan(3);
    }

    [Fact]
    public void A_guarded_value_weighs_nothing()
    {
        FuzzyRules guarded = People.With(
            "email",
            f => f with { Guarded = Spaces.Hashes("info@mail.test") }
        );
        MatchValues info = People.Values(("email", "info@mail.test"));
        guarded.Explain(info, info).Fields.ShouldBeEmpty();
        MatchValues own = info.Join(People.Values(("email", "ann@mail.test")));
        guarded.Explain(own, own).Fields.Single().Level.ShouldBe(4);
    }

    [Theory]
    [InlineData("John Smith Jr", "John Smith Sr", true)]
    [InlineData("John Smith II", "John Smith I", true)]
    [InlineData("John Smith Jr", "John Smith II", false)]
    [InlineData("John Smith Jr", "John Smith", false)]
    public void Father_and_son_are_two(string left, string right, bool conflict)
    {
        MatchField first = People.Fields[0] with
        {
            FullName = [new ValueSource(ValueOrigin.Trait, "name")],
        };
        MatchField last = People.Fields[1] with
        {
            FullName = [new ValueSource(ValueOrigin.Trait, "name")],
        };
        FuzzyRules rules = Spaces.Rules(first, last);
        rules
            .Explain(rules.Values(("name", left)), rules.Values(("name", right)))
            .Conflict.ShouldBe(conflict ? Scorer.Conflict : 0);
    }

    [Fact]
    public void A_person_is_no_company()
    {
        MatchValues company = People.Values(("company", "Lee Trading"), ("phone", "702-919-1300"));
        MatchValues person = People.Values(("last", "Lee"), ("phone", "702-919-1300"));
        MatchValues both = company.Join(person);
        People.Explain(company, person).Conflict.ShouldBe(Scorer.Conflict);
        People.Explain(both, person).Conflict.ShouldBe(0);
        People.Explain(both, company).Conflict.ShouldBe(0);
    }

    [Fact]
    public void Names_in_each_others_field_are_nearly_equal()
    {
        MatchValues right = People.Values(("first", "Alfie"), ("last", "Griffiths"));
        MatchValues swapped = People.Values(("first", "Griffihs"), ("last", "Alfie"));
        MatchValues half = People.Values(("first", "Griffiths"));
        LevelsOf(right, swapped).ShouldBe((3, 3));
        LevelsOf(right, half).ShouldBe((2, PairScore.MissingLevel));
        LevelsOf(right, People.Values(("first", "Griffiths"), ("last", "Jones"))).ShouldBe((0, 0));
    }

    [Fact]
    public void Of_several_values_the_best_pair_counts()
    {
        MatchValues moved = People
            .Values(("address", "12 Oxford Street"))
            .Join(People.Values(("address", "7 Rue Lepic")));
        MatchValues there = People.Values(("address", "7 rue Lepic"));
        People.Explain(moved, there).Fields.Single().Level.ShouldBe(4);
    }

    [Fact]
    public void A_better_level_never_weighs_less_unless_it_is_the_highest()
    {
        MatchField field = Spaces.Field("x", MatchType.GivenName) with
        {
            Matches = [.1, .3, .1, .1, .4],
            Randoms = [.5, .01, .04, .05, .4],
        };
        double[] weights = FieldScorer.WeightsOf(field);
        weights[0].ShouldBe(double.Log2(.1 / .5), 1e-9);
        weights[1].ShouldBe(double.Log2(.5 / .1), 1e-9); // three levels as one
        weights[2].ShouldBe(weights[1]);
        weights[3].ShouldBe(weights[1]);
        weights[4].ShouldBe(0, 1e-9);
    }

    private static (int, int) LevelsOf(MatchValues left, MatchValues right)
    {
        PairScore score = People.Score(left, right);
        People.Score(right, left).ShouldBe(score);
        return (score.LevelOf(0), score.LevelOf(1));
    }

    private static double WeightOf(FuzzyRules rules, string field, string left, string right) =>
        rules
            .Explain(rules.Values((field, left)), rules.Values((field, right)))
            .Fields.Single()
            .Weight;
}
