namespace OrleansCdp.Events;

/// <summary>Where a producer sends the workload: one contender's way in.</summary>
internal interface IEventTarget : IAsyncDisposable
{
    /// <summary>Sends records; returns once all that are valid are durable and the others kept as refused.</summary>
    Task SendAsync(IReadOnlyList<EventLine> lines);

    /// <summary>
    /// Sends one page view of a probe person and waits until a reader sees it; null where there is nothing to
    /// read.
    /// </summary>
    Task<ProbeTimes?> ProbeAsync(int probe, long number);
}

/// <summary>How long a probe took.</summary>
/// <param name="Acknowledged">From sending to the acknowledgement.</param>
/// <param name="Visible">From the acknowledgement to the first answer that shows it.</param>
internal sealed record ProbeTimes(TimeSpan Acknowledged, TimeSpan Visible);
