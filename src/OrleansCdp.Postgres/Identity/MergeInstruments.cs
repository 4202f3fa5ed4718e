using System.Diagnostics.Metrics;

namespace OrleansCdp.Identity;

/// <summary>Measures who becomes one person with whom, as this silo commits it.</summary>
internal sealed class MergeInstruments : IDisposable
{
    private readonly Meter meter;
    private readonly Counter<long> merges;
    private readonly Counter<long> unmerges;

    public MergeInstruments(IMeterFactory meters)
    {
        meter = meters.Create("OrleansCdp");
        merges = meter.CreateCounter<long>(
            "cdp.identity.merges",
            "{individual}",
            "Individuals with links that became one person with another one."
        );
        unmerges = meter.CreateCounter<long>(
            "cdp.identity.unmerges",
            "{individual}",
            "Individuals with links that are not one person with another one any more."
        );
    }

    /// <summary>Notes what was committed. Whoever goes from one root to another one is unmerged and merged.</summary>
    public void Note(Regrouped regrouped)
    {
        foreach (RootChange change in regrouped.Changed)
        {
            merges.Add(change.Root == change.Id ? 0 : 1);
            unmerges.Add(change.FormerRoot == change.Id ? 0 : 1);
        }
    }

    public void Dispose() => meter.Dispose();
}
