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
    private const int HopsMax = 16;

    /// <summary>Makes a move, or finishes it.</summary>
    /// <param name="move">The move.</param>
    /// <param name="claimedAt">
    /// Where claims say that the link is: its owner may remember that it left, and not that it came back to where the
    /// owner's links live since a merge.
    /// </param>
    /// <returns>
    /// Whose the link is in the end: the target's, or whomever's it had been promised to before. Nobody's when that one
    /// has as many links as it may have, the present one can remember no further departure, or the state of either is
    /// damaged: then it stays where it is, until a later attempt succeeds.
    /// </returns>
    public async Task<MoveEnd> MoveAsync(LinkMove move, string claimedAt)
    {
        try
        {
            return await TryMoveAsync(move, move.From, hops: 0, claimedAt)
                ?? MoveEnd.Refused(ReasonCodes.LinksMax);
        }
        catch (StateCorruptException)
        {
            return MoveEnd.Refused(ReasonCodes.StateCorrupt);
        }
    }

    /// <summary>Finishes whatever keeps events of a link from being taken where it was.</summary>
    /// <param name="link">The link.</param>
    /// <param name="place">Where its events were sent.</param>
    /// <param name="target">Whom the individual there named.</param>
    /// <returns>As of a move.</returns>
    public async Task<MoveEnd> FollowAsync(LinkKey link, Destination place, string target)
    {
        LinkMove move = new(place.Owner, link, target, AnchorPolicy.AsPromised);
        try
        {
            return await TryMoveAsync(move, place.At, hops: 0)
                ?? MoveEnd.Refused(ReasonCodes.LinksMax);
        }
        catch (StateCorruptException)
        {
            return MoveEnd.Refused(ReasonCodes.StateCorrupt);
        }
    }

    /// <summary>Finishes the move of a visitor who became somebody, if the individual was one.</summary>
    /// <returns>
    /// Whose its links are now; null when it lives itself, or its state is damaged; nobody when its links find no room.
    /// </returns>
    public async Task<MoveEnd?> FinishAsync(string individual)
    {
        try
        {
            return await SuccessorOfAsync(individual) is { } successor
                ? await MoveAsync(WholeOf(individual, successor, default), individual)
                : null;
        }
        catch (StateCorruptException)
        {
            return null; // Whoever needs it meets the damage himself, event by event.
        }
    }

    private static LinkMove WholeOf(string from, string to, LinkKey any) =>
        new(from, any, to, AnchorPolicy.AsPromised) { Whole = true };

    private async Task<MoveEnd?> TryMoveAsync(
        LinkMove move,
        string at,
        int hops,
        string? claimedAt = null
    )
    {
        bool isSentByOwner = false;
        while (true)
        {
            if (++hops > HopsMax)
            {
                throw new InconsistentStateException($"{move.Link} is asked for in a circle.");
            }

            ImmutableArray<LinkKey> wanted = move.Whole && at == move.From ? [] : [move.Link];
            LinkTransfer transfer = await grains
                .GetGrain<IUnifiedIndividualGrain>(at)
                .DetachAsync(wanted, move.To, move.ToRank, move.From, move.Cause, isSentByOwner);
            if (transfer.AskThere && (transfer.To == at || move.Whole))
            {
                return NotToBeMoved(move, at, transfer.To);
            }

            isSentByOwner = transfer.AskThere && at == move.From;
            if (transfer.AskThere)
            {
                at = transfer.To;
                continue;
            }

            if (transfer.Stays)
            {
                return new MoveEnd(new Destination(move.To, at), move.ToRank);
            }

            bool isMemory = transfer.Links.IsEmpty && transfer.To != at;
            if (isMemory && at == move.From && claimedAt is not null && claimedAt != at)
            {
                (at, claimedAt) = (claimedAt, null); // If it is not there either, its owner is asked once more.
                continue;
            }

            if (isMemory && move is { Whole: false, ToRank: AnchorPolicy.AsPromised })
            {
                // It was handed over, and may have left there too, before that one became somebody else: ask there.
                return new MoveEnd(new Destination(transfer.To, transfer.To), transfer.Rank);
            }

            if (transfer.To == at || await HandOverAsync(transfer, hops) is not { } end)
            {
                return null;
            }

            if (!transfer.ChangesOwner && !transfer.Links.IsEmpty)
            {
                at = transfer.To; // It changed hands by a merge: the move goes on there.
            }
            else if (!transfer.More)
            {
                return await EndAsync(move, transfer, end, hops);
            }
        }
    }

    /// <summary>What comes of a move once all that there was has been handed over.</summary>
    private async Task<MoveEnd> EndAsync(
        LinkMove move,
        LinkTransfer transfer,
        MoveEnd handedOver,
        int hops
    )
    {
        bool wasThere = move.Whole || !transfer.Links.IsEmpty;
        MoveEnd end =
            wasThere || handedOver.Place!.Value.Owner == move.To
                ? handedOver
                : await FollowOnAsync(move.Link, handedOver, hops);
        bool isAsWanted = end.Place?.Owner == move.To && move.ToRank >= 0;
        return isAsWanted ? end with { Rank = move.ToRank } : end;
    }

    /// <summary>Where a link is that was handed over long ago: it may have left there, too.</summary>
    private async Task<MoveEnd> FollowOnAsync(LinkKey link, MoveEnd handedOver, int hops)
    {
        Destination place = handedOver.Place!.Value;
        LinkMove rest = new(place.Owner, link, place.Owner, AnchorPolicy.AsPromised);
        return
            await TryMoveAsync(rest, place.At, hops) is { Place: { } next } end
            && next.Owner != place.Owner
            ? await FollowOnAsync(link, end, hops + 1)
            : handedOver;
    }

    /// <summary>
    /// What comes of a move where others live with the individual, and go home first; or nothing was promised; or it was
    /// merged meanwhile, and is no mere visitor any more: decide again.
    /// </summary>
    private static MoveEnd NotToBeMoved(LinkMove move, string at, string asked) =>
        move is { Whole: true, ToRank: not AnchorPolicy.AsPromised } && asked == at
            ? MoveEnd.Refused(ReasonCodes.HoldsOthers)
            : new MoveEnd(new Destination(move.From, at), move.ToRank);

    private async Task<string?> SuccessorOfAsync(string individual)
    {
        LinkTransfer nothing = LinkTransfer.Nothing(individual, individual);
        OtherTaker? other = await grains
            .GetGrain<IUnifiedIndividualGrain>(individual)
            .AttachAsync(nothing.AsImmutable());
        return other is { ForEver: true } ? other.Individual : null;
    }

    /// <returns>Whose the links are and who has them; null when there is no room.</returns>
    private async Task<MoveEnd?> HandOverAsync(LinkTransfer transfer, int hops)
    {
        string promised = transfer.To;
        string target = promised;
        while (true)
        {
            OtherTaker? other = await grains
                .GetGrain<IUnifiedIndividualGrain>(target)
                .AttachAsync(transfer.AsImmutable());
            if (other is null)
            {
                await grains
                    .GetGrain<IUnifiedIndividualGrain>(transfer.From)
                    .ReleaseAsync(MovedLink.Of(transfer.Links), promised);
                return new MoveEnd(new Destination(transfer.Owner, target), transfer.Rank);
            }

            if (other.Individual == target)
            {
                return null;
            }

            // Back to where it comes from only because its new owner has been merged into that one meanwhile.
            bool isCircle = other.ForEver && other.Individual == transfer.From;
            if (isCircle || ++hops > HopsMax)
            {
                throw new InconsistentStateException($"{promised} redirects in a circle.");
            }

            if (other.ForEver)
            {
                if (transfer.Links.Length > 1)
                {
                    return await HandOverEachAsync(transfer, hops);
                }

                // Its own links first: an event that went past them would begin anew a link that is on its way.
                LinkMove rest = WholeOf(target, other.Individual, default);
                if (await TryMoveAsync(rest, target, hops) is null)
                {
                    return null;
                }

                // Whom it merely matched it merely matches now.
                int rank = transfer.Rank == AnchorPolicy.Matched ? transfer.Rank : other.Rank;
                transfer = transfer with { Owner = other.Individual, Rank = rank };
            }

            target = other.Individual;
        }
    }

    /// <summary>
    /// Hands links over one by one, because their target became somebody else: of some it may have passed on a newer state
    /// already, which an old copy must not overtake.
    /// </summary>
    private async Task<MoveEnd?> HandOverEachAsync(LinkTransfer transfer, int hops)
    {
        MoveEnd? end = new(new Destination(transfer.Owner, transfer.To), transfer.Rank);
        foreach (Link link in transfer.Links)
        {
            MoveEnd? taken = await HandOverAsync(transfer with { Links = [link] }, hops);
            end =
                taken is null || end is null ? null
                : taken.Place?.Owner == transfer.Owner ? end
                : taken;
        }

        return end;
    }
}

/// <summary>Where a moved link is in the end.</summary>
/// <param name="Place">Whose it is and who has it; null where it stayed.</param>
/// <param name="Rank">Rank of the anchor that names its owner.</param>
/// <param name="Code">Why it stayed; null where it moved.</param>
internal sealed record MoveEnd(Destination? Place, int Rank, string? Code = null)
{
    /// <summary>The link stayed.</summary>
    public static MoveEnd Refused(string code) => new(null, AnchorPolicy.Unanchored, code);
}
