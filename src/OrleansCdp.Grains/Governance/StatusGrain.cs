using System.Collections.Immutable;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace OrleansCdp.Governance;

/// <summary>Puts the cluster's state together.</summary>
[GrainType("cdp.status")]
[StatelessWorker]
internal sealed class StatusGrain(
    IStatusStore store,
    IStateRepairs repairs,
    LogShape shape,
    TimeProvider clock
) : Grain, IStatusGrain
{
    /// <summary>How long a silo may take to say how it is: one that hangs is told by its silence.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    public async Task<ClusterStatus> GetAsync()
    {
        var definitions = GrainFactory.Definitions();
        Task<Catalogue?> catalogue = definitions.GetCatalogueAsync(-1);
        Task<ClusterStatus> stored = store.ReadAsync(CancellationToken.None);
        var damages = await repairs.ListAsync(CancellationToken.None);
        var silos = await GrainFactory.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true);
        MemberStatus[] members = await Task.WhenAll(silos.Keys.Select(AskAsync));
        ClusterStatus status = await stored;
        return status with
        {
            Silos = [.. silos.Keys.Select(silo => silo.ToString()).Order(StringComparer.Ordinal)],
            Members = [.. members.OrderBy(member => member.Address, StringComparer.Ordinal)],
            Definitions = (await catalogue)?.Version ?? 0,
            Damages = damages,
            Partitions = status.Partitions.Length > 0 ? status.Partitions : Idle(shape),
        };
    }

    public Task<ImmutableArray<PartitionStatus>> GetPartitionsAsync() =>
        store.PartitionsAsync(CancellationToken.None);

    private async Task<MemberStatus> AskAsync(SiloAddress silo)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
        ValueTask<MemberStatus?> asked = GrainFactory
            .GetGrain<ISiloStatusGrain>(silo.ToParsableString())
            .GetAsync();
        RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        MemberStatus silent = new() { Name = "", Address = silo.ToString() };
        try
        {
            return await asked.AsTask().WaitAsync(AnswerWithin, clock) ?? silent;
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            return silent;
        }
    }

    public Task CountAsync(ImmutableArray<EventCount> counts) =>
        store.CountAsync(counts, CancellationToken.None);

    private static ImmutableArray<PartitionStatus> Idle(LogShape shape) =>
        [
            .. Enumerable
                .Range(0, shape.PartitionCount)
                .Select(partition => new PartitionStatus
                {
                    Partition = partition,
                    Lane = Events.Lane.Normal,
                    Head = 0,
                    Checkpoint = 0,
                }),
        ];
}
