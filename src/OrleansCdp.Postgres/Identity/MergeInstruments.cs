using System.Diagnostics.Metrics;

namespace OrleansCdp.Identity;

/// <summary>
/// Measures who becomes one person with whom, as this silo commits it, and what it tried to finish of that and could not.
/// </summary>
internal sealed class MergeInstruments : IDisposable
{
    private readonly Meter meter;
    private readonly Counter<long> merges;
    private readonly Counter<long> unmerges;
    private readonly Counter<long> stuck;

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
        stuck = meter.CreateCounter<long>(
            "cdp.identity.merges.stuck",
            "{attempt}",
            "Attempts to bring the links of an individual to where they belong that left them where they were."
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

    /// <summary>Notes an attempt.</summary>
    /// <param name="reason">Why it failed, one of few codes.</param>
    public void NoteStuck(string reason) =>
        stuck.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Dispose() => meter.Dispose();
}
