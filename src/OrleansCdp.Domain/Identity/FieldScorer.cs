using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace OrleansCdp.Identity;

/// <summary>How well one field agrees, and what that is worth.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct FieldScore(int Level, double Weight)
{
    public static FieldScore Missing { get; } = new(PairScore.MissingLevel, 0);

    public bool IsMissing => Level == PairScore.MissingLevel;
}

/// <summary>Compares one field of two records: of all pairs of values the one that speaks most for a match.</summary>
internal sealed class FieldScorer
{
    // A name that several people have is a name and not a typo.
    private const int KnownNameMin = 3;
    private const double OtherNameMax = -8;

    private readonly MatchField field;
    private readonly int top;
    private readonly double[] weights;

    public FieldScorer(MatchField field)
    {
        this.field = field;
        weights = WeightsOf(field);
        top = weights.Length - 1;
    }

    /// <summary>
    /// Bits of each level: how much more common it is among pairs of one person. Below the highest a better level never
    /// weighs less: levels that would are taken together, as one. The highest is never raised to them, or common values
    /// would gain what term frequency takes from them.
    /// </summary>
    public static double[] WeightsOf(MatchField field)
    {
        var bits = new double[field.Matches.Length];
        int highest = bits.Length - 1;
        List<(double Match, double Random, int Levels)> pools = [];
        for (int level = 0; level < highest; level++)
        {
            (double Match, double Random, int Levels) pool = (
                field.Matches[level],
                field.Randoms[level],
                1
            );
            while (pools.Count > 0 && pools[^1].Match / pools[^1].Random > pool.Match / pool.Random)
            {
                pool = (
                    pool.Match + pools[^1].Match,
                    pool.Random + pools[^1].Random,
                    pool.Levels + pools[^1].Levels
                );
                pools.RemoveAt(pools.Count - 1);
            }

            pools.Add(pool);
        }

        int at = 0;
        foreach ((double match, double random, int levels) in pools)
        {
            Array.Fill(bits, double.Log2(match / random), at, levels);
            at += levels;
        }

        bits[highest] = double.Log2(field.Matches[highest] / field.Randoms[highest]);
        return bits;
    }

    /// <summary>The score of a level whatever the values.</summary>
    public FieldScore At(int level) => new(level, weights[level]);

    /// <summary>The score of the two best values; a guarded value counts as none.</summary>
    public FieldScore Score(MatchValues left, MatchValues right)
    {
        ImmutableArray<MatchValue> leftValues = left.Of(field.Id);
        ImmutableArray<MatchValue> rightValues = right.Of(field.Id);
        FieldScore best = FieldScore.Missing;
        foreach (MatchValue a in leftValues)
        {
            ValueForm leftForm = a.FormOf(field.Type);
            if (IsGuarded(leftForm))
            {
                continue;
            }

            foreach (MatchValue b in rightValues)
            {
                ValueForm rightForm = b.FormOf(field.Type);
                if (!IsGuarded(rightForm))
                {
                    FieldScore score = Score(leftForm, rightForm);
                    best = best.IsMissing || IsBetter(score, best) ? score : best;
                }
            }
        }

        return best;
    }

    private static bool IsBetter(FieldScore score, FieldScore best) =>
        score.Weight > best.Weight || (score.Weight == best.Weight && score.Level > best.Level);

    private bool IsGuarded(ValueForm form) =>
        field.Guarded.Count > 0 && field.Guarded.Contains(form.Hash);

    private FieldScore Score(ValueForm left, ValueForm right)
    {
        int level = Agreement.LevelOf(left, right, field.Words);
        if (field.Frequencies is not { } frequencies)
        {
            return At(level);
        }

        if (level == top)
        {
            // Rare values prove more than common ones.
            double rarity = frequencies.RarityOf(left.Hash);
            return new FieldScore(level, double.Log2(field.Matches[top]) + rarity);
        }

        return
            field.Type == MatchType.GivenName
            && level < Agreement.NearName
            && frequencies.CountOf(left.Hash) >= KnownNameMin
            && frequencies.CountOf(right.Hash) >= KnownNameMin
            ? new FieldScore(
                level,
                level == 0 ? Math.Min(2 * weights[0], OtherNameMax) : weights[0]
            )
            : At(level);
    }
}
