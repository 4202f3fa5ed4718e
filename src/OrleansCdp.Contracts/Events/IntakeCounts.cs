using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>Counts what came in, in memory, and reports it once a second and at the end.</summary>
public sealed partial class IntakeCounts(
    IGrainFactory grains,
    TimeProvider clock,
    ILogger<IntakeCounts> logger
) : BackgroundService
{
    private static readonly TimeSpan ReportPeriod = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<(string, CountKind, string), long> pending = new();

    /// <summary>Adds to a count. Cheap; any thread.</summary>
    public void Add(string stream, CountKind kind, string reason, long count)
    {
        if (count != 0)
        {
            pending.AddOrUpdate(
                (stream, kind, reason),
                static (_, add) => add,
                static (_, sum, add) => sum + add,
                count
            );
        }
    }

    /// <summary>Reports what is pending; on failure it stays pending.</summary>
    public async Task ReportAsync()
    {
        var counts = ImmutableArray.CreateBuilder<EventCount>();
        foreach (var key in pending.Keys)
        {
            if (pending.TryRemove(key, out long count))
            {
                counts.Add(new EventCount(key.Item1, key.Item2, key.Item3, count));
            }
        }

        if (counts.Count == 0)
        {
            return;
        }

        try
        {
            await grains.GetGrain<IStatusGrain>(0).CountAsync(counts.ToImmutable());
        }
        catch
        {
            foreach (EventCount count in counts)
            {
                Add(count.Stream, count.Kind, count.Reason, count.Count);
            }

            throw;
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryReportAsync();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(ReportPeriod, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await TryReportAsync();
        }
    }

    private async Task TryReportAsync()
    {
        try
        {
            await ReportAsync();
        }
        catch (Exception e)
        {
            LogNotReported(e);
        }
    }

    [LoggerMessage(
        LogEvents.CountsNotReported,
        LogLevel.Warning,
        "Could not report counts; they stay pending"
    )]
    private partial void LogNotReported(Exception exception);
}
