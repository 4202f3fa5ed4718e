using System.Diagnostics.Metrics;

namespace OrleansCdp;

/// <summary>How many individuals and accounts were looked at because time passed.</summary>
internal sealed class DueInstruments : IDisposable
{
    private readonly Meter meter;
    private readonly Counter<long> woken;
    private readonly Counter<long> failed;

    public DueInstruments(IMeterFactory meters)
    {
        meter = meters.Create("OrleansCdp");
        woken = meter.CreateCounter<long>(
            "cdp.due.woken",
            "{subject}",
            "Individuals and accounts that were looked at because time passed, or insights changed."
        );
        failed = meter.CreateCounter<long>(
            "cdp.due.failed",
            "{subject}",
            "Of individuals and accounts that were due, looks that failed and were put off."
        );
    }

    /// <summary>One was looked at.</summary>
    public void NoteWoken() => woken.Add(1);

    /// <summary>One could not be.</summary>
    public void NoteFailed() => failed.Add(1);

    public void Dispose() => meter.Dispose();
}
