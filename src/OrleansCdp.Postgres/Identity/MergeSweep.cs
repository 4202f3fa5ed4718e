using Microsoft.Extensions.Logging;

namespace OrleansCdp.Identity;

/// <summary>
/// Finishes merges that a crash interrupted: whoever decides makes them at once, so there is seldom anything to do.
/// </summary>
internal sealed partial class MergeSweep(
    IMergeStore store,
    IGrainFactory grains,
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
                foreach (string individual in await store.MovingAsync(Period, RoundMax, stop))
                {
                    await PlaceAsync(individual);
                }
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    private async Task PlaceAsync(string individual)
    {
        try
        {
            await grains.GetGrain<IUnifiedIndividualGrain>(individual).PlaceAsync();
        }
        catch (Exception e)
        {
            LogFailed(e); // The others are not kept waiting for one.
        }
    }

    [LoggerMessage(
        LogEvents.MergeSweepFailed,
        LogLevel.Warning,
        "Merges that are not finished could not be; they are tried again"
    )]
    private partial void LogFailed(Exception exception);
}
