using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>A record as it is stored, for a trial.</summary>
/// <param name="Subject">The link, or the individual that stands for its anchored links.</param>
/// <param name="IsIndividual">Whether it is an individual.</param>
/// <param name="Group">Its group now.</param>
/// <param name="Individual">Whom the group belongs to now; null for nobody.</param>
/// <param name="Score">Its best score within the group, in bits; null for none.</param>
/// <param name="Values">What it says.</param>
public sealed record TrialRecord(
    string Subject,
    bool IsIndividual,
    long? Group,
    string? Individual,
    double? Score,
    MatchValues Values
);

/// <summary>What other rules make of stored records: nothing is changed by it.</summary>
public sealed class RulesetTrial
{
    private readonly ImmutableArray<TrialRecord> records;
    private readonly MatchSimulation simulation;

    /// <summary>Decides about all records.</summary>
    /// <param name="rules">The rules to try.</param>
    /// <param name="records">What is stored, each subject once.</param>
    /// <param name="verdicts">
    /// What stewards said, and of which of the two they did not speak themselves; those about others count for nothing.
    /// </param>
    public RulesetTrial(
        FuzzyRules rules,
        ImmutableArray<TrialRecord> records,
        IEnumerable<(string A, string B, bool Together, string? Companion)> verdicts
    )
    {
        this.records = records;
        simulation = new MatchSimulation(rules);
        foreach (TrialRecord record in records)
        {
            simulation.Add(
                record.Subject,
                StoredValues.Kept(rules, record.Values),
                record.IsIndividual ? record.Subject : null
            );
        }

        foreach ((string a, string b, bool together, string? companion) in verdicts)
        {
            if (simulation.GroupOf(a) is not null && simulation.GroupOf(b) is not null)
            {
                simulation.Decide(a, b, together, companion);
            }
        }

        Moving =
        [
            .. records
                .Where(record =>
                    !record.IsIndividual
                    && record.Individual != simulation.IndividualOf(record.Subject)
                )
                .OrderBy(record => record.Subject, StringComparer.Ordinal),
        ];
    }

    /// <summary>Links that would belong to somebody else, in the order of their keys.</summary>
    public ImmutableArray<TrialRecord> Moving { get; }

    /// <summary>Links that belong to an individual without an anchor, before.</summary>
    public int LinkedBefore => Links.Count(record => record.Individual is not null);

    /// <summary>The same after.</summary>
    public int LinkedAfter => Links.Count(record => After(record) is not null);

    /// <summary>Links of nobody that may be somebody's, after.</summary>
    public int SoftAfter =>
        Links.Count(record => After(record) is null && simulation.MayBeKnown(record.Subject));

    /// <summary>Links that no anchor names.</summary>
    public int Compared => Links.Count();

    /// <summary>Sizes of the groups of more than one record, before.</summary>
    public ImmutableArray<int> GroupsBefore =>
        [
            .. records
                .Select(record => record.Group)
                .OfType<long>()
                .CountBy(group => group)
                .Select(group => group.Value)
                .Where(size => size > 1),
        ];

    /// <summary>The same after.</summary>
    public ImmutableArray<int> GroupsAfter =>
        [.. simulation.Groups().Select(group => group.Length).Where(size => size > 1)];

    private IEnumerable<TrialRecord> Links => records.Where(record => !record.IsIndividual);

    /// <summary>Whose a record would be; null for nobody.</summary>
    public string? After(TrialRecord record) => simulation.IndividualOf(record.Subject);

    /// <summary>A record's best score in the group it would have, in bits; null for none.</summary>
    public double? ScoreAfter(TrialRecord record) => simulation.BestOf(record.Subject);
}
