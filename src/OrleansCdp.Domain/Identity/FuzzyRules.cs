using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>When records are held to be one; bits, as <see cref="PairScore.Score"/>.</summary>
/// <param name="LinkMin">From here on an edge links. Default: 3, which is 8 to 1.</param>
/// <param name="MeanMin">The mean over all pairs of two clusters from which they are joined. Default: 2.</param>
/// <param name="SoftMin">From here on an edge is kept and shown as a possible match. Default: -3.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct MatchThresholds(double LinkMin, double MeanMin, double SoftMin)
{
    /// <summary>The measured defaults.</summary>
    public static MatchThresholds Default { get; } = new(3, 2, -3);

    /// <summary>Bits any two records start with, which follow from the match rate; below 0.</summary>
    public double Prior { get; init; }
}

/// <summary>Bounds of the work that one record may cause.</summary>
/// <param name="CandidatesMax">Candidates scored for a record, the best by keys in common. Default: 50.</param>
/// <param name="BucketMax">Records under one key; a key with more is closed: not read, counted, listed. Default: 50.</param>
/// <param name="EdgesMax">Edges kept of one record, the best. Default: 50.</param>
/// <param name="ComponentMax">Records clustered anew together; beyond it whole groups are taken. Default: 200.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct MatchLimits(
    int CandidatesMax,
    int BucketMax,
    int EdgesMax,
    int ComponentMax
)
{
    /// <summary>The measured defaults.</summary>
    public static MatchLimits Default { get; } = new(50, 50, 50, 200);
}

/// <summary>
/// The fuzzy part of a ruleset: what is compared, and what it is worth, after Fellegi and Sunter (1969). Everything a
/// decision reads is frozen in it. Immutable; safe for any number of threads.
/// </summary>
public sealed class FuzzyRules
{
    /// <summary>Fields of a match space.</summary>
    public const int FieldsMax = 16;

    /// <summary>Rules of their parts.</summary>
    /// <param name="fields">At most <see cref="FieldsMax"/>, in the order of <see cref="PairScore.Levels"/>.</param>
    /// <param name="matchRate">The share of pairs of records that are of one person, above 0 and below 1.</param>
    /// <param name="household">The share that are of one household and two people; 0 knows no households.</param>
    /// <param name="thresholds">When records are held to be one.</param>
    /// <param name="limits">Bounds of the work.</param>
    /// <param name="guards">Values that are nobody's.</param>
    internal FuzzyRules(
        ImmutableArray<MatchField> fields,
        double matchRate,
        double household,
        MatchThresholds thresholds,
        MatchLimits limits,
        IdentifierGuards guards
    )
    {
        Guards = guards;
        Fields = fields;
        MatchRate = matchRate;
        Household = household;
        Thresholds = thresholds with { Prior = double.Log2(matchRate / (1 - matchRate)) };
        Limits = limits;
        Scorer = new Scorer(this);
    }

    /// <summary>What is compared, in the order of <see cref="PairScore.Levels"/>.</summary>
    public ImmutableArray<MatchField> Fields { get; }

    /// <summary>The share of pairs of records that are of one person.</summary>
    public double MatchRate { get; }

    /// <summary>The share of pairs that are of one household and two people; 0 knows no households.</summary>
    public double Household { get; }

    /// <summary>When records are held to be one.</summary>
    public MatchThresholds Thresholds { get; }

    /// <summary>Bounds of the work.</summary>
    public MatchLimits Limits { get; }

    /// <summary>Values that are nobody's, as the ruleset's guards have them.</summary>
    public IdentifierGuards Guards { get; }

    internal Scorer Scorer { get; }

    /// <summary>What an event says that is matched.</summary>
    /// <returns>Null when that is nothing.</returns>
    public MatchValues? ValuesOf(LinkEvent linkEvent) => ValueExtraction.Of(this, linkEvent);

    /// <summary>
    /// The keys under which a record is found: it may match whoever shares one. Stable, part of the stored format.
    /// </summary>
    /// <returns>Each once, ascending; at most <see cref="BlockingKeys.KeysMax"/>.</returns>
    public ImmutableArray<long> KeysOf(MatchValues values) => BlockingKeys.Of(this, values);

    /// <summary>The values of a record that are meant to be one person's, each once.</summary>
    public ImmutableArray<IdentifierValue> IdentifiersOf(MatchValues values) =>
        IdentifierValues.Of(this, values);

    /// <summary>What a record says without the values that too many individuals have: those identify nobody.</summary>
    /// <param name="values">What it says.</param>
    /// <param name="isGuarded">Of the <see cref="IdentifierValue.Key"/> of a value whether it is one of those.</param>
    public MatchValues Identifying(MatchValues values, Func<long, bool> isGuarded) =>
        IdentifierValues.Without(this, values, isGuarded);

    /// <summary>How surely two records are of one person. Symmetric.</summary>
    public PairScore Score(MatchValues left, MatchValues right) => Scorer.Score(left, right);

    /// <summary>The same score taken apart, for those who want to know why.</summary>
    public PairExplanation Explain(MatchValues left, MatchValues right) =>
        Scorer.Explain(left, right);

    /// <summary>What each field says of two records, rare values counting more.</summary>
    public ImmutableArray<MatchReason> ReasonsOf(MatchValues left, MatchValues right) =>
        Explain(left, right).Reasons;

    /// <summary>
    /// What the stored levels of a score say, with the bits of each level before it is weighed how rare a value is.
    /// </summary>
    /// <param name="levels">As <see cref="PairScore.Levels"/> of these rules.</param>
    public ImmutableArray<MatchReason> ReasonsOf(long levels)
    {
        PairScore pair = new(0, levels);
        var reasons = ImmutableArray.CreateBuilder<MatchReason>();
        for (int at = 0; at < Fields.Length; at++)
        {
            MatchField field = Fields[at];
            int level = pair.LevelOf(at);
            if (level < MatchField.LevelsOf(field.Type))
            {
                reasons.Add(
                    new MatchReason(
                        field.Name,
                        Agreement.LevelsOf(field.Type)[level],
                        FieldScorer.WeightsOf(field)[level]
                    )
                );
            }
        }

        return reasons.ToImmutable();
    }

    /// <summary>
    /// What a stored score has beside <see cref="ReasonsOf(long)"/>. How rare the values were is not stored, nor what
    /// follows from that for a household: that is one <see cref="ScorePart.Rest"/>.
    /// </summary>
    /// <param name="score">The score, by these rules.</param>
    /// <param name="reasons">What its levels say.</param>
    public ImmutableArray<ScorePart> PartsOf(double score, ImmutableArray<MatchReason> reasons) =>
        ScorePart.Worth([
            new(ScorePart.Prior, Thresholds.Prior),
            new(ScorePart.Rest, score - Thresholds.Prior - reasons.Sum(reason => reason.Weight)),
        ]);

    /// <summary>The same rules with other thresholds, to see what they would change.</summary>
    public FuzzyRules WithThresholds(MatchThresholds thresholds) =>
        With(Fields, thresholds: thresholds);

    /// <summary>The same rules with other fields and rates.</summary>
    internal FuzzyRules With(
        ImmutableArray<MatchField> fields,
        double? matchRate = null,
        double? household = null,
        MatchThresholds? thresholds = null
    ) =>
        new(
            fields,
            matchRate ?? MatchRate,
            household ?? Household,
            thresholds ?? Thresholds,
            Limits,
            Guards
        );
}
