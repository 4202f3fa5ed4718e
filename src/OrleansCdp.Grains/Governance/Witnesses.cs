using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>Asks individuals and accounts for what they have, several at once.</summary>
internal sealed class Witnesses(IGrainFactory grains)
{
    private const int AskedAtOnceMax = 16;
    private const int RedirectsMax = 16;

    /// <summary>Asks one individual. Null when its state is damaged.</summary>
    public async Task<IndividualEvidence?> IndividualAsync(string id, ImmutableArray<LinkKey> links)
    {
        try
        {
            return await grains.GetGrain<IUnifiedIndividualGrain>(id).GetEvidenceAsync(links);
        }
        catch (StateCorruptException)
        {
            return null;
        }
    }

    /// <summary>Asks one account. Null when its state is damaged.</summary>
    public async Task<AccountEvidence?> AccountAsync(string id)
    {
        try
        {
            return await grains.GetGrain<IAccountGrain>(id).GetEvidenceAsync();
        }
        catch (StateCorruptException)
        {
            return null;
        }
    }

    /// <summary>Who somebody is today, after all absorptions.</summary>
    public async Task<string> PresentAsync(string individual)
    {
        for (int hops = 0; hops < RedirectsMax; hops++)
        {
            IndividualEvidence? evidence = await IndividualAsync(individual, []);
            if (evidence?.RedirectTo is not { } target)
            {
                break;
            }

            individual = target;
        }

        return individual;
    }

    /// <summary>Does something for each, a few at once.</summary>
    public static async Task ForEachAsync<T>(IEnumerable<T> items, Func<T, Task> act)
    {
        foreach (T[] some in items.Chunk(AskedAtOnceMax))
        {
            await Task.WhenAll(some.Select(act));
        }
    }
}
