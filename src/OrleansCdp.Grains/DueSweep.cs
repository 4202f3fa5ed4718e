using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansCdp.Events;
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

    /// <summary>From when on it works as fast as it may: nobody is to wait for a minute.</summary>
    internal static readonly TimeSpan Late = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How much of the time is taken to wake those who have been due for so long: a quarter, so that reads of the same silo hardly
    /// notice, and up to half of it the longer they wait.
    /// </summary>
    internal static Pace PaceOf(TimeSpan overdue) =>
        new(0.25 + (0.25 * Math.Clamp(overdue / Late, 0, 1)));

    /// <summary>One round: of each partition those who have been due longest.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> SweepAsync(CancellationToken cancel)
    {
        int[] slices =
        [
            .. Enumerable
                .Range(0, shape.PartitionCount)
                .Where(slice => homes.OwnerOf(slice).Equals(homes.Here)),
        ];
        int each = Math.Max(Waking.AtOnceMax, IDueStore.DueMax / Math.Max(1, slices.Length));
        ImmutableArray<DueSubject> due = await store.ReadAsync(
            slices,
            clock.GetUtcNow(),
            each,
            cancel
        );
        foreach (DueSubject[] some in due.Chunk(IDueStore.DueMax))
        {
            Pace Pacing() => PaceOf(clock.GetUtcNow() - some[0].At);
            await store.WriteAsync(await waking.WakeAsync(some, Pacing, cancel), cancel);
        }

        return due.CountBy(one => Partitions.Of(one.Id, shape.PartitionCount))
            .Any(slice => slice.Value == each);
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
