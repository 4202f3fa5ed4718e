using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>One estimate of what agreement is worth, among the records that agree in one respect.</summary>
public sealed record TrainingPass
{
    /// <summary>Fields in which all of its pairs are equal; of them it learns nothing.</summary>
    public required ImmutableArray<string> Block { get; init; }

    /// <summary>Pairs of records.</summary>
    public required int Pairs { get; init; }

    /// <summary>How many of them it takes for one person's.</summary>
    public required double Matches { get; init; }

    /// <summary>How many of them it takes for one household's.</summary>
    public required double Households { get; init; }

    /// <summary>Why its estimates are not used; null when they are.</summary>
    public string? Rejected { get; init; }
}

/// <summary>What training found, for the person who decides about its draft.</summary>
public sealed record TrainingReport
{
    /// <summary>Records it was given.</summary>
    public required int Records { get; init; }

    /// <summary>Random pairs compared, to see how often strangers agree.</summary>
    public required int RandomPairs { get; init; }

    /// <summary>Pairs that share a key.</summary>
    public required int CandidatePairs { get; init; }

    /// <summary>Passes, accepted and rejected.</summary>
    public required ImmutableArray<TrainingPass> Passes { get; init; }

    /// <summary>The share of all pairs that are of one person.</summary>
    public required double MatchRate { get; init; }

    /// <summary>How many pairs that is.</summary>
    public required double Matches { get; init; }

    /// <summary>The share of all pairs that are of one household; below a twentieth of the matches it is not used.</summary>
    public required double HouseholdRate { get; init; }

    /// <summary>Groups of more than one record when all are clustered with what was learnt.</summary>
    public required int Groups { get; init; }

    /// <summary>Values that too many hold, by field.</summary>
    public required ImmutableSortedDictionary<string, int> Guarded { get; init; }
}
