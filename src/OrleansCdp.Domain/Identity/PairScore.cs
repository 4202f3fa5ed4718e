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
}
