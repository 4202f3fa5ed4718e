using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>Anchors alone decide.</summary>
internal sealed class NoRulesets : IRulesets
{
    public static NoRulesets Instance { get; } = new();

    public ValueTask<Ruleset?> FindAsync(string name) => new((Ruleset?)null);

    public Task<RulesetText?> TextOfAsync(string name) => Task.FromResult<RulesetText?>(null);

    public Task<RulesetText?> TextOfAsync(string name, int version) => TextOfAsync(name);
}
