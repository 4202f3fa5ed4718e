using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCdp.Identity;

/// <summary>
/// Finishes what a crash interrupted: what was to be looked at again, and moves and news that were decided and never made.
/// Whoever decides makes them at once, so there is seldom anything to do; of identifiers that many have, most is done here.
/// </summary>
internal sealed partial class MatchSweep(
    MatchReview review,
    GuardReview guards,
    MatchMoves moves,
    TimeProvider clock,
    ILogger<MatchSweep> logger
) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(20);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await review.SweepAsync(stoppingToken))
                {
                    // More than one round is left.
                }

                while (await guards.SweepAsync(stoppingToken))
                {
                    // Likewise.
                }

                while (await moves.SweepAsync(stoppingToken))
                {
                    // Likewise.
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    [LoggerMessage(
        LogEvents.MatchSweepFailed,
        LogLevel.Warning,
        "What matching decided could not be finished; it is tried again"
    )]
    private partial void LogFailed(Exception exception);
}
