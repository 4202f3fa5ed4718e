using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCdp.Identity;

/// <summary>
/// Finishes what was interrupted: what events say of links and could not be carried out, what was to be looked at again,
/// moves and news that were decided and never made, and what is left of spaces that another version took over from. Whoever
/// decides does all of that at once, so there is seldom anything to do; of identifiers that many have, most is done here.
/// </summary>
internal sealed partial class MatchSweep(
    ReturningLinks returning,
    OpenDecisions open,
    MatchReview review,
    GuardReview guards,
    MatchMoves moves,
    MatchSpaces spaces,
    IMatchStore store,
    TimeProvider clock,
    ILogger<MatchSweep> logger
) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(20);

    /// <summary>One round over everything. What fails does not keep the rest waiting.</summary>
    public async Task SweepAsync(CancellationToken cancel)
    {
        await TryAsync(spaces.RefreshAsync, cancel);
        await TryAsync(returning.SweepAsync, cancel);
        await TryAsync(stop => open.SweepAsync(Period, stop), cancel);
        await TryAsync(review.SweepAsync, cancel);
        await TryAsync(GuardAsync, cancel);
        await TryAsync(moves.MakeAsync, cancel);
        await TryAsync(moves.TellAsync, cancel);
        await TryAsync(ClearAsync, cancel);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await SweepAsync(stoppingToken);
        }
    }

    private async Task GuardAsync(CancellationToken cancel)
    {
        while (await guards.SweepAsync(cancel))
        {
            // More than one round is left.
        }
    }

    private async Task ClearAsync(CancellationToken cancel)
    {
        while (await store.ClearAsync(cancel))
        {
            // There is more to be removed.
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task> step, CancellationToken cancel)
    {
        try
        {
            await step(cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogFailed(e);
        }
    }

    [LoggerMessage(
        LogEvents.MatchSweepFailed,
        LogLevel.Warning,
        "What matching decided could not be finished; it is tried again"
    )]
    private partial void LogFailed(Exception exception);
}
