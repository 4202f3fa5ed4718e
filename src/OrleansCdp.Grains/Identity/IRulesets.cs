using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>The active rulesets, as definitions have them.</summary>
internal interface IRulesets
{
    /// <summary>A ruleset by its name; null when there is none.</summary>
    ValueTask<Ruleset?> FindAsync(string name);

    /// <summary>Its active version, as it is written; null when there is none.</summary>
    Task<RulesetText?> TextOfAsync(string name);
}

/// <summary>A version of a ruleset, as it is written.</summary>
/// <param name="Version">Number of the version.</param>
/// <param name="Text">Its YAML.</param>
internal sealed record RulesetText(int Version, string Text);

/// <summary>The rulesets of this process's catalogue.</summary>
internal sealed class CatalogueRulesets(DefinitionCatalogue catalogue, IGrainFactory grains)
    : IRulesets
{
    public ValueTask<Ruleset?> FindAsync(string name) => catalogue.FindRulesetAsync(name);

    public async Task<RulesetText?> TextOfAsync(string name)
    {
        var versions = await grains
            .GetGrain<IDefinitionsGrain>(IDefinitionsGrain.Key)
            .GetVersionsAsync(DefinitionKinds.Ruleset, name);
        return versions.IsEmpty ? null : new RulesetText(versions[^1].Version, versions[^1].Text);
    }
}
