using System.Collections.Immutable;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>Makes texts other than those of segments active: the definitions that follow, or why it is refused.</summary>
/// <param name="state">All definitions.</param>
/// <param name="matches">By which rulesets records are compared.</param>
internal sealed class DefinitionPuts(DefinitionsState state, IMatchStore matches)
{
    private readonly DefinitionCheck check = new(state);

    /// <summary>Puts a text. One that equals the active one makes no version.</summary>
    /// <param name="put">The version it would be.</param>
    public async Task<(DefinitionsState Next, PutResult Result)> PutAsync(DefinitionVersion put)
    {
        var (kind, name) = (put.Kind, put.Name);
        if (kind == DefinitionKinds.Segment)
        {
            throw new ArgumentException("Segments are drafted and reviewed.", nameof(put));
        }

        ImmutableArray<DefinitionError> errors = check.Check(kind, name, put.Text);
        if (errors.IsEmpty && kind == DefinitionKinds.Ruleset)
        {
            errors = await CheckLiveAsync(name, put.Text);
        }

        if (!errors.IsEmpty)
        {
            return (state, new PutResult { Errors = errors });
        }

        if (state.Active(kind, name) is { } active && active.Hash == put.Hash)
        {
            return (state, new PutResult { Active = active });
        }

        DefinitionsState next = state.With(put, check.KnowsAll(put));
        return (next, new PutResult { Active = next.Active(kind, name), Changed = true });
    }

    /// <summary>
    /// What a version leaves out would stop comparing at once, before anybody makes it live. So where records are
    /// compared it cannot be left out.
    /// </summary>
    private async Task<ImmutableArray<DefinitionError>> CheckLiveAsync(string name, string text)
    {
        Ruleset next = Ruleset.Compile(name, text).Ruleset!;
        Ruleset? before = state.Active(DefinitionKinds.Ruleset, name) is { } active
            ? Ruleset.Compile(name, active.Text).Ruleset
            : null;
        List<DefinitionError> errors = [];
        if (next.Fuzzy is null && await IsLiveAsync(name))
        {
            errors.Add(
                new(
                    "fuzzy",
                    $"Records are compared by `{name}`; without `fuzzy` that would end at once. Put these rules under "
                        + "another name, and let the streams name that.",
                    0,
                    0
                )
            );
        }

        foreach (string finder in (before?.FindableBy ?? []).Except([.. next.FindableBy, name]))
        {
            if (await IsLiveAsync(finder))
            {
                errors.Add(
                    new(
                        "findableBy",
                        $"Records of `{name}` are found by `{finder}`; without it that would end at once. Put these "
                            + "rules under another name, and let the streams name that.",
                        0,
                        0
                    )
                );
            }
        }

        return [.. errors];
    }

    private async Task<bool> IsLiveAsync(string ruleset) =>
        await matches.FindAsync(ruleset, CancellationToken.None) is not null;
}
