using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>The active rulesets, as definitions have them.</summary>
internal interface IRulesets
{
    /// <summary>A ruleset by its name; null when there is none.</summary>
    ValueTask<Ruleset?> FindAsync(string name);

    /// <summary>The text of its active version; null when there is none.</summary>
    Task<string?> TextOfAsync(string name);
}

/// <summary>The rulesets of this process's catalogue.</summary>
internal sealed class CatalogueRulesets(DefinitionCatalogue catalogue, IGrainFactory grains)
    : IRulesets
{
    public ValueTask<Ruleset?> FindAsync(string name) => catalogue.FindRulesetAsync(name);

    public async Task<string?> TextOfAsync(string name)
    {
        var versions = await grains
            .GetGrain<IDefinitionsGrain>(IDefinitionsGrain.Key)
            .GetVersionsAsync(DefinitionKinds.Ruleset, name);
        return versions.IsEmpty ? null : versions[^1].Text;
    }
}
