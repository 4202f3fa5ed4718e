using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCdp.Identity;

/// <summary>Has figures of identity counted now and then, and writes down which limits individuals have met.</summary>
internal sealed partial class FigureSweep(
    IFigureStore store,
    IdentifierWatch watch,
    IdentityInstruments instruments,
    TimeProvider clock,
    ILogger<FigureSweep> logger
) : BackgroundService
{
    /// <summary>How old what is shown may become: one silo counts in this time, and all show it.</summary>
    public static readonly TimeSpan CountPeriod = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(20);

    /// <summary>Counts if nobody has lately, and shows what was counted.</summary>
    public async Task SweepAsync(TimeSpan countPeriod, CancellationToken cancel)
    {
        await watch.RefreshAsync();
        await store.NoteAsync(watch.Take(), cancel);
        await store.CountAsync(countPeriod, cancel);
        instruments.Show(await store.ReadAsync(cancel));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await SweepAsync(CountPeriod, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    [LoggerMessage(
        LogEvents.FiguresNotCounted,
        LogLevel.Warning,
        "Figures of identity could not be counted; it is tried again"
    )]
    private partial void LogFailed(Exception exception);
}
