using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>The active rulesets, as definitions have them.</summary>
internal interface IRulesets
{
    /// <summary>A ruleset by its name; null when there is none.</summary>
    ValueTask<Ruleset?> FindAsync(string name);

    /// <summary>Its active version; null when there is none.</summary>
    Task<RulesetText?> TextOfAsync(string name);

    /// <summary>One of its versions; null when it is not kept.</summary>
    Task<RulesetText?> TextOfAsync(string name, int version);
}

/// <summary>A version of a ruleset.</summary>
/// <param name="Version">Its number.</param>
/// <param name="Text">The definition.</param>
internal sealed record RulesetText(int Version, string Text);

/// <summary>The rulesets of this process's catalogue.</summary>
internal sealed class CatalogueRulesets(DefinitionCatalogue catalogue, IGrainFactory grains)
    : IRulesets
{
    public ValueTask<Ruleset?> FindAsync(string name) => catalogue.FindRulesetAsync(name);

    public async Task<RulesetText?> TextOfAsync(string name) =>
        (await VersionsAsync(name)).LastOrDefault();

    public async Task<RulesetText?> TextOfAsync(string name, int version) =>
        (await VersionsAsync(name)).FirstOrDefault(one => one.Version == version);

    private async Task<IEnumerable<RulesetText>> VersionsAsync(string name) =>
        (await grains.Definitions().GetVersionsAsync(DefinitionKinds.Ruleset, name)).Select(
            version => new RulesetText(version.Version, version.Text)
        );
}
