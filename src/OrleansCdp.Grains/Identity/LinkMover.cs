using System.Collections.Immutable;
using Orleans.Concurrency;
using Orleans.Storage;

namespace OrleansCdp.Identity;

/// <summary>
/// Moves links between individuals: freeze, copy and claim, release. Every step may be repeated; whoever finds a
/// move half done (an event answered with "moved") completes it.
/// </summary>
internal sealed class LinkMover(IGrainFactory grains)
{
    private const int RedirectsMax = 16;

    /// <summary>Makes a move, or finishes it.</summary>
    /// <returns>The individual that has the links in the end: the target, or whoever absorbed it.</returns>
    /// <exception cref="InconsistentStateException">
    /// The links are promised to another individual: decide again with fresh claims.
    /// </exception>
    public async Task<string> MoveAsync(LinkMove move)
    {
        var from = grains.GetGrain<IUnifiedIndividualGrain>(move.From);
        ImmutableArray<LinkKey> wanted = move.Link is { } link ? [link] : [];
        LinkTransfer? transfer = await from.DetachAsync(wanted, move.To, move.ToRank);
        if (transfer is null)
        {
            throw new InconsistentStateException($"Links of {move.From} are promised elsewhere.");
        }

        string target = move.To;
        for (int hops = 0; hops < RedirectsMax; hops++)
        {
            var to = grains.GetGrain<IUnifiedIndividualGrain>(target);
            string? elsewhere = await to.AttachAsync(transfer.AsImmutable());
            if (elsewhere is null)
            {
                await from.ReleaseAsync([.. transfer.Links.Select(moved => moved.Key)], move.To);
                return target;
            }

            target = elsewhere;
        }

        throw new InconsistentStateException(
            $"{move.To} redirects more than {RedirectsMax} times."
        );
    }
}
