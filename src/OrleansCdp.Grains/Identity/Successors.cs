using Orleans.Concurrency;

namespace OrleansCdp.Identity;

/// <summary>
/// Visitors who became somebody else while others were being merged into them. The links that come too late follow the
/// visitor's own.
/// </summary>
internal sealed class Successors(IGrainFactory grains, IMergeStore store)
{
    private const int HopsMax = 16;

    /// <summary>Who lives on for a visitor; null for the individual itself.</summary>
    public async Task<OtherTaker?> OfAsync(string individual)
    {
        LinkTransfer nothing = new()
        {
            From = individual,
            To = individual,
            Links = [],
            Owner = individual,
            FormerOwner = individual,
        };
        OtherTaker? other = await GrainOf(individual).ReceiveAsync(nothing.AsImmutable());
        return other is { ForEver: true } ? other : null;
    }

    /// <summary>
    /// Finds the root of an individual whose root was a visitor. That the visitor's link is its successor's proves that
    /// the two are one person, which groups did not know.
    /// </summary>
    /// <param name="individual">The individual.</param>
    /// <param name="visitor">Its root until now.</param>
    /// <param name="successor">Who lives on for the visitor.</param>
    public async Task<string> FollowAsync(string individual, string visitor, OtherTaker successor)
    {
        if (await LinkOfAsync(visitor, successor.Individual) is { } link)
        {
            BaseIndividual[] both =
            [
                new(visitor, AnchorPolicy.Unanchored, ClaimKeys.Of(link)),
                await BaseOfAsync(individual, successor),
            ];
            AnchorProof proof = new(link, EventId: "", [.. both]);
            await store.ProveAsync([proof], [], CancellationToken.None);
            string root = await store.RootOfAsync(individual, CancellationToken.None);
            if (root != visitor)
            {
                return root;
            }
        }

        return successor.Individual;
    }

    private async Task<BaseIndividual> BaseOfAsync(string asking, OtherTaker successor)
    {
        // Whoever asks is in the middle of a call, and has no answer for itself.
        BaseIndividual? known =
            successor.Individual == asking
                ? null
                : await GrainOf(successor.Individual).GetBaseAsync();
        return known ?? new BaseIndividual(successor.Individual, successor.Rank, Name: "");
    }

    /// <summary>The link that names a visitor, where its successor has its links; null while it is on its way.</summary>
    private async Task<LinkKey?> LinkOfAsync(string visitor, string successor)
    {
        for (int hops = 0; hops < HopsMax; hops++)
        {
            IndividualEvidence there = await GrainOf(successor).GetEvidenceAsync([]);
            if (there.RedirectTo is not { } next)
            {
                LinkKey[] named = [.. there.Keys.Where(key => SubjectIds.IsNamedBy(visitor, key))];
                return named.Length > 0 ? named[0] : null;
            }

            successor = next;
        }

        return null;
    }

    private IUnifiedIndividualGrain GrainOf(string id) =>
        grains.GetGrain<IUnifiedIndividualGrain>(id);
}
