using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>Rules with weights of one's own records, and how they came about.</summary>
/// <param name="Rules">The fields, thresholds and limits of the rules it began with; all else learnt and frozen.</param>
/// <param name="Report">For the person who decides about it.</param>
public sealed record TrainedRules(FuzzyRules Rules, TrainingReport Report);

/// <summary>
/// Learns from records without labels what their agreement is worth. With fewer than about a hundred true duplicates the
/// prior decides, which is right.
/// </summary>
public sealed class MatchTrainer
{
    /// <summary>Records it learns from; of more it takes so many by chance.</summary>
    public const int RecordsMax = 100_000;

    /// <summary>Random pairs compared.</summary>
    public const int RandomPairsMax = 30_000;

    /// <summary>Pairs that one pass looks at.</summary>
    public const int PassPairsMax = 500_000;

    private const double UnseenPairs = 3;
    private const double PassMatchesMin = 10;
    private const double HouseholdMin = 0.05;

    // Pairs as the defaults have them, beside those sampled; and the one more than was found, so that a small sample
    // without a match does not say that there is none.
    private const double PriorPairs = 300;
    private const double UncountedMatches = 1;

    // Here the best guess counts and not the careful one.
    private const double EvenOdds = 0;
    private const int RateIterationsMax = 100;
    private const double RateTolerance = 1e-4;

    private readonly IReadOnlyList<MatchValues> records;
    private readonly double allPairs;
    private FuzzyRules rules;

    private MatchTrainer(IReadOnlyList<MatchValues> records, FuzzyRules rules)
    {
        this.records = records;
        this.rules = rules;
        allPairs = records.Count * (records.Count - 1.0) / 2;
    }

    /// <summary>Learns.</summary>
    /// <param name="records">What is known of each record; at least two.</param>
    /// <param name="rules">What is compared. Its weights count for nothing, its thresholds and limits stay.</param>
    /// <param name="seed">Chooses the random pairs; the same gives the same.</param>
    /// <exception cref="ArgumentException">Fewer than two records.</exception>
    public static TrainedRules Train(
        IReadOnlyList<MatchValues> records,
        FuzzyRules rules,
        ulong seed
    )
    {
        if (records.Count < 2)
        {
            throw new ArgumentException(
                "One record has nothing to be compared with.",
                nameof(records)
            );
        }

        return new MatchTrainer(Sample(records, new Chance(seed)), rules).Train(seed);
    }

    private static IReadOnlyList<MatchValues> Sample(
        IReadOnlyList<MatchValues> records,
        Chance chance
    )
    {
        if (records.Count <= RecordsMax)
        {
            return records;
        }

        MatchValues[] drawn = [.. records];
        for (int i = 0; i < RecordsMax; i++)
        {
            int other = i + chance.Below(drawn.Length - i);
            (drawn[i], drawn[other]) = (drawn[other], drawn[i]);
        }

        return drawn[..RecordsMax];
    }

    // The second round knows who are one: pairs of one person are no strangers, and what a person has on ten records is
    // as rare as what another has on one.
    private TrainedRules Train(ulong seed)
    {
        const int rounds = 2;
        ImmutableArray<TrainingPass> passes = [];
        Candidates candidates = new([], 1);
        int random = 0;
        double household = 0;
        ImmutableArray<ImmutableArray<int>> groups =
        [
            .. Enumerable.Range(0, records.Count).Select(at => ImmutableArray.Create(at)),
        ];
        for (int round = 0; round < rounds; round++)
        {
            Recount(groups, guard: round > 0);
            random = LearnStrangers(new Chance(seed), GroupsByRecord(groups));
            passes = LearnMatches();
            candidates = TrainingBlocks.CandidatesOf(rules, records);
            household = LearnRates(candidates);
            groups = Cluster();
        }

        Recount(groups, guard: true);
        return new TrainedRules(
            rules,
            new TrainingReport
            {
                Records = records.Count,
                RandomPairs = random,
                CandidatePairs = candidates.Pairs.Length,
                Passes = passes,
                MatchRate = rules.MatchRate,
                Matches = rules.MatchRate * allPairs,
                HouseholdRate = household,
                Groups = groups.Count(group => group.Length > 1),
                Guarded = rules
                    .Fields.Where(field => field.Guarded.Count > 0)
                    .ToImmutableSortedDictionary(
                        field => field.Name,
                        field => field.Guarded.Count,
                        StringComparer.Ordinal
                    ),
            }
        );
    }

