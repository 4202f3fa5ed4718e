using Microsoft.Extensions.Logging;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Brings links back from where a steward had sent them, once that is withdrawn: to whom they belonged, and for the reason
/// for which they did.
/// </summary>
internal sealed partial class ReturningLinks(
    ISentHomeStore store,
    IIdentityStore identity,
    IGrainFactory grains,
    ILogger<ReturningLinks> logger
)
{
    /// <summary>Links of one round.</summary>
    public const int RoundMax = 100;

    /// <summary>One round over those that have waited longest.</summary>
    public async Task ReturnAsync(CancellationToken cancel)
    {
        var returning = await store.ReadAsync(RoundMax, cancel);
        if (returning.IsEmpty)
        {
            return;
        }

        var held = await identity.ReadAsync([.. returning.Select(one => one.Back.Claim)], cancel);
        List<long> done = [];
        foreach (SentHome one in returning)
        {
            Claim? claim = held.GetValueOrDefault(one.Back.Claim);
            bool isHome = claim?.Owner == one.Back.From && claim.Cause.Rule == ClaimCause.Steward;
            if (!isHome || await IsBackAsync(one.Back, claim!, cancel))
            {
                done.Add(one.Decision);
            }
        }

        await store.ForgetAsync(done, cancel);
    }

    private async Task<bool> IsBackAsync(ClaimMove back, Claim claim, CancellationToken cancel)
    {
        if (claim.KeptFrom.Contains(back.To))
        {
            return false; // By another decision. Once that is withdrawn, too, the link goes back.
        }

        LinkKey link = ClaimKeys.LinkOf(back.Claim)!.Value;
        Destination home = Destination.Of(claim);
        if (await new Whereabouts(grains).WhyNoRoomAsync(home.At, back.To) is { } full)
        {
            LogStays(link.Source, back.To, full);
            return false; // Begun, the move would keep the link's events waiting.
        }

        MoveEnd end = await new LinkMover(grains).MoveAsync(
            new LinkMove(back.From, link, back.To, back.Rank, back.Cause),
            home.At
        );
        if (end.Place is not { } place)
        {
            LogStays(link.Source, back.To, end.Code!);
            return false;
        }

        await identity.RepointAsync([back with { To = place.Owner, Rank = end.Rank }], cancel);
        return true;
    }

    [LoggerMessage(
        LogEvents.LinkNotReturned,
        LogLevel.Warning,
        "A link of {Source} cannot go back to {Individual} yet ({Reason}); it is tried again"
    )]
    private partial void LogStays(string source, string individual, string reason);
}
