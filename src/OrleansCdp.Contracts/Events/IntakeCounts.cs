using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>
/// Reports what never reached the log: what comes while one report is on its way goes into the next together, and
/// nobody is told before it is durable.
/// </summary>
public sealed class IntakeCounts(IGrainFactory grains)
{
    private readonly Lock gate = new();
    private Report next = new();
    private bool reporting;

    /// <summary>Adds counts.</summary>
    /// <returns>Once they are durable.</returns>
    /// <exception cref="Exception">They may not be: the cluster or its database is away.</exception>
    public Task AddAsync(ImmutableArray<EventCount> counts)
    {
        if (counts.IsEmpty)
        {
            return Task.CompletedTask;
        }

        lock (gate)
        {
            Report joined = next;
            joined.Tally.Add(counts);
            if (!reporting)
            {
                reporting = true;
                _ = Task.Run(ReportAllAsync);
            }

            return joined.Done.Task;
        }
    }

    private async Task ReportAllAsync()
    {
        while (Take() is { } report)
        {
            try
            {
                await grains.GetGrain<IStatusGrain>(0).CountAsync(report.Tally.Counts());
                report.Done.TrySetResult();
            }
            catch (Exception e)
            {
                report.Done.TrySetException(e);
            }
        }
    }

    private Report? Take()
    {
        lock (gate)
        {
            if (next.Tally.IsEmpty)
            {
                reporting = false;
                return null;
            }

            Report taken = next;
            next = new Report();
            return taken;
        }
    }

    private sealed class Report
    {
        public EventTally Tally { get; } = new();

        public TaskCompletionSource Done { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