    private void Recount(ImmutableArray<ImmutableArray<int>> groups, bool guard) =>
        rules = FrequencyCount.Recounted(
            rules,
            [.. groups.Select(group => group.Select(at => records[at]).ToArray())],
            guard
        );

    private int[] GroupsByRecord(ImmutableArray<ImmutableArray<int>> groups)
    {
        var byRecord = new int[records.Count];
        for (int group = 0; group < groups.Length; group++)
        {
            foreach (int at in groups[group])
            {
                byRecord[at] = group;
            }
        }

        return byRecord;
    }

    // Rule of three: what was not seen in n pairs may be as common as 3/n.
    private int LearnStrangers(Chance chance, int[] groups)
    {
        int[][] seen = [.. rules.Fields.Select(field => new int[MatchField.LevelsOf(field.Type)])];
        int count = (int)Math.Min(RandomPairsMax, allPairs);
        for (int i = 0; i < count; i++)
        {
            int a = chance.Below(records.Count);
            int b = chance.Below(records.Count - 1);
            b += b < a ? 0 : 1;
            if (groups[a] == groups[b])
            {
                continue;
            }

            PairScore pair = LevelsOf(a, b);
            for (int field = 0; field < seen.Length; field++)
            {
                if (pair.LevelOf(field) is var level and not PairScore.MissingLevel)
                {
                    seen[field][level]++;
                }
            }
        }

        rules = rules.With([
            .. rules.Fields.Select(
                (field, at) => seen[at].Sum() == 0 ? Untrained(field) : Sampled(field, seen[at])
            ),
        ]);
        return count;
    }

    private static MatchField Untrained(MatchField field) =>
        field with
        {
            Randoms = MatchDefaults.Of(field.Type).Randoms,
        };

    private static MatchField Sampled(MatchField field, int[] seen)
    {
        ImmutableArray<double> prior = MatchDefaults.Of(field.Type).Randoms;
        double total = seen.Sum() + PriorPairs;
        double floor = Math.Min(UnseenPairs / total, 1.0 / seen.Length);
        double[] shares =
        [
            .. seen.Select(
                (count, level) => Math.Max((count + PriorPairs * prior[level]) / total, floor)
            ),
        ];
        double sum = shares.Sum();
        return field with { Randoms = [.. shares.Select(share => share / sum)] };
    }

    private ImmutableArray<TrainingPass> LearnMatches()
    {
        var passes = ImmutableArray.CreateBuilder<TrainingPass>();
        double[][] sums =
        [
            .. rules.Fields.Select(field => new double[MatchField.LevelsOf(field.Type)]),
        ];
        foreach (int[] block in TrainingBlocks.Of(rules))
        {
            (int A, int B)[] pairs = TrainingBlocks.PairsOf(rules, block, records, PassPairsMax);
            if (pairs.Length == 0)
            {
                continue;
            }

            int[] free = [.. Enumerable.Range(0, rules.Fields.Length).Except(block)];
            Expectation learnt = Expectation.Of(
                rules,
                free,
                pairs.Select(pair => LevelsOf(pair.A, pair.B).Levels)
            );
            TrainingPass pass = new()
            {
                Block = [.. block.Select(at => rules.Fields[at].Name)],
                Pairs = pairs.Length,
                Matches = learnt.Matches,
                Households = learnt.Households,
                Rejected = WhyRejected(learnt, free),
            };
            passes.Add(pass);
            foreach (int field in pass.Rejected is null ? free : [])
            {
                double[] capped = Capped(rules.Fields[field].Type, learnt.Shares[field]);
                for (int level = 0; level < capped.Length; level++)
                {
                    sums[field][level] += capped[level] * Math.Sqrt(pass.Matches);
                }
            }
        }

        rules = rules.With([.. rules.Fields.Select((field, at) => Learnt(field, sums[at]))]);
        return passes.ToImmutable();
    }

