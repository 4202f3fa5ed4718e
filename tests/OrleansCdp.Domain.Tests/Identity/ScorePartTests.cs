using System.Collections.Immutable;
using CsCheck;

namespace OrleansCdp.Identity;

/// <summary>What is shown of a score adds up to it: nobody has to take a part on trust.</summary>
public sealed class ScorePartTests
{
    // Of each field values that agree with the first on every level there is, the highest first.
    private static readonly (string Field, string[] Values)[] Said =
    [
        ("first", ["Robert", "Bob", "Robirf", "R", "Walter"]),
        ("last", ["Harrison Jr", "Harison", "Harriman", "H", "Lee Sr"]),
        ("born", ["1971-06-24", "1971-06-25", "1971-06-03", "1971-11-13", "1950-02-02"]),
        (
            "email",
            ["ann.lee@a.test", "ann.lee@b.test", "ann.lee.home@c.test", "bob@a.test", "x@y.test"]
        ),
        ("phone", ["+17029191300", "+13029191300", "+17029191301", "+442079460000"]),
        ("address", ["12 Oxford St", "12 Oxfort St", "Oxford St", "14 Oxford St", "9 Elm"]),
        ("city", ["Las Vegas", "Las Vegass", "Las Palmas", "Boston"]),
        ("company", ["Acme Trading", "Acme Tradings", "Acme", "Acme Foods", "Blue Ocean"]),
    ];

    private static readonly FuzzyRules Plain = Spaces.People;
    private static readonly FuzzyRules Families = Plain.With(Plain.Fields, household: 1e-4);

    private static readonly FuzzyRules Counted = Families
        .With("first", f => f with { Frequencies = Counts(("robert", 40), ("walter", 9)) })
        .With("last", f => f with { Frequencies = Counts(("harrison", 25)) })
        .With("city", f => f with { Frequencies = Counts(("las vegas", 700)) });

    private static readonly FuzzyRules[] All = [Plain, Families, Counted];
    private static readonly Gen<FuzzyRules> AnyRules = Gen.Int[0, 2].Select(at => All[at]);

    private static readonly Gen<MatchValues> AnyRecord = Gen.Int[0, 59]
        .Array[Said.Length]
        .Select(picks => Plain.Values([.. Said.Zip(picks, Picked).OfType<(string, string)>()]));

    [Fact]
    public void Fields_and_parts_add_up_to_the_score_whatever_agrees()
    {
        HashSet<string> seen = [];
        Gen.Select(AnyRules, AnyRecord, AnyRecord)
            .Sample(
                (rules, one, other) =>
                {
                    PairExplanation why = rules.Explain(one, other);
                    double score = rules.Score(one, other).Score;
                    var parts = why.PartsOf(score);
                    lock (seen)
                    {
                        seen.UnionWith(parts.Select(part => part.Part));
                        seen.UnionWith(why.Fields.Select(f => $"{f.Field} {f.Level}"));
                    }

                    return Math.Abs(SumOf(why.Reasons, parts) - score) < 1e-6;
                },
                iter: 5_000 * Laws.Thoroughness
            );
        string[] levels =
        [
            .. Plain.Fields.SelectMany(field =>
                Enumerable
                    .Range(0, MatchField.LevelsOf(field.Type))
                    .Select(level => $"{field.Name} {level}")
            ),
        ];
        seen.Where(one => one.Contains(' ', StringComparison.Ordinal))
            .ShouldBe(levels, ignoreOrder: true, "every level was among them");
        seen.Where(one => !one.Contains(' ', StringComparison.Ordinal))
            .ShouldBe(
                [ScorePart.Prior, ScorePart.Household, ScorePart.Conflict],
                ignoreOrder: true
            );
    }

    [Fact]
    public void A_household_takes_from_shared_fields_what_it_may_share_and_is_no_part_without_them()
    {
        MatchValues family = Plain.Values(("last", "Lee"), ("email", "lees@mail.test"));
        PairExplanation why = Families.Explain(family, family);
        ScorePart household = why.PartsOf(why.Score.Score)
            .Single(part => part.Part == ScorePart.Household);
        double shared = why.Fields.Sum(field => field.Weight);
        household.Weight.ShouldBe(Scorer.BeyondHousehold(shared, 1e-4) - shared, 1e-9);
        household.Weight.ShouldBeLessThan(0);

        PairExplanation without = Plain.Explain(family, family);
        without.PartsOf(without.Score.Score).Single().Part.ShouldBe(ScorePart.Prior);
    }

    [Fact]
    public void A_score_that_was_computed_otherwise_once_says_by_how_much()
    {
        MatchValues ann = Plain.Values(("first", "Ann"));
        PairExplanation why = Plain.Explain(ann, ann);
        var parts = why.PartsOf(why.Score.Score + 1.5);
        parts.Single(part => part.Part == ScorePart.Rest).Weight.ShouldBe(1.5, 1e-9);
        SumOf(why.Reasons, parts).ShouldBe(why.Score.Score + 1.5, 1e-9);
    }

    [Fact]
    public void Of_a_former_decision_the_rest_is_what_rarity_household_and_conflict_made() =>
        Gen.Select(AnyRules, AnyRecord, AnyRecord)
            .Sample(
                (rules, one, other) =>
                {
                    PairExplanation why = rules.Explain(one, other);
                    var reasons = rules.ReasonsOf(why.Score.Levels);
                    var parts = rules.PartsOf(why.Score.Score, reasons);
                    bool hasRest = parts.Any(part => part.Part == ScorePart.Rest);
                    return Math.Abs(SumOf(reasons, parts) - why.Score.Score) < 1e-6
                        && (rules != Plain || hasRest == (why.Conflict != 0));
                },
                iter: 1_000 * Laws.Thoroughness
            );

    [Fact]
    public void Levels_that_are_taken_together_are_shown_with_the_bits_they_have_together()
    {
        FuzzyRules rules = Plain.With(
            "city",
            f => f with { Matches = [0.1, 0.2, 0.05, 0.65], Randoms = [0.9, 0.02, 0.06, 0.02] }
        );
        MatchValues one = rules.Values(("city", "Las Vegas"));
        MatchValues other = rules.Values(("city", "Las Vegass"));
        PairExplanation why = rules.Explain(one, other);
        why.Fields.Single().Level.ShouldBe(2);
        rules
            .ReasonsOf(why.Score.Levels)
            .Single()
            .Weight.ShouldBe(why.Fields.Single().Weight, 1e-9);
    }

    // One of its values, or none.
    private static (string, string)? Picked((string Field, string[] Values) said, int pick)
    {
        int at = pick % (said.Values.Length + 1);
        return at == 0 ? null : (said.Field, said.Values[at - 1]);
    }

    private static double SumOf(
        ImmutableArray<MatchReason> reasons,
        ImmutableArray<ScorePart> parts
    ) => reasons.Sum(reason => reason.Weight) + parts.Sum(part => part.Weight);

    private static Frequencies Counts(params (string, int)[] values) =>
        Spaces.Counts(1_000, values);
}
