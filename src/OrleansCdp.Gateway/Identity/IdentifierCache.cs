using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Whom an identifier means, remembered in this process for a while: only anchors have one bearer for good, any
/// other identifier may get a second one. A merge is corrected at once, by the individual's own answer.
/// </summary>
internal sealed class IdentifierCache(
    IGrainFactory grains,
    IOptions<GatewayOptions> options,
    TimeProvider clock
)
{
    private readonly ConcurrentDictionary<(string Type, string Value), Found> known = new();
    private readonly TimeSpan ageMax = TimeSpan.FromSeconds(
        options.Value.IdentifiersRememberedSeconds
    );

    /// <summary>The bearer of an identifier.</summary>
    /// <returns>Null for nobody.</returns>
    /// <exception cref="ProblemException">Several bear it.</exception>
    public ValueTask<string?> FindAsync(string type, string value) =>
        known.TryGetValue((type, value), out Found found) && clock.GetElapsedTime(found.At) < ageMax
            ? new(found.Individual)
            : new(LookUpAsync(type, value));

    /// <summary>Notes that somebody was absorbed.</summary>
    public void Correct(string type, string value, string individual) =>
        known[(type, value)] = new Found(individual, clock.GetTimestamp());

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
        if (found.Length != 1)
        {
            Forget(type, value);
            return found.IsEmpty ? null : throw Ambiguous(found);
        }

        if (known.Count >= options.Value.IdentifiersRememberedMax)
        {
            known.Clear(); // Rare, and one lookup each to fill again.
        }

        Correct(type, value, found[0]);
        return found[0];
    }

    private static ProblemException Ambiguous(ImmutableArray<string> candidates) =>
        new(
            new Problem(409, "ambiguous_identifier", "Several individuals bear this identifier.")
            {
                Candidates = candidates,
            }
        );

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Found(string Individual, long At);
}
