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
    public Task AddAsync(IReadOnlyCollection<EventCount> counts)
    {
        if (counts.Count == 0)
        {
            return Task.CompletedTask;
        }

        lock (gate)
        {
            Report joined = next;
            joined.Add(counts);
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
                await grains.GetGrain<IStatusGrain>(0).CountAsync(report.Counts());
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
            if (next.IsEmpty)
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
        private readonly Dictionary<(string Stream, CountKind Kind, string Reason), long> sums = [];

        public TaskCompletionSource Done { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsEmpty => sums.Count == 0;

        public void Add(IReadOnlyCollection<EventCount> counts)
        {
            foreach (EventCount count in counts)
            {
                var key = (count.Stream, count.Kind, count.Reason);
                sums[key] = sums.GetValueOrDefault(key) + count.Count;
            }
        }

        public ImmutableArray<EventCount> Counts() =>
            [
                .. sums.Select(sum => new EventCount(
                    sum.Key.Stream,
                    sum.Key.Kind,
                    sum.Key.Reason,
                    sum.Value
                )),
            ];
    }
}
