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

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    public void A_draft_of_a_handful_of_records_compiles(int count)
    {
        Ruleset ruleset = Ruleset
            .Compile("few", "fuzzy: { fields: { email: { type: email, from: email } } }")
            .Ruleset!;
        MatchValues same = ruleset.Fuzzy!.Values(("email", "one@mail.test"));
        TrainedRules trained = MatchTrainer.Train(
            [.. Enumerable.Repeat(same, count)],
            ruleset.Fuzzy!,
            seed: 1
        );

        trained.Rules.MatchRate.ShouldBeLessThanOrEqualTo(0.5);
        Ruleset.Compile("few", RulesetWriter.Draft(ruleset, trained)).Errors.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(0, "{ type: email, from: email }", true)]
    [InlineData(1e-6, "{ type: email, from: email }", false)]
    [InlineData(0, "{ type: email, from: email, class: personal }", false)]
    public void A_draft_without_households_warns_that_who_shares_a_field_may_become_one(
        double household,
        string field,
        bool warns
    )
    {
        Ruleset ruleset = Ruleset
            .Compile("few", $"fuzzy: {{ fields: {{ mailbox: {field} }} }}")
            .Ruleset!;
        MatchValues[] nothing = [MatchValues.Empty, MatchValues.Empty];
        TrainedRules trained = MatchTrainer.Train(nothing, ruleset.Fuzzy!, 1);
        FuzzyRules rules = ruleset.Fuzzy!.With(ruleset.Fuzzy.Fields, household: household);

        string draft = RulesetWriter.Draft(ruleset, trained with { Rules = rules });

        string before = draft[..draft.IndexOf("  household:", StringComparison.Ordinal)];
        before.Contains("# WARNING: 0 knows no households, so mailbox").ShouldBe(warns);
        Ruleset.Compile("few", draft).Ruleset!.Fuzzy!.Household.ShouldBe(household);
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

    [Theory]
    [InlineData(MatchTrainer.RecordsMax)]
    [InlineData(MatchTrainer.RecordsMax + 1)]
    public void Of_more_records_than_the_limit_so_many_are_taken(int count)
    {
        MatchValues[] records = [.. Enumerable.Repeat(MatchValues.Empty, count)];
        TrainedRules trained = MatchTrainer.Train(records, Spaces.People, 1);
        trained.Report.Records.ShouldBe(MatchTrainer.RecordsMax);
    }

    [Fact]
    public void A_pass_looks_at_so_many_pairs_and_at_no_value_that_everybody_has()
    {
        int[] email = [3];
        MatchValues[] five = Sharing(5);
        TrainingBlocks.PairsOf(Spaces.People, email, five, max: 10).Length.ShouldBe(10);
        TrainingBlocks.PairsOf(Spaces.People, email, five, max: 9).Length.ShouldBe(9);
        TrainingBlocks.PairsOf(Spaces.People, email, Sharing(50), 5_000).Length.ShouldBe(1_225);
        TrainingBlocks.PairsOf(Spaces.People, email, Sharing(51), 5_000).ShouldBeEmpty();
    }

    [Fact]
    public void Of_more_candidates_than_the_limit_a_share_is_taken_in_whatever_order_they_come()
    {
        MatchValues[] fifty = Sharing(50);

        Candidates all = TrainingBlocks.CandidatesOf(Spaces.People, fifty, max: 1_225);
        Candidates some = TrainingBlocks.CandidatesOf(Spaces.People, fifty, max: 1_224);
        Candidates few = TrainingBlocks.CandidatesOf(Spaces.People, fifty, max: 100);

        (all.Pairs.Length, all.Share).ShouldBe((1_225, 1));
        some.Share.ShouldBe(0.5);
        (some.Pairs.Length / some.Share).ShouldBe(1_225, tolerance: 200);
        few.Pairs.Length.ShouldBeLessThanOrEqualTo(100);
        few.Pairs.ShouldBeSubsetOf(some.Pairs);
        TrainingBlocks.CandidatesOf(Spaces.People, fifty, max: 100).Pairs.ShouldBe(few.Pairs);
    }

    private static MatchValues[] Sharing(int count) =>
        [.. Enumerable.Repeat(Spaces.People.Values(("email", "box@mail.test")), count)];

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
