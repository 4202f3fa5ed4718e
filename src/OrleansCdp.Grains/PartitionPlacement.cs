using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>Puts a partition's writer and readers on the silo that owns the partition.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PartitionPlacementAttribute()
    : PlacementAttribute(new PartitionPlacementStrategy());

/// <summary>The strategy behind <see cref="PartitionPlacementAttribute"/>.</summary>
[GenerateSerializer, Immutable, Alias("cdp.partition-placement")]
internal sealed class PartitionPlacementStrategy : PlacementStrategy;

/// <summary>
/// Chooses by the same rendezvous hashing as the queue balancer, so that the log's writer, its reader and the
/// partition's grain meet in one process.
/// </summary>
internal sealed class PartitionPlacementDirector(PartitionHomes homes, LogShape shape)
    : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(
        PlacementStrategy strategy,
        PlacementTarget target,
        IPlacementContext context
    )
    {
        SiloAddress[] silos = context.GetCompatibleSilos(target);
        SiloAddress? hinted = IPlacementDirector.GetPlacementHint(target.RequestContextData, silos);
        return Task.FromResult(hinted ?? OwnerOf(PartitionOf(target.GrainIdentity), silos));
    }

    /// <summary>By the grain's type: a reader's key such as 017 would also pass for a hexadecimal number.</summary>
    private static int PartitionOf(GrainId grain) =>
        grain.Type.ToString() == PartitionLogGrain.TypeName
            ? (int)grain.GetIntegerKey()
            : EventStreams.ParseKey(grain.Key.ToString()!).Partition;

    private SiloAddress OwnerOf(int partition, SiloAddress[] silos)
    {
        SiloAddress owner = homes.OwnerOf(partition);
        return silos.Contains(owner)
            ? owner
            : Rendezvous.Assign(shape.PartitionCount, silos)[partition];
    }
}
