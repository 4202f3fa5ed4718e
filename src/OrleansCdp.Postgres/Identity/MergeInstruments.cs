using System.Diagnostics.Metrics;

namespace OrleansCdp.Identity;

/// <summary>Measures merges, and ends of merges, that this silo tried to finish and could not.</summary>
internal sealed class MergeInstruments : IDisposable
{
    private readonly Meter meter;
    private readonly Counter<long> stuck;

    public MergeInstruments(IMeterFactory meters)
    {
        meter = meters.Create("OrleansCdp");
        stuck = meter.CreateCounter<long>(
            "cdp.merge.stuck",
            "{attempt}",
            "Attempts to bring the links of an individual to where they belong that left them where they were."
        );
    }

    /// <summary>Notes an attempt.</summary>
    /// <param name="reason">Why it failed, one of few codes.</param>
    public void NoteStuck(string reason) =>
        stuck.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Dispose() => meter.Dispose();
}
