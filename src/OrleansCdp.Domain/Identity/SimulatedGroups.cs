using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>The groups of a simulation: of records that say the very same, the one that is compared.</summary>
internal sealed class SimulatedGroups
{
    private readonly Dictionary<long, HashSet<SimulatedRecord>> groups = [];
    private long last;

    /// <summary>All of them.</summary>
    public IEnumerable<IReadOnlyCollection<SimulatedRecord>> All => groups.Values;

    /// <summary>Everybody in a record's group.</summary>
    public IReadOnlyCollection<SimulatedRecord> Of(SimulatedRecord record) => groups[record.Group];

    /// <summary>A number that no group has.</summary>
    public long Next() => ++last;

    /// <summary>Begins a group of one.</summary>
    public void Begin(SimulatedRecord record)
    {
        record.Group = Next();
        groups.Add(record.Group, [record]);
    }

    /// <summary>Takes a record out of its group.</summary>
    public void Remove(SimulatedRecord record)
    {
        groups[record.Group].Remove(record);
        RemoveEmpty([record.Group]);
    }

    /// <summary>Divides records into groups with these names.</summary>
    public void Divide(
        IReadOnlyCollection<SimulatedRecord> records,
        IEnumerable<(SimulatedRecord[] Members, long Name)> named
    )
    {
        long[] former = [.. records.Select(record => record.Group)];
        foreach (SimulatedRecord record in records)
        {
            groups[record.Group].Remove(record);
        }

        foreach ((SimulatedRecord[] members, long name) in named)
        {
            if (!groups.TryGetValue(name, out HashSet<SimulatedRecord>? group))
            {
                groups.Add(name, group = []);
            }

            foreach (SimulatedRecord record in members)
            {
                record.Group = name;
                group.Add(record);
            }
        }

        RemoveEmpty(former);
    }

    private void RemoveEmpty(long[] names)
    {
        foreach (long name in names)
        {
            if (groups.TryGetValue(name, out HashSet<SimulatedRecord>? group) && group.Count == 0)
            {
                groups.Remove(name);
            }
        }
    }
}
