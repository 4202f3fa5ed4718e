using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using OrleansCdp.Events;

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
internal sealed class PartitionPlacementDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(
        PlacementStrategy strategy,
        PlacementTarget target,
        IPlacementContext context
    )
    {
        SiloAddress[] silos = context.GetCompatibleSilos(target);
        SiloAddress? hinted = IPlacementDirector.GetPlacementHint(target.RequestContextData, silos);
        return Task.FromResult(hinted ?? Owner(PartitionOf(target.GrainIdentity), silos));
    }

    private static int PartitionOf(GrainId grain)
    {
        string key = grain.Key.ToString()!;
        return grain.Type.ToString() == "cdp.partition-log"
            ? (int)GrainIdKeyExtensions.GetIntegerKey(grain)
            : EventStreams.ParseKey(key).Partition;
    }

    private static SiloAddress Owner(int partition, SiloAddress[] silos) =>
        silos.Length == 1 ? silos[0] : silos[Rendezvous.OwnerOf(partition, silos)];
}
