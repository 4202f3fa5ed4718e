using System.Diagnostics.Metrics;

namespace OrleansCdp.Events;

/// <summary>Measures what the writers of this silo refuse.</summary>
internal sealed class LogInstruments : IDisposable
{
    private readonly Meter meter;
    private readonly Counter<long> refused;

    public LogInstruments(IMeterFactory meters)
    {
        meter = meters.Create("OrleansCdp");
        refused = meter.CreateCounter<long>(
            "cdp.partition.refused",
            "{event}",
            "Events whose producer was told to wait because their partition was too far behind."
        );
    }

    /// <summary>Events of a partition were refused.</summary>
    public void Refused(int partition, int events) =>
        refused.Add(events, new KeyValuePair<string, object?>("partition", partition));

    public void Dispose() => meter.Dispose();
}
