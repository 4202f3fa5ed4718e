using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.TestingHost;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>One silo with the real grains over a fake database.</summary>
public sealed class Cluster : IAsyncLifetime
{
    private InProcessTestCluster? running;

    internal FakeDatabase Database { get; } = new();

    public IGrainFactory Grains => running!.Client;

    internal IServiceProvider Services => running!.Silos[0].ServiceProvider;

    public async Task InitializeAsync()
    {
        InProcessTestClusterBuilder builder = new(1);
        builder.ConfigureSilo(
            (_, silo) =>
            {
                silo.AddMemoryGrainStorageAsDefault();
                silo.AddCdpGrains();
                silo.Services.AddSingleton<ISnapshotStore>(Database);
                silo.Services.AddSingleton<IIdentityStore>(Database);
                silo.Services.AddSingleton<ILogStore>(Database);
                silo.Services.AddSingleton<IQuarantineStore>(Database);
                silo.Services.AddSingleton<IStatusStore>(Database);
                silo.Services.AddSingleton<ICheckpoints>(Database);
                silo.Services.AddSingleton(new LogShape(Partitions.CountDefault));
            }
        );
        running = builder.Build();
        await running.DeployAsync();
    }

    public Task DisposeAsync() => running!.DisposeAsync().AsTask();

    internal EventDelivery NewDelivery()
    {
        LinkMover mover = new(Grains);
        SubjectResolver resolver = new(
            Database,
            new Anchoring(new AnchorPolicy()),
            mover,
            linksMax: 1_000,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<SubjectResolver>.Instance
        );
        return new EventDelivery(
            Grains,
            resolver,
            mover,
            Database,
            TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<EventDelivery>.Instance
        );
    }
}
