using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Whom an identifier means, remembered in this process. Only finds are remembered: an anchor until its bearer says
/// that it was merged, any other identifier, and where somebody was merged to, for moments, since that may change.
/// </summary>
internal sealed class IdentifierCache(
    IGrainFactory grains,
    IOptions<GatewayOptions> options,
    TimeProvider clock
)
{
    private readonly ConcurrentDictionary<(string Type, string Value), Bearer> known = new();

    /// <summary>The bearer of an identifier.</summary>
    /// <returns>Null for nobody.</returns>
    /// <exception cref="ProblemException">Several bear it.</exception>
    public ValueTask<string?> FindAsync(string type, string value) =>
        known.TryGetValue((type, value), out Bearer bearer)
        && (bearer.Until is null || clock.GetUtcNow() < bearer.Until)
            ? new(bearer.Individual)
            : new(LookUpAsync(type, value));

    /// <summary>Notes that somebody was merged into another one: for moments, since that may be taken back.</summary>
    public void Correct(string type, string value, string individual)
    {
        if (known.ContainsKey((type, value)))
        {
            known[(type, value)] = new Bearer(individual, Soon);
        }
    }

    /// <summary>Forgets an identifier whose bearer is gone.</summary>
    public void Forget(string type, string value) => known.TryRemove((type, value), out _);

    private async Task<string?> LookUpAsync(string type, string value)
    {
        if (value.Length > Limits.IdentifierMax || type.Length > Limits.FieldNameMax)
        {
            return null;
        }

        Bearers bearers = await grains
            .GetGrain<IIdentityGrain>(0)
            .FindAsync(SubjectKind.Individual, type, value);
        ImmutableArray<string> found = bearers.Ids;
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

        known[(type, value)] = new Bearer(found[0], bearers.Settled ? null : Soon);
        return found[0];
    }

    private DateTimeOffset Soon => clock.GetUtcNow() + options.Value.UnsettledIdentifiersRemembered;

    /// <summary>Who bears an identifier, and until when that may be believed; null for as long as it says so.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Bearer(string Individual, DateTimeOffset? Until);
}
