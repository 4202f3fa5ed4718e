using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>How surely two records are of one person, and why, in sixteen bytes.</summary>
/// <param name="Score">Bits: the binary logarithm of the odds that they are. 3 is 8 to 1, -3 is 1 to 8.</param>
/// <param name="Levels">
/// Of each field of the ruleset, in its order, how well it agrees, four bits each from the lowest;
/// <see cref="MissingLevel"/> where one of the two lacks it. Stored with an edge.
/// </param>
public readonly record struct PairScore(double Score, long Levels)
{
    /// <summary>The level of a field that one of the two records lacks: no evidence either way.</summary>
    public const int MissingLevel = 15;

    /// <summary>The level of a field.</summary>
    /// <param name="field">Its place in the ruleset, from 0.</param>
    public int LevelOf(int field) => (int)(Levels >> (4 * field)) & 15;
}

/// <summary>What one field says about two records.</summary>
/// <param name="Field">The field's name.</param>
/// <param name="Level">How well it agrees, from 0.</param>
/// <param name="Agreement">The level in words, e.g. <c>one edit apart</c>.</param>
/// <param name="Weight">Bits for (above 0) or against (below 0) their being one.</param>
/// <param name="Shared">Whether it is evidence of a household at first, and of a person only beyond that.</param>
public readonly record struct FieldEvidence(
    string Field,
    int Level,
    string Agreement,
    double Weight,
    bool Shared
);

/// <summary>What a score has beside the weights of its fields: with those it adds up to the score.</summary>
/// <param name="Part">One of the names below.</param>
/// <param name="Weight">Bits for it, or against it where below 0.</param>
[GenerateSerializer, Immutable, Alias("cdp.score-part")]
public sealed record ScorePart([property: Id(0)] string Part, [property: Id(1)] double Weight)
{
    /// <summary>What any two records start with: how rare a match is.</summary>
    public const string Prior = "prior";

    /// <summary>What is taken from shared fields, because they prove no more than the household.</summary>
    public const string Household = "household";

    /// <summary>What excludes a match: Jr and Sr, a person and a company.</summary>
    public const string Conflict = "conflict";

    /// <summary>
    /// What is known of a stored score in sum only. Of a former decision: how rare its values were, household and conflict.
    /// </summary>
    public const string Rest = "rest";

    private const double Noise = 1e-9;

    /// <summary>The parts that are more than rounding.</summary>
    internal static ImmutableArray<ScorePart> Worth(ImmutableArray<ScorePart> parts) =>
        [.. parts.Where(part => Math.Abs(part.Weight) > Noise)];
}

/// <summary>A score taken apart: <c>Prior</c>, the personal fields, the shared fields together, and conflicts.</summary>
public sealed record PairExplanation
{
    /// <summary>The sum, as <see cref="FuzzyRules.Score"/> gives it.</summary>
    public required PairScore Score { get; init; }

    /// <summary>Bits any two records start with: how rare a match is.</summary>
    public required double Prior { get; init; }

    /// <summary>Bits of the shared fields together, which is at most what a household shares.</summary>
    public required double Shared { get; init; }

    /// <summary>Bits of what excludes a match (Jr and Sr, a person and a company); 0 without.</summary>
    public required double Conflict { get; init; }

    /// <summary>Every field that both records have, in the ruleset's order.</summary>
    public required ImmutableArray<FieldEvidence> Fields { get; init; }

    /// <summary>What each field says, without how it is counted.</summary>
    public ImmutableArray<MatchReason> Reasons =>
        [.. Fields.Select(one => new MatchReason(one.Field, one.Agreement, one.Weight))];

    /// <summary>What a score has beside its fields; what is 0 is left out.</summary>
    /// <param name="stored">
    /// The score that is shown. Where it was computed otherwise, as by an earlier program, the difference is a part, too.
    /// </param>
    public ImmutableArray<ScorePart> PartsOf(double stored)
    {
        double shared = Fields.Where(one => one.Shared).Sum(one => one.Weight);
        return ScorePart.Worth([
            new(ScorePart.Prior, Prior),
            new(ScorePart.Household, Shared - shared),
            new(ScorePart.Conflict, Conflict),
            new(ScorePart.Rest, stored - Score.Score),
        ]);
    }
}
