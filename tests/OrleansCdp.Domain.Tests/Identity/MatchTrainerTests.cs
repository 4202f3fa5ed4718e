namespace OrleansCdp.Identity;

/// <summary>Weights are learnt without labels, and families are not taken for people.</summary>
public sealed class MatchTrainerTests
{
    private static readonly string[] First =
    [
        "Ann",
        "Bob",
        "Carla",
        "Dmitri",
        "Erika",
        "Fatima",
        "Georg",
        "Hanna",
        "Igor",
        "Julia",
    ];

    [Fact]
    public void A_store_without_duplicates_has_nobody_to_link_and_says_why_its_passes_do_not_count()
    {
        TrainedRules trained = Train(copies: 1);
        trained.Report.Matches.ShouldBeLessThan(20);
        trained.Report.Groups.ShouldBeLessThan(10);
        TrainingPass home = trained.Report.Passes.Single(pass => pass.Block is ["address"]);
        home.Rejected.ShouldNotBeNull();
        trained.Report.HouseholdRate.ShouldBeGreaterThan(trained.Report.MatchRate);
    }

    [Fact]
    public void As_many_matches_are_found_as_there_are()
    {
        TrainedRules trained = Train(copies: 2);
        trained.Report.Matches.ShouldBeInRange(270, 330);
        trained.Rules.Household.ShouldBeGreaterThan(0);
        trained.Report.Passes.ShouldContain(pass => pass.Rejected == null);
    }

    [Fact]
    public void A_value_that_six_people_hold_is_guarded_and_one_that_five_hold_is_not()
    {
        Guarded(people: 5).ShouldBe(0);
        Guarded(people: 6).ShouldBe(1);
    }

    [Fact]
    public void One_record_is_too_few_and_two_without_anything_in_common_are_enough()
    {
        Should.Throw<ArgumentException>(() => MatchTrainer.Train([Person(1)], Spaces.People, 1));
        TrainedRules trained = MatchTrainer.Train([Person(1), Person(2)], Spaces.People, 1);
        trained.Report.Passes.ShouldAllBe(pass => pass.Rejected != null);
        trained.Rules.Fields[0].Matches.ShouldBe(Spaces.People.Fields[0].Matches);
    }

    [Fact]
    public void Records_that_say_nothing_are_no_obstacle()
    {
        MatchValues[] nothing = [MatchValues.Empty, MatchValues.Empty, MatchValues.Empty];
        TrainedRules trained = MatchTrainer.Train(nothing, Spaces.People, 1);
        trained.Rules.Score(MatchValues.Empty, MatchValues.Empty).Score.ShouldBeLessThan(0);
        double.IsFinite(trained.Rules.MatchRate).ShouldBeTrue();
    }

    [Fact]
    public void Random_pairs_are_limited() =>
        Train(copies: 2).Report.RandomPairs.ShouldBe(MatchTrainer.RandomPairsMax);

    private static int Guarded(int people)
    {
        FuzzyRules rules = Spaces.People.With("email", field => field with { GuardedAbove = 5 });
        MatchValues[] records =
        [
            .. Enumerable
                .Range(0, 60)
                .Select(i =>
                    i < people
                        ? Person(i).Join(rules.Values(("email", "info@shop.test")))
                        : Person(i)
                ),
        ];
        return MatchTrainer.Train(records, rules, 1).Rules.Fields[3].Guarded.Count;
    }

    // Two people at each address, of one name and with one phone.
    private static TrainedRules Train(int copies) =>
        MatchTrainer.Train(
            [.. Enumerable.Range(0, 300).SelectMany(i => Enumerable.Repeat(Person(i), copies))],
            Spaces.People,
            seed: 1
        );

    private static MatchValues Person(int number)
    {
        int home = number / 2;
        int mixed = (number * 7_919) % 10_007;
        return Spaces.People.Values(
            ("first", First[mixed % First.Length]),
            ("last", $"{Letters(home * 31)}son"),
            ("born", $"{1940 + (mixed % 61)}-{1 + (mixed % 12):00}-{1 + (mixed % 28):00}"),
            ("phone", $"555{1_000_000 + (home * 7_351)}"),
            ("address", $"{1 + (home % 90)} {Letters(home * 17)} Street")
        );
    }

    private static string Letters(int number) =>
        string.Concat(
            Enumerable.Range(0, 5).Select(i => (char)('a' + ((number >> i) * (i + 3) % 26)))
        );
}
