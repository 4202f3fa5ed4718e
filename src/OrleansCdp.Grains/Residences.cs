using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using Orleans.Runtime;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>
/// Says when an individual or account should move: its home is the partition that brings most of its events, and it
/// lives best on the silo that owns that, where a call costs no way over the network.
/// </summary>
internal sealed class Residences : IDisposable
{
    /// <summary>
    /// How many more batches must come from one other silo than from elsewhere. Who has links in partitions of several
    /// silos stays where most of the events come from, and does not travel with every batch.
    /// </summary>
    public const int LeadMin = 8;

    private static readonly KeyValuePair<string, object?> IsLocal = new("local", true);
    private static readonly KeyValuePair<string, object?> IsRemote = new("local", false);
    private readonly PartitionHomes homes;
    private readonly Meter meter;
    private readonly Counter<long> batches;

    public Residences(PartitionHomes homes, IMeterFactory meters)
    {
        this.homes = homes;
        meter = meters.Create("OrleansCdp");
        batches = meter.CreateCounter<long>(
            "cdp.apply.batches",
            "{batch}",
            "Batches of events that individuals and accounts of this silo took, by whether their partition is here too."
        );
    }

    /// <summary>Takes note of a batch that was applied. The grain moves after the call, if there is a reason.</summary>
    /// <param name="grain">The individual or account.</param>
    /// <param name="residence">Its residence.</param>
    /// <param name="events">The batch, all of one partition.</param>
    public void Note(IGrainBase grain, ref Residence residence, SequencedEvent[] events)
    {
        if (events.Length == 0)
        {
            return;
        }

        SiloAddress owner = homes.OwnerOf(events[0].Event.Link);
        bool isHere = owner.Equals(homes.Here);
        batches.Add(1, isHere ? IsLocal : IsRemote);
        if (residence.Note(owner, homes.Version) && !isHere)
        {
            PartitionHomes.Move(grain, owner);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();
}

/// <summary>
/// Which silo most of a subject's batches come from lately (Boyer and Moore's majority vote, 1981), since the cluster
/// last changed.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal struct Residence
{
    private SiloAddress? leader;
    private long version;
    private int lead;

    /// <summary>Takes note of a batch.</summary>
    /// <param name="owner">The silo it came from.</param>
    /// <param name="now">Version of the membership; another one begins anew.</param>
    /// <returns>Whether that silo leads by enough to live there.</returns>
    public bool Note(SiloAddress owner, long now)
    {
        if (version != now)
        {
            version = now;
            lead = 0;
        }

        if (owner.Equals(leader))
        {
            lead = Math.Min(lead + 1, Residences.LeadMin);
        }
        else if (lead == 0)
        {
            leader = owner;
            lead = 1;
        }
        else
        {
            lead--;
        }

        return lead == Residences.LeadMin && owner.Equals(leader);
    }
}
