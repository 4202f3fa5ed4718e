using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansCdp.Segments;

/// <summary>Forgets who entered or left a segment longer ago than <see cref="SegmentOptions.ChangesKept"/>.</summary>
internal sealed partial class ChangeSweep(
    IMembershipStore store,
    IOptions<SegmentOptions> options,
    TimeProvider clock,
    ILogger<ChangeSweep> logger
) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(10);

    /// <summary>A fifth of the time: what is forgotten has no hurry.</summary>
    private static readonly Pace Unhurried = new(0.2);

    /// <summary>One round: the oldest.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> SweepAsync(CancellationToken cancel)
    {
        long since = Stopwatch.GetTimestamp();
        int gone = await store.ForgetAsync(
            clock.GetUtcNow() - options.Value.ChangesKept,
            IMembershipStore.PageMax,
            cancel
        );
        if (gone < IMembershipStore.PageMax)
        {
            return false;
        }

        await Unhurried.RestAsync(since, clock, cancel);
        return true;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await SweepAsync(stoppingToken))
                {
                    // More than one round is old enough.
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    [LoggerMessage(
        LogEvents.ChangesNotForgotten,
        LogLevel.Warning,
        "Old entries into segments and exits could not be forgotten; it is tried again"
    )]
    private partial void LogFailed(Exception exception);
}
