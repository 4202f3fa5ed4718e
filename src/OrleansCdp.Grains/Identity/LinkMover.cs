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
    /// <returns>
    /// The individual that has the links in the end: the target, or whoever absorbed it. Null when that one has as
    /// many links as it may have, or the present one can remember no further departure: then they stay where they are,
    /// until a later attempt finds room.
    /// </returns>
    /// <exception cref="InconsistentStateException">
    /// The links were promised to another individual and are there now: decide again with fresh claims.
    /// </exception>
    public async Task<string?> MoveAsync(LinkMove move)
    {
        ImmutableArray<LinkKey> wanted = move.Link is { } link ? [link] : [];
        while (true)
        {
            LinkTransfer transfer = await grains
                .GetGrain<IUnifiedIndividualGrain>(move.From)
                .DetachAsync(wanted, move.To, move.ToRank);
            if (transfer.To == move.From)
            {
                return null;
            }

            string? owner = await HandOverAsync(transfer);
            if (owner is null || !transfer.More)
            {
                return transfer.To == move.To || owner is null
                    ? owner
                    : throw new InconsistentStateException(
                        $"Links of {move.From} were promised to {transfer.To}; they are there now."
                    );
            }
        }
    }

    private async Task<string?> HandOverAsync(LinkTransfer transfer)
    {
        string target = transfer.To;
        for (int hops = 0; hops < RedirectsMax; hops++)
        {
            var to = grains.GetGrain<IUnifiedIndividualGrain>(target);
            string? elsewhere = await to.AttachAsync(transfer.AsImmutable());
            if (elsewhere is null)
            {
                await grains
                    .GetGrain<IUnifiedIndividualGrain>(transfer.From)
                    .ReleaseAsync(MovedLink.Of(transfer.Links), transfer.To);
                return target;
            }

            if (elsewhere == target)
            {
                return null;
            }

            target = elsewhere;
        }

        throw new InconsistentStateException(
            $"{transfer.To} redirects more than {RedirectsMax} times."
        );
    }
}
