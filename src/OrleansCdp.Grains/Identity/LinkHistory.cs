using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>Says why links are whose they are, from what turns have stored.</summary>
internal sealed class LinkHistory(IMatchStore store, IRulesets rulesets)
{
    /// <summary>Explains a link.</summary>
    /// <param name="space">The live space.</param>
    /// <param name="now">What holds of the link.</param>
    /// <param name="cancel">Stops it.</param>
    public async Task<LinkExplanation> ExplainAsync(
        MatchSpace space,
        LinkListing now,
        CancellationToken cancel
    )
    {
        var changes = await store.ReadChangesAsync(
            space.Id,
            now.Link,
            LinkExplanation.DecisionsMax,
            cancel
        );
        Dictionary<int, FuzzyRules?> versions = new() { [space.Version] = RulesOf(space.Text) };
        foreach (int version in changes.Select(change => change.Version).Distinct())
        {
            if (!versions.ContainsKey(version))
            {
                RulesetText? kept = await rulesets.TextOfAsync(space.Ruleset, version);
                versions[version] = kept is null ? null : RulesOf(kept.Text);
            }
        }

        var pair = now.Partner is { } partner
            ? await store.ReadSaidAsync(space.Id, [now.Link, partner], cancel)
            : [];
        PairExplanation? why =
            pair.Length == 2 && versions[space.Version] is { } rules
                ? rules.Explain(Compared(rules, pair[0]), Compared(rules, pair[1]))
                : null;
        return new LinkExplanation
        {
            Now = now,
            Version = space.Version,
            Reasons = why?.Reasons ?? [],
            Parts = why is not null && now.Score is { } score ? why.PartsOf(score) : [],
            Decisions = [.. changes.Select(change => DecisionOf(change, versions[change.Version]))],
        };

        FuzzyRules? RulesOf(string text) => Ruleset.Compile(space.Ruleset, text).Ruleset?.Fuzzy;
    }

    private static LinkDecision DecisionOf(StoredDecision stored, FuzzyRules? decided)
    {
        LinkDecision decision = stored.Decision;
        if (decided is null || stored.Levels is not { } levels)
        {
            return decision;
        }

        ImmutableArray<MatchReason> reasons = decided.ReasonsOf(levels);
        return decision with
        {
            Reasons = reasons,
            Parts = decision.Score is { } score ? decided.PartsOf(score, reasons) : [],
        };
    }

    /// <summary>What is compared of a record: without what identifies nobody.</summary>
    private static MatchValues Compared(FuzzyRules rules, SaidOf said) =>
        rules.Identifying(
            MatchValues.Decode(said.Said),
            value => Array.IndexOf(said.Guarded ?? [], value) >= 0
        );
}
