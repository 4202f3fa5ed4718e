using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Whom an identifier means, remembered in this process. Only finds are remembered; a merge is corrected by the
/// individual's own answer.
/// </summary>
internal sealed class IdentifierCache(IGrainFactory grains, IOptions<GatewayOptions> options)
{
    private readonly ConcurrentDictionary<(string Type, string Value), string> known = new();

    /// <summary>The bearer of an identifier.</summary>
    /// <returns>Null for nobody.</returns>
    /// <exception cref="ProblemException">Several bear it.</exception>
    public ValueTask<string?> FindAsync(string type, string value) =>
        known.TryGetValue((type, value), out string? individual)
            ? new(individual)
            : new(LookUpAsync(type, value));

    /// <summary>Notes that somebody was absorbed.</summary>
    public void Correct(string type, string value, string individual) =>
        known[(type, value)] = individual;

    /// <summary>Forgets an identifier whose bearer is gone.</summary>
    public void Forget(string type, string value) => known.TryRemove((type, value), out _);

    private async Task<string?> LookUpAsync(string type, string value)
    {
        if (value.Length > Limits.IdentifierMax || type.Length > Limits.FieldNameMax)
        {
            return null;
        }

        ImmutableArray<string> found = await grains
            .GetGrain<IIdentityGrain>(0)
            .FindAsync(SubjectKind.Individual, type, value);
        if (found.Length > 1)
        {
            throw new ProblemException(
                new Problem(
                    409,
                    "ambiguous_identifier",
                    "Several individuals bear this identifier."
                )
                {
                    Candidates = found,
                }
            );
        }

        if (found.IsEmpty)
        {
            return null;
        }

        if (known.Count >= options.Value.IdentifiersRememberedMax)
        {
            known.Clear(); // Rare, and one lookup each to fill again.
        }

        known[(type, value)] = found[0];
        return found[0];
    }
}
