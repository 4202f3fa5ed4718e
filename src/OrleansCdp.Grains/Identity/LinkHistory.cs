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
        return new LinkExplanation
        {
            Now = now,
            Version = space.Version,
            Reasons =
                pair.Length == 2 && versions[space.Version] is { } rules
                    ? ReasonsOf(rules, pair[0], pair[1])
                    : [],
            Decisions =
            [
                .. changes.Select(change =>
                    change.Decision with
                    {
                        Reasons =
                            change.Levels is { } levels && versions[change.Version] is { } decided
                                ? decided.ReasonsOf(levels)
                                : [],
                    }
                ),
            ],
        };

        FuzzyRules? RulesOf(string text) => Ruleset.Compile(space.Ruleset, text).Ruleset?.Fuzzy;
    }

    private static ImmutableArray<MatchReason> ReasonsOf(
        FuzzyRules rules,
        SaidOf left,
        SaidOf right
    ) => rules.ReasonsOf(Compared(rules, left), Compared(rules, right));

    /// <summary>What is compared of a record: without what identifies nobody.</summary>
    private static MatchValues Compared(FuzzyRules rules, SaidOf said) =>
        rules.Identifying(
            MatchValues.Decode(said.Said),
            value => Array.IndexOf(said.Guarded ?? [], value) >= 0
        );
}
