using System.Collections.Immutable;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace OrleansCdp.Governance;

/// <summary>Puts the cluster's state together.</summary>
[GrainType("cdp.status")]
[StatelessWorker]
internal sealed class StatusGrain(IStatusStore store, IStateRepairs repairs, LogShape shape)
    : Grain,
        IStatusGrain
{
    public async Task<ClusterStatus> GetAsync()
    {
        var definitions = GrainFactory.GetGrain<IDefinitionsGrain>(IDefinitionsGrain.Key);
        Task<Catalogue?> catalogue = definitions.GetCatalogueAsync(-1);
        Task<ClusterStatus> stored = store.ReadAsync(CancellationToken.None);
        var damages = await repairs.ListAsync(CancellationToken.None);
        var silos = await GrainFactory.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true);
        ClusterStatus status = await stored;
        return status with
        {
            Silos = [.. silos.Keys.Select(silo => silo.ToString()).Order(StringComparer.Ordinal)],
            Definitions = (await catalogue)?.Version ?? 0,
            Damages = damages,
            Partitions = status.Partitions.Length > 0 ? status.Partitions : Idle(shape),
        };
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
