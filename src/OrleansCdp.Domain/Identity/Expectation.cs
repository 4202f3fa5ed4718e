using System.Runtime.InteropServices;

namespace OrleansCdp.Identity;

/// <summary>
/// Learns from pairs without labels what agreement is worth among pairs of one person, by expectation maximisation with
/// a prior. Beside matches and strangers it knows households, whose shared fields agree as a person's do: without them
/// families are taken for people.
/// </summary>
internal sealed class Expectation
{
    private const int IterationsMax = 200;
    private const double Tolerance = 1e-6;
    private const double PriorPairs = 100;
    private const double StartShare = 0.1;

    private readonly FuzzyRules rules;
    private readonly int[] free;
    private readonly Pattern[] patterns;
    private readonly double[][] matches;
    private double matchShare = StartShare;
    private double householdShare;

    private Expectation(FuzzyRules rules, int[] free, Pattern[] patterns)
    {
        this.rules = rules;
        this.free = free;
        this.patterns = patterns;

        // People of one household do not have one name, so that among pairs with one there is none to be found.
        bool sameName = rules
            .Fields.Where((_, at) => !free.Contains(at))
            .Any(field => field.Type is MatchType.GivenName or MatchType.Organisation);
        householdShare = sameName ? 0 : StartShare;
        matches = [.. rules.Fields.Select(field => MatchDefaults.Of(field.Type).Matches.ToArray())];
    }

    /// <summary>The share of each level among pairs of one person, by field; of fields not free the prior.</summary>
    public IReadOnlyList<double[]> Shares => matches;

    /// <summary>Pairs taken for one person's.</summary>
    public double Matches { get; private set; }

    /// <summary>Pairs taken for one household's.</summary>
    public double Households { get; private set; }

    /// <summary>Learns from pairs.</summary>
    /// <param name="rules">Fields with the shares of strangers, which are kept.</param>
    /// <param name="free">Places of the fields that are learnt: all but those by which the pairs were chosen.</param>
    /// <param name="levels">The levels of each pair, as <see cref="PairScore.Levels"/>.</param>
    public static Expectation Of(FuzzyRules rules, int[] free, IEnumerable<long> levels)
    {
        Pattern[] distinct =
        [
            .. levels
                .GroupBy(pair => pair)
                .OrderBy(pair => pair.Key)
                .Select(pair => new Pattern(pair.Key, pair.Count())),
        ];
        Expectation expectation = new(rules, free, distinct);
        int steps = 0;
        while (expectation.Step() > Tolerance && ++steps < IterationsMax)
        {
            continue;
        }

        return expectation;
    }

    private double Step()
    {
        double[][] seen =
        [
            .. matches.Select(
                (shares, field) =>
                    MatchDefaults
                        .Of(rules.Fields[field].Type)
                        .Matches.Select(share => share * PriorPairs)
                        .ToArray()
            ),
        ];
        double total = 0;
        Matches = Households = 0;
        foreach (Pattern pattern in patterns)
        {
            (double match, double household) = Posterior(pattern.Levels);
            Matches += match * pattern.Count;
            Households += household * pattern.Count;
            total += pattern.Count;
            foreach (int field in free)
            {
                int level = LevelOf(pattern.Levels, field);
                if (level != PairScore.MissingLevel)
                {
                    seen[field][level] += match * pattern.Count;
                }
            }
        }

        double moved = Math.Abs(matchShare - (Matches / total));
        matchShare = Matches / total;
        householdShare = Households / total;
        foreach (int field in free)
        {
            double sum = seen[field].Sum();
            for (int level = 0; level < seen[field].Length; level++)
            {
                double share = seen[field][level] / sum;
                moved = Math.Max(moved, Math.Abs(share - matches[field][level]));
                matches[field][level] = share;
            }
        }

        return moved;
    }

    private (double Match, double Household) Posterior(long levels)
    {
        double match = matchShare;
        double household = householdShare;
        double stranger = 1 - matchShare - householdShare;
        foreach (int field in free)
        {
            int level = LevelOf(levels, field);
            if (level == PairScore.MissingLevel)
            {
                continue;
            }

            double random = rules.Fields[field].Randoms[level];
            match *= matches[field][level];
            household *= rules.Fields[field].Shared ? matches[field][level] : random;
            stranger *= random;
        }

        double all = match + household + stranger;
        return all > 0 ? (match / all, household / all) : (0, 0);
    }

    private static int LevelOf(long levels, int field) => new PairScore(0, levels).LevelOf(field);

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Pattern(long Levels, int Count);
}
