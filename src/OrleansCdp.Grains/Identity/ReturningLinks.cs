using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Brings links back from where a steward had sent them, once that is withdrawn: to whom they belonged, and for the reason
/// for which they did. For a while after they were sent home they are looked at again and again: whoever sent them may be
/// slower than whoever withdrew that.
/// </summary>
internal sealed partial class ReturningLinks(
    ISentHomeStore store,
    IIdentityStore identity,
    MatchReview review,
    IGrainFactory grains,
    ILogger<ReturningLinks> logger
)
{
    /// <summary>Links of one round.</summary>
    public const int RoundMax = 100;

    private readonly LinkMover mover = new(grains);

    /// <summary>Tries those of some decisions.</summary>
    /// <returns>Whose links are not back where they belong, and why.</returns>
    public async Task<ImmutableArray<StayingLinks>> ReturnAsync(
        IReadOnlyCollection<long> decisions,
        CancellationToken cancel
    ) =>
        decisions.Count == 0
            ? []
            : await ReturnAllAsync(await store.ReadAsync(decisions, cancel), cancel);

    /// <summary>One round over those that have waited longest.</summary>
    public async Task SweepAsync(CancellationToken cancel) =>
        await ReturnAllAsync(await store.ReadOldestAsync(RoundMax, cancel), cancel);

    private async Task<ImmutableArray<StayingLinks>> ReturnAllAsync(
        ImmutableArray<SentHome> returning,
        CancellationToken cancel
    )
    {
        var staying = ImmutableArray.CreateBuilder<StayingLinks>();
        foreach (SentHome one in returning)
        {
            string? reason = await TryReturnAsync(one, cancel);
            await store.NoteAsync(one.Decision, reason, cancel);
            if (reason is not null)
            {
                staying.Add(new StayingLinks(one.Back.Move.From, reason));
            }
            else if (!one.IsRecent)
            {
                await store.EndAsync(one, cancel);
            }
        }

        return staying.ToImmutable();
    }

    /// <returns>Why it has to wait; null when it is back, or has become another one's.</returns>
    private async Task<string?> TryReturnAsync(SentHome one, CancellationToken cancel)
    {
        try
        {
            return await ReturnAsync(one, cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogFailed(one.Decision, e);
            return MergeConflict.MoveFailed;
        }
    }

    private async Task<string?> ReturnAsync(SentHome one, CancellationToken cancel)
    {
        ClaimMove back = one.Back.Move;
        LinkKey link = ClaimKeys.LinkOf(back.Claim)!.Value;
        Claim? claim = await ClaimAsync(back, cancel);
        if (claim?.Owner == back.To)
        {
            // It may be on its way home: whoever sent it has died, or is still at it.
            MoveEnd left = await mover.FollowAsync(link, Destination.Of(claim), back.From);
            if (left.Place is null)
            {
                return left.Code;
            }

            claim = await ClaimAsync(back, cancel);
        }

        if (claim is null || !BelongsBack(claim, one.Back))
        {
            return null;
        }

        if (claim.KeptFrom.Contains(back.To) || (claim.Owner == back.From && claim.IsTied))
        {
            return ReasonCodes.Overruled; // By another decision. Once that is withdrawn, too, it goes back.
        }

        Destination here = Destination.Of(claim);
        if (await new Whereabouts(grains).WhyNoRoomAsync(here.At, back.To) is { } full)
        {
            return full; // Begun, the move would keep the link's events waiting.
        }

        var due = await store.NoteDueAsync(one, cancel);
        MoveEnd end = await mover.MoveAsync(
            new LinkMove(claim.Owner, link, back.To, back.Rank, back.Cause),
            here.At
        );
        if (end.Place is not { } place || place.Owner == claim.Owner)
        {
            return end.Code ?? MergeConflict.MoveFailed;
        }

        await identity.RepointAsync(
            [back with { From = claim.Owner, To = place.Owner, Rank = end.Rank }],
            cancel
        );
        await review.ReviewAsync(due, cancel);
        return null;
    }

    /// <summary>
    /// Whether nothing says that a link is where it is but the decision which is withdrawn: it is at home because of that,
    /// and states nobody's anchor; or a sign-in has taken it from there that weighs less than the one from before.
    /// </summary>
    private static bool BelongsBack(Claim claim, WayBack back) =>
        claim.Cause.Rule switch
        {
            ClaimCause.Steward => claim.Owner == back.Move.From && !claim.IsProven,
            ClaimCause.SameAs => claim.Owner != back.Move.To && claim.AnchoredAt <= back.Weight,
            _ => false,
        };

    private async Task<Claim?> ClaimAsync(ClaimMove back, CancellationToken cancel) =>
        (await identity.ReadAsync([back.Claim], cancel)).GetValueOrDefault(back.Claim);

    [LoggerMessage(
        LogEvents.LinkNotReturned,
        LogLevel.Warning,
        "The link that decision {Decision} had sent home could not go back; it is tried again"
    )]
    private partial void LogFailed(long decision, Exception exception);
}
