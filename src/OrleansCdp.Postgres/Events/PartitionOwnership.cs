using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>Which partitions the balancers currently give to this silo.</summary>
internal sealed class PartitionOwnership(LogShape shape)
{
    private readonly bool[][] owned =
    [
        .. Enum.GetValues<Lane>().Select(_ => new bool[shape.PartitionCount]),
    ];

    private int changes;

    /// <summary>Rises whenever silos came or went: readers then look whether they still are the readers.</summary>
    public int Changes => Volatile.Read(ref changes);

    public void NoteChange() => Interlocked.Increment(ref changes);

    public bool Owns(Lane lane, int partition) => Volatile.Read(ref owned[(int)lane][partition]);

    public void Set(Lane lane, int partition, bool owns) =>
        Volatile.Write(ref owned[(int)lane][partition], owns);
}