    private static MatchField Learnt(MatchField field, double[] sums)
    {
        double sum = sums.Sum();
        return field with
        {
            Matches =
                sum > 0
                    ? [.. sums.Select(share => share / sum)]
                    : MatchDefaults.Of(field.Type).Matches,
        };
    }

    // A pass in which names mostly differ has found households.
    private string? WhyRejected(Expectation learnt, int[] free)
    {
        if (learnt.Matches < PassMatchesMin)
        {
            return FormattableString.Invariant(
                $"It holds {learnt.Matches:0.#} matches; {PassMatchesMin} are too few to learn from."
            );
        }

        foreach (int field in free)
        {
            double max = MatchDefaults.LowestAcceptedMax(rules.Fields[field].Type);
            double lowest = learnt.Shares[field][0];
            if (lowest > max)
            {
                return FormattableString.Invariant(
                        $"`{rules.Fields[field].Name}` differs in {lowest:P0} of what it takes for matches, more than {max:P0}: "
                    ) + "it has found people who share this, not one person.";
            }
        }

        return null;
    }

    private static double[] Capped(MatchType type, double[] shares)
    {
        double max = MatchDefaults.Of(type).LowestMax;
        if (shares[0] <= max)
        {
            return shares;
        }

        double scale = (1 - max) / (1 - shares[0]);
        return [max, .. shares.Skip(1).Select(share => share * scale)];
    }

    // How many matches and households there are, so many that as many are found: a fixed point.
    private double LearnRates(Candidates candidates)
    {
        (double Personal, double Shared)[] sums =
        [
            .. candidates.Pairs.Select(pair => rules.Scorer.Sums(records[pair.A], records[pair.B])),
        ];
        double match = Math.Min(records.Count / (10 * allPairs), 0.1);
        double household = match;
        for (int i = 0; i < RateIterationsMax; i++)
        {
            double matches = 0;
            double households = 0;
            foreach ((double personal, double shared) in sums)
            {
                double one = match * double.Exp2(personal + shared);
                double near = household * double.Exp2(shared);
                double all = 1 + one + near;
                matches += one / all;
                households += near / all;
            }

            matches = (matches / candidates.Share) + UncountedMatches;
            households /= candidates.Share;
            double moved = Math.Abs((matches / allPairs) - match) / match;
            match = matches / allPairs;
            household = households / allPairs;
            if (moved < RateTolerance)
            {
                break;
            }
        }

        // Of a handful of records the one match more than was found may be most of all pairs.
        match = Math.Min(match, FuzzyCompiler.RateMax);
        household = Math.Min(household, FuzzyCompiler.RateMax);
        rules = rules.With(rules.Fields, match, household < HouseholdMin * match ? 0 : household);
        return household;
    }

    private ImmutableArray<ImmutableArray<int>> Cluster()
    {
        MatchSimulation simulation = new(
            rules.With(rules.Fields, thresholds: rules.Thresholds with { MeanMin = EvenOdds })
        );
        for (int at = 0; at < records.Count; at++)
        {
            simulation.Add(NameOf(at), records[at]);
        }

        return
        [
            .. simulation
                .Groups()
                .Select(group =>
                    group
                        .Select(name =>
                            int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)
                        )
                        .ToImmutableArray()
                ),
        ];
    }

    private static string NameOf(int at) =>
        at.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private PairScore LevelsOf(int a, int b) => rules.Score(records[a], records[b]);
}
