using System.Collections.Immutable;
using Orleans.Concurrency;
using Orleans.Storage;
using OrleansCdp.Events;

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
    /// The individual that has the links in the end: the target, whoever absorbed it, or whomever the links had been
    /// promised to before. Nobody when that one has as many links as it may have, the present one can remember no
    /// further departure, or the state of either is damaged: then they stay where they are, until a later attempt
    /// succeeds.
    /// </returns>
    public async Task<MoveEnd> MoveAsync(LinkMove move)
    {
        try
        {
            return await TryMoveAsync(move, hops: 0) ?? MoveEnd.Refused(ReasonCodes.LinksMax);
        }
        catch (StateCorruptException)
        {
            return MoveEnd.Refused(ReasonCodes.StateCorrupt);
        }
    }

    private async Task<MoveEnd?> TryMoveAsync(LinkMove move, int hops)
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

            string? owner = await HandOverAsync(transfer, hops);
            if (owner is null)
            {
                return null;
            }

            if (!transfer.More)
            {
                return owner == move.To
                    ? new MoveEnd(owner, Math.Min(move.ToRank, transfer.Rank))
                    : new MoveEnd(owner, Math.Min(transfer.Rank, await RankOfAsync(owner)));
            }
        }
    }

    /// <summary>Finishes the absorption of an individual, if it was absorbed.</summary>
    /// <returns>
    /// Who has its links now; null when it lives itself, or its state is damaged; nobody when its links find no room.
    /// </returns>
    public async Task<MoveEnd?> FinishAsync(string individual)
    {
        try
        {
            return await AbsorberOfAsync(individual) is { } absorber
                ? await MoveAsync(new LinkMove(individual, null, absorber, AnchorPolicy.Unanchored))
                : null;
        }
        catch (StateCorruptException)
        {
            return null; // Whoever needs it meets the damage himself, event by event.
        }
    }

    private async Task<string?> AbsorberOfAsync(string individual)
    {
        LinkTransfer nothing = new()
        {
            From = individual,
            To = individual,
            Links = [],
        };
        string? absorber = await grains
            .GetGrain<IUnifiedIndividualGrain>(individual)
            .AttachAsync(nothing.AsImmutable());
        return absorber == individual ? null : absorber;
    }

    private ValueTask<int> RankOfAsync(string individual) =>
        grains.GetGrain<IUnifiedIndividualGrain>(individual).GetRankAsync();

    private async Task<string?> HandOverAsync(LinkTransfer transfer, int hops)
    {
        string target = transfer.To;
        while (true)
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

            if (elsewhere == transfer.From || ++hops > RedirectsMax)
            {
                throw new InconsistentStateException($"{transfer.To} redirects in a circle.");
            }

            if (transfer.Links.Length > 1)
            {
                return await HandOverEachAsync(transfer, hops);
            }

            // Its own links first: an event that went past them would begin anew a link that is on its way.
            LinkMove absorption = new(target, null, elsewhere, AnchorPolicy.Unanchored);
            if (await TryMoveAsync(absorption, hops) is null)
            {
                return null;
            }

            target = elsewhere;
        }
    }

    /// <summary>
    /// Hands links over one by one, because their target was absorbed: of some it may have passed on a newer state already,
    /// which an old copy must not overtake.
    /// </summary>
    private async Task<string?> HandOverEachAsync(LinkTransfer transfer, int hops)
    {
        string? end = transfer.To;
        foreach (Link link in transfer.Links)
        {
            string? owner = await HandOverAsync(transfer with { Links = [link] }, hops);
            end =
                owner is null || end is null ? null
                : owner == transfer.To ? end
                : owner;
        }

        return end;
    }
}

/// <summary>Where moved links are in the end.</summary>
/// <param name="Owner">The individual; null where they stayed.</param>
/// <param name="Rank">Rank of its strongest anchor.</param>
/// <param name="Code">Why they stayed; null where they moved.</param>
internal sealed record MoveEnd(string? Owner, int Rank, string? Code = null)
{
    /// <summary>The links stayed.</summary>
    public static MoveEnd Refused(string code) => new(null, AnchorPolicy.Unanchored, code);
}
