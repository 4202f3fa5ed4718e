using System.Collections.Concurrent;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>
/// Who is who in public sets: trained without labels, one threshold for all, records one at a time, clusters scored pair
/// by pair.
/// </summary>
public sealed class IdentitySetTests
{
    [SkippableFact]
    public void Fake_people_are_found_without_a_wrong_link()
    {
        IdentityScore score = Trained(IdentitySet.Fake).Score;
        score.F1.ShouldBeGreaterThanOrEqualTo(0.93, score.ToString());
        score.Precision.ShouldBeGreaterThanOrEqualTo(0.99, score.ToString());
    }

    [SkippableTheory]
    [InlineData("febrl1")]
    [InlineData("febrl3")]
    [InlineData("febrl4")]
    public void Febrl_people_are_found_without_their_social_security_number(string name)
    {
        IdentityScore score = Trained(SetOf(name)).Score;
        score.F1.ShouldBeGreaterThanOrEqualTo(0.998, score.ToString());
    }

    [SkippableFact]
    public void People_and_companies_that_share_phones_and_emails_stay_apart()
    {
        IdentityScore score = Trained(IdentitySet.Senzing).Score;
        score.Precision.ShouldBeGreaterThanOrEqualTo(0.95, score.ToString());
        score.Recall.ShouldBeGreaterThanOrEqualTo(0.6, score.ToString());
        score.Largest.ShouldBeLessThanOrEqualTo(6);
    }

    [SkippableFact]
    public void Restaurants_of_two_guides_are_found()
    {
        (IdentityRecords records, TrainedRules trained, IdentityScore score) = Trained(
            IdentitySet.Restaurants
        );
        score.F1.ShouldBeGreaterThanOrEqualTo(0.88, score.ToString());
        FuzzyRules strict = trained.Rules.WithThresholds(
            trained.Rules.Thresholds with
            {
                LinkMin = 6,
            }
        );
        records.Score(records.Run(strict)).F1.ShouldBeGreaterThanOrEqualTo(0.9);
    }

    [SkippableTheory]
    [InlineData("fake_1000")]
    [InlineData("febrl1")]
    [InlineData("febrl3")]
    [InlineData("senzing")]
    [InlineData("restaurants")]
    public void The_order_of_arrival_decides_nothing(string name)
    {
        (IdentityRecords records, TrainedRules trained, IdentityScore score) = Trained(SetOf(name));
        for (int seed = 1; seed <= 3; seed++)
        {
            IdentityRecords shuffled = records.Shuffled(seed);
            MatchSimulation simulation = shuffled.Run(trained.Rules);
            IdentityScore other = shuffled.Score(simulation);
            other.F1.ShouldBe(score.F1, 0.001);
            other
                .DifferenceFrom(score)
                .ShouldBeLessThanOrEqualTo(simulation.KeysClosed == 0 ? 0 : 0.002);
        }
    }

    [SkippableTheory]
    [InlineData("fake_1000", 0)]
    [InlineData("fake_1000", 1)]
    [InlineData("febrl1", 0)]
    [InlineData("febrl1", 1)]
    [InlineData("febrl3", 0)]
    [InlineData("febrl3", 1)]
    public void A_fifth_of_the_records_is_enough_to_train_on(string name, int seed)
    {
        (IdentityRecords records, _, IdentityScore score) = Trained(SetOf(name));
        IdentityRecords arrived = seed == 0 ? records : records.Shuffled(seed);
        FuzzyRules rules = SetOf(name).Compile().Fuzzy!;
        TrainedRules early = MatchTrainer.Train(
            [.. arrived.Values.Take(arrived.Records.Count / 5)],
            rules,
            seed: 1
        );
        records.Score(records.Run(early.Rules)).F1.ShouldBeGreaterThan(score.F1 - 0.02);
    }

    [SkippableFact]
    public void No_record_is_compared_with_more_than_fifty_and_most_with_few()
    {
        (IdentityRecords records, TrainedRules trained, _) = Trained(IdentitySet.Restaurants);
        MatchSimulation simulation = records.Run(trained.Rules);
        simulation.CandidatesMost.ShouldBe(50); // las vegas blvd
        ((double)simulation.Candidates / records.Records.Count).ShouldBeLessThan(40);
    }

    [SkippableFact]
    public void Training_twice_gives_the_same_draft_and_the_draft_gives_the_same_clusters()
    {
        (IdentityRecords records, TrainedRules trained, IdentityScore score) = Trained(
            IdentitySet.Fake
        );
        Ruleset ruleset = IdentitySet.Fake.Compile();
        TrainedRules again = MatchTrainer.Train(records.Values, ruleset.Fuzzy!, seed: 1);
        string draft = RulesetWriter.Draft(ruleset, trained);
        RulesetWriter.Draft(ruleset, again).ShouldBe(draft);
        (Ruleset? read, var errors) = Ruleset.Compile("fake", draft);
        errors.ShouldBeEmpty(draft);
        records.Score(records.Run(read!.Fuzzy!)).DifferenceFrom(score).ShouldBe(0);
        draft.ShouldNotContain("@"); // no email of anybody stands in it
    }

    private static readonly ConcurrentDictionary<
        IdentitySet,
        (IdentityRecords Records, TrainedRules Trained, IdentityScore Score)
    > Known = [];

    private static IdentitySet SetOf(string name) => IdentitySet.All.Single(s => s.Name == name);

    private static (IdentityRecords Records, TrainedRules Trained, IdentityScore Score) Trained(
        IdentitySet set
    ) => Known.GetOrAdd(set, Train);

    private static (IdentityRecords Records, TrainedRules Trained, IdentityScore Score) Train(
        IdentitySet set
    )
    {
        string[] paths = [.. set.Files.Select(DataSets.Find)];
        string folder = Path.GetDirectoryName(Path.GetDirectoryName(paths[0]))!;
        Ruleset ruleset = set.Compile();
        IdentityRecords records = set.Read(folder, ruleset);
        TrainedRules trained = MatchTrainer.Train(records.Values, ruleset.Fuzzy!, seed: 1);
        return (records, trained, records.Score(records.Run(trained.Rules)));
    }
}
