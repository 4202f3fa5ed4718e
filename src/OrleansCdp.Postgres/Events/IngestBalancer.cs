using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Streams;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>
/// Gives every active silo its share of the partitions. Both lanes of a partition go to the same silo, where its
/// writer is too.
/// </summary>
internal sealed class IngestBalancer : QueueBalancerBase
{
    /// <summary>A silo that comes or goes is rarely the only one: a rolling restart settles first.</summary>
    private static readonly TimeSpan Debounce = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A look at the membership in memory, should news of it have come before the membership itself was updated.
    /// </summary>
    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(5);

    private readonly Lane lane;
    private readonly PartitionOwnership ownership;
    private readonly PartitionTails tails;
    private readonly IClusterMembershipService membership;
    private readonly PartitionQueueMapper mapper;
    private readonly ITimer timer;
    private volatile int[] mine = [];
    private volatile string[] silos = [];
    private volatile bool heard;

    public IngestBalancer(
        Lane lane,
        IServiceProvider services,
        PartitionOwnership ownership,
        PartitionTails tails,
        IClusterMembershipService membership,
        LogShape shape,
        TimeProvider clock,
        ILogger<IngestBalancer> logger
    )
        : base(services, logger)
    {
        this.lane = lane;
        this.ownership = ownership;
        this.tails = tails;
        this.membership = membership;
        mapper = new PartitionQueueMapper(lane, shape.PartitionCount);
        timer = clock.CreateTimer(_ => Rebalance(), null, Recheck, Recheck);
    }

    public override Task Initialize(IStreamQueueMapper queueMapper)
    {
        Assign(Active());
        return base.Initialize(queueMapper);
    }

    public override IEnumerable<QueueId> GetMyQueues() =>
        Cancellation.IsCancellationRequested ? [] : mine.Select(mapper.QueueOf);

    public override async Task Shutdown()
    {
        await timer.DisposeAsync();
        await base.Shutdown();
        foreach (int partition in mine)
        {
            ownership.Set(lane, partition, owns: false);
        }
    }

    protected override void OnClusterMembershipChange(HashSet<SiloAddress> activeSilos)
    {
        if (!NamesOf(activeSilos).SequenceEqual(silos))
        {
            heard = true;
            timer.Change(Debounce, Recheck);
        }
    }

    private string[] NamesOf(IEnumerable<SiloAddress> active) =>
        [
            .. active
                .Append(SiloAddress) // in case the table's news of ourselves are late
                .Select(silo => silo.ToParsableString())
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];

    private SiloAddress[] Active() =>
        [
            .. membership
                .CurrentSnapshot.Members.Values.Where(m => m.Status == SiloStatus.Active)
                .Select(m => m.SiloAddress),
        ];

    private void Rebalance()
    {
        int[] before = mine;
        Assign(Active());
        if (!mine.SequenceEqual(before))
        {
            _ = NotifyAsync();
        }

        if (heard)
        {
            heard = false;
            ownership.NoteChange(); // Also if nothing differs now: a silo may have come and gone meanwhile.
            tails.WakeAll();
        }
    }

    private async Task NotifyAsync()
    {
        try
        {
            await NotifyListeners();
        }
        catch (Exception e)
        {
            // The manager has what it took over; the rest is tried with the next change, and soon.
            Logger.LogBalancerNotHeard(e);
            timer.Change(Debounce, Recheck);
        }
    }

    private void Assign(SiloAddress[] active)
    {
        string[] names = NamesOf(active);
        SiloAddress[] owners = Rendezvous.Assign(mapper.PartitionCount, active.Append(SiloAddress));
        for (int partition = 0; partition < owners.Length; partition++)
        {
            ownership.Set(lane, partition, owners[partition].Equals(SiloAddress));
        }

        mine = [.. Enumerable.Range(0, owners.Length).Where(p => ownership.Owns(lane, p))];
        if (lane == Lane.Normal && !names.SequenceEqual(silos))
        {
            Logger.LogAssigned(names.Length, mine.Length, owners.Length);
        }

        heard |= silos.Length > 0 && !names.SequenceEqual(silos);
        silos = names;
    }
}

internal static partial class IngestBalancerLog
{
    [LoggerMessage(
        LogEvents.PartitionsAssigned,
        LogLevel.Information,
        "The cluster has {Silos} silos now; this one owns {Own} of {All} partitions"
    )]
    public static partial void LogAssigned(this ILogger logger, int silos, int own, int all);

    [LoggerMessage(
        LogEvents.BalancerNotHeard,
        LogLevel.Warning,
        "The stream provider could not take a new distribution of partitions; trying again"
    )]
    public static partial void LogBalancerNotHeard(this ILogger logger, Exception exception);
}
