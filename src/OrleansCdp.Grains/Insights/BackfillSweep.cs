using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansCdp.Segments;

namespace OrleansCdp.Insights;

/// <summary>
/// Sees to it that new versions of insights are told what was done before, and that everybody is looked at whom new ones concern,
/// whichever silo does it.
/// </summary>
internal sealed partial class BackfillSweep(
    IGrainFactory grains,
    IInsightSets insights,
    ISegmentSets segments,
    TimeProvider clock,
    ILogger<BackfillSweep> logger
) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private string? walked;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                InsightSet computed = await insights.CurrentAsync();
                if (computed.All.Any(insight => !insight.IsComplete))
                {
                    await grains
                        .GetGrain<IInsightBackfillGrain>(IInsightBackfillGrain.Key)
                        .GoOnAsync();
                }

                if (walked != WalkReason.Of(computed, segments.Current).Signature)
                {
                    walked = await grains
                        .GetGrain<IInsightWalkGrain>(IInsightWalkGrain.Key)
                        .GoOnAsync();
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    [LoggerMessage(
        LogEvents.InsightSweepFailed,
        LogLevel.Warning,
        "New versions of insights could not be looked after; it is tried again"
    )]
    private partial void LogFailed(Exception exception);
}
