using Microsoft.Extensions.Logging;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Finishes merges that a crash interrupted, or for which there was no room: whoever decides makes them at once, so there
/// is seldom anything to do. What cannot be finished is counted, listed with the conflicts, and tried again in its turn.
/// </summary>
internal sealed partial class MergeSweep(
    IMergeStore store,
    IGrainFactory grains,
    MergeInstruments instruments,
    TimeProvider clock,
    ILogger<MergeSweep> logger
) : IBackgroundLoop
{
    /// <summary>Individuals of one round.</summary>
    public const int RoundMax = 100;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private readonly Signal never = new();

    public string Name => "merge sweep";

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await never.WaitAsync(0, Period, clock, stop);
            if (stop.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await SweepAsync(Period, stop);
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    /// <summary>One round: those who have waited longest since they were last tried.</summary>
    /// <param name="since">How long they have waited at least.</param>
    /// <param name="stop">Stops it.</param>
    internal async Task SweepAsync(TimeSpan since, CancellationToken stop)
    {
        foreach (string individual in await store.MovingAsync(since, RoundMax, stop))
        {
            if (await PlaceAsync(individual) is { } reason)
            {
                instruments.NoteStuck(reason);
                if (await store.NoteStuckAsync(individual, reason, stop))
                {
                    LogStuck(individual, reason);
                }
            }
        }
    }

    /// <returns>Why its links stay where they are; null when they do not.</returns>
    private async Task<string?> PlaceAsync(string individual)
    {
        try
        {
            return await grains.GetGrain<IUnifiedIndividualGrain>(individual).PlaceAsync();
        }
        catch (StateCorruptException)
        {
            return ReasonCodes.StateCorrupt;
        }
        catch (Exception e)
        {
            LogFailed(e); // The others are not kept waiting for one.
            return MergeConflict.MoveFailed;
        }
    }

    [LoggerMessage(
        LogEvents.MergeSweepFailed,
        LogLevel.Warning,
        "Merges that are not finished could not be; they are tried again"
    )]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(
        LogEvents.MergeStuck,
        LogLevel.Warning,
        "The links of {Individual} cannot be brought to where they belong: {Reason}; it is tried again"
    )]
    private partial void LogStuck(string individual, string reason);
}
