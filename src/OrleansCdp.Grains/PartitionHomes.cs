using Orleans.Runtime;
using Orleans.Runtime.Placement;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>
/// Which silo owns which partition, by the membership as this silo knows it. Worked out once per change of that.
/// </summary>
internal sealed class PartitionHomes(
    IClusterMembershipService membership,
    ILocalSiloDetails local,
    LogShape shape
)
{
    private volatile Assignment? current;

    /// <summary>This silo.</summary>
    public SiloAddress Here => local.SiloAddress;

    /// <summary>Rises with every change of the cluster.</summary>
    public long Version => membership.CurrentSnapshot.Version.Value;

    /// <summary>The silo that owns a partition.</summary>
    public SiloAddress OwnerOf(int partition) => Owners()[partition];

    /// <summary>The silo that owns the partition of a link.</summary>
    public SiloAddress OwnerOf(LinkKey link)
    {
        SiloAddress[] owners = Owners();
        return owners[Partitions.Of(link, owners.Length)];
    }

    /// <summary>Moves a partition's grain after the current call, if another silo owns the partition by now.</summary>
    public void Follow(IGrainBase grain, int partition)
    {
        SiloAddress owner = OwnerOf(partition);
        if (!owner.Equals(Here))
        {
            Move(grain, owner);
        }
    }

    /// <summary>Moves a grain after the current call.</summary>
    public static void Move(IGrainBase grain, SiloAddress to)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, to);
        grain.MigrateOnIdle();
    }

    private SiloAddress[] Owners()
    {
        ClusterMembershipSnapshot now = membership.CurrentSnapshot;
        if (current is { } known && known.Version == now.Version)
        {
            return known.Owners;
        }

        IEnumerable<SiloAddress> active = now
            .Members.Values.Where(member => member.Status == SiloStatus.Active)
            .Select(member => member.SiloAddress)
            .Append(Here); // in case the table's news of ourselves are late
        SiloAddress[] owners = Rendezvous.Assign(shape.PartitionCount, active);
        current = new Assignment(now.Version, owners);
        return owners;
    }

    private sealed record Assignment(MembershipVersion Version, SiloAddress[] Owners);
}
