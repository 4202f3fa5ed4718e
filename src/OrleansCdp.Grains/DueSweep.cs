using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>
/// Looks after individuals and accounts that are due by the clock. Each silo looks after those of the partitions it owns; what
/// became due while nobody did is done first.
/// </summary>
internal sealed partial class DueSweep(
    IDueStore store,
    Waking waking,
    PartitionHomes homes,
    LogShape shape,
    TimeProvider clock,
    ILogger<DueSweep> logger
) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>One round: those who have been due longest.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> SweepAsync(CancellationToken cancel)
    {
        int[] slices =
        [
            .. Enumerable
                .Range(0, shape.PartitionCount)
                .Where(slice => homes.OwnerOf(slice).Equals(homes.Here)),
        ];
        ImmutableArray<DueSubject> due = await store.ReadAsync(
            slices,
            clock.GetUtcNow(),
            IDueStore.DueMax,
            cancel
        );
        if (!due.IsEmpty)
        {
            await store.WriteAsync(await waking.WakeAsync(due, Pace.Half, cancel), cancel);
        }

        return due.Length == IDueStore.DueMax;
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
                    // More than one round is due.
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    [LoggerMessage(
        LogEvents.DueSweepFailed,
        LogLevel.Warning,
        "What is due by the clock could not be looked after; it is tried again"
    )]
    private partial void LogFailed(Exception exception);
}
