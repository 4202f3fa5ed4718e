using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>Adds up what the fields of two records say.</summary>
internal sealed class Scorer
{
    /// <summary>Bits against two records of which one is a person and one a company, or one Jr and one Sr.</summary>
    public const double Conflict = -20;

    private readonly FuzzyRules rules;
    private readonly FieldScorer[] fields;
    private readonly double prior;
    private readonly int given;
    private readonly int family;
    private readonly int organisation;

    public Scorer(FuzzyRules rules)
    {
        this.rules = rules;
        fields = [.. rules.Fields.Select(field => new FieldScorer(field))];
        prior = rules.Thresholds.Prior;
        given = PlaceOf(MatchType.GivenName);
        family = PlaceOf(MatchType.FamilyName);
        organisation = PlaceOf(MatchType.Organisation);
    }

    /// <summary>The score of two records.</summary>
    public PairScore Score(MatchValues left, MatchValues right)
    {
        Span<FieldScore> scores = stackalloc FieldScore[FuzzyRules.FieldsMax];
        return Compare(left, right, scores).Score;
    }

    /// <summary>The score of two records, taken apart.</summary>
    public PairExplanation Explain(MatchValues left, MatchValues right)
    {
        Span<FieldScore> scores = stackalloc FieldScore[FuzzyRules.FieldsMax];
        (PairScore score, double shared, double conflict) = Compare(left, right, scores);
        var evidence = ImmutableArray.CreateBuilder<FieldEvidence>();
        for (int i = 0; i < fields.Length; i++)
        {
            MatchField field = rules.Fields[i];
            if (scores[i].Level != PairScore.MissingLevel)
            {
                evidence.Add(
                    new FieldEvidence(
                        field.Name,
                        scores[i].Level,
                        Agreement.LevelsOf(field.Type)[scores[i].Level],
                        scores[i].Weight,
                        field.Shared
                    )
                );
            }
        }

        return new PairExplanation
        {
            Score = score,
            Prior = prior,
            Shared = shared,
            Conflict = conflict,
            Fields = evidence.ToImmutable(),
        };
    }

    /// <summary>The level of every field, names compared crosswise, without any weight.</summary>
    public void Levels(MatchValues left, MatchValues right, Span<FieldScore> scores)
    {
        for (int i = 0; i < fields.Length; i++)
        {
            scores[i] = fields[i].Score(left, right);
        }

        if (given >= 0 && family >= 0)
        {
            CompareCrosswise(left, right, scores);
        }
    }

    /// <summary>Whether something excludes that two records are one.</summary>
    public bool IsConflict(MatchValues left, MatchValues right)
    {
        if ((IsPerson(left) && IsCompany(right)) || (IsCompany(left) && IsPerson(right)))
        {
            return true;
        }

        int leftGenerations = GenerationsOf(left);
        int rightGenerations = GenerationsOf(right);
        return leftGenerations != 0
            && rightGenerations != 0
            && (leftGenerations & rightGenerations) == 0;
    }

    /// <summary>Bits of the personal fields, conflicts included, and of the shared fields before they are limited.</summary>
    public (double Personal, double Shared) Sums(MatchValues left, MatchValues right)
    {
        Span<FieldScore> scores = stackalloc FieldScore[FuzzyRules.FieldsMax];
        Levels(left, right, scores);
        double personal = IsConflict(left, right) ? Conflict : 0;
        double shared = 0;
        for (int i = 0; i < fields.Length; i++)
        {
            personal += rules.Fields[i].Shared ? 0 : scores[i].Weight;
            shared += rules.Fields[i].Shared ? scores[i].Weight : 0;
        }

        return (personal, shared);
    }

    private (PairScore Score, double Shared, double Conflict) Compare(
        MatchValues left,
        MatchValues right,
        Span<FieldScore> scores
    )
    {
        Levels(left, right, scores);
        double personal = 0;
        double shared = 0;
        long levels = 0;
        for (int i = 0; i < fields.Length; i++)
        {
            levels |= (long)scores[i].Level << (4 * i);
            personal += rules.Fields[i].Shared ? 0 : scores[i].Weight;
            shared += rules.Fields[i].Shared ? scores[i].Weight : 0;
        }

        double household = BeyondHousehold(shared, rules.Household);
        double conflict = IsConflict(left, right) ? Conflict : 0;
        return (
            new PairScore(prior + personal + household + conflict, levels),
            household,
            conflict
        );
    }

    /// <summary>What a household shares can prove the household at most.</summary>
    public static double BeyondHousehold(double shared, double household) =>
        household > 0 ? -double.Log2(double.Exp2(-shared) + household) : shared;

    // First and last names that were put into each other's field.
    private void CompareCrosswise(MatchValues left, MatchValues right, Span<FieldScore> scores)
    {
        const int crosswiseMax = 4;
        ref FieldScore first = ref scores[given];
        ref FieldScore last = ref scores[family];
        int sum = (first.IsMissing ? 0 : first.Level) + (last.IsMissing ? 0 : last.Level);
        if (sum > crosswiseMax)
        {
            return;
        }

        int one = BestAcross(left, given, right, family);
        int other = BestAcross(left, family, right, given);
        if (one >= Agreement.NearName && other >= Agreement.NearName)
        {
            first = fields[given].At(Agreement.NearName);
            last = fields[family].At(Agreement.NearName);
        }
        else if (sum == 0 && Math.Max(one, other) >= Agreement.NearName && Math.Min(one, other) < 0)
        {
            // Half of an exchange, the other name being missing.
            first = first.IsMissing ? first : fields[given].At(Agreement.FarName);
            last = last.IsMissing ? last : fields[family].At(Agreement.FarName);
        }
    }

    private int BestAcross(MatchValues left, int leftField, MatchValues right, int rightField)
    {
        int best = -1;
        MatchField one = rules.Fields[leftField];
        MatchField other = rules.Fields[rightField];
        foreach (MatchValue a in left.Of(one.Id))
        {
            foreach (MatchValue b in right.Of(other.Id))
            {
                best = Math.Max(
                    best,
                    Agreement.OfNames((NameForm)a.FormOf(one.Type), (NameForm)b.FormOf(other.Type))
                );
            }
        }

        return best;
    }

    private bool IsPerson(MatchValues values) =>
        !Has(values, organisation) && (Has(values, given) || Has(values, family));

    private bool IsCompany(MatchValues values) =>
        Has(values, organisation) && !Has(values, given) && !Has(values, family);

    private bool Has(MatchValues values, int field) =>
        field >= 0 && !values.Of(rules.Fields[field].Id).IsEmpty;

    private int GenerationsOf(MatchValues values)
    {
        int generations = 0;
        foreach (int field in (ReadOnlySpan<int>)[given, family])
        {
            if (field < 0)
            {
                continue;
            }

            foreach (MatchValue value in values.Of(rules.Fields[field].Id))
            {
                int generation = ((NameForm)value.FormOf(rules.Fields[field].Type)).Generation;
                generations |= generation > 0 ? 1 << generation : 0;
            }
        }

        return generations;
    }

    private int PlaceOf(MatchType type)
    {
        for (int i = 0; i < fields.Length; i++)
        {
            if (rules.Fields[i].Type == type)
            {
                return i;
            }
        }

        return -1;
    }
}
