using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;
using Orleans.Serialization;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>The stores of one silo without the silo: several on one database stand for several silos.</summary>
internal sealed class StoreHost : IAsyncDisposable
{
    private readonly ServiceProvider services;

    private StoreHost(ServiceProvider services) => this.services = services;

    public ILogStore Log => Get<ILogStore>();

    public ILogReads Reads => Get<ILogReads>();

    public LogTables Tables => Get<LogTables>();

    public PartitionTails Tails => Get<PartitionTails>();

    public Checkpoints Checkpoints => Get<Checkpoints>();

    public ISnapshotStore Snapshots => Get<ISnapshotStore>();

    public IIdentityStore Identity => Get<IIdentityStore>();

    public QuarantineStore Quarantine => Get<QuarantineStore>();

    public IStatusStore Status => Get<IStatusStore>();

    public StoppableHost Stopping => (StoppableHost)Get<IHostApplicationLifetime>();

    public static async Task<StoreHost> StartAsync(
        TestDatabase database,
        string silo = "a",
        CdpPostgresOptions? options = null,
        TimeProvider? clock = null,
        Action<IServiceCollection>? configure = null
    )
    {
        ServiceCollection collection = new();
        collection.AddLogging();
        collection.AddMetrics();
        collection.AddSerializer();
        collection.AddSingleton(clock ?? TimeProvider.System);
        collection.AddSingleton<ILocalSiloDetails>(new FakeSilo(silo));
        collection.AddSingleton(DispatchProxy.Create<IGrainFactory, NoGrains>());
        collection.AddSingleton<IHostApplicationLifetime>(new StoppableHost());
        CdpPostgresHosting.AddStores(
            collection,
            options ?? new CdpPostgresOptions { ConnectionString = database.ConnectionString },
            database.Shape
        );
        configure?.Invoke(collection);
        StoreHost host = new(collection.BuildServiceProvider());
        await host.Get<BackgroundLoops>().StartAsync(default);
        return host;
    }

    public T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await Get<BackgroundLoops>().StopAsync(default);
        await services.DisposeAsync();
    }

    /// <summary>There are stores, and nobody who could be asked.</summary>
    public class NoGrains : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            throw new NotSupportedException("A store has no grains.");
    }

    private sealed class FakeSilo(string name) : ILocalSiloDetails
    {
        public string Name => name;

        public string ClusterId => "test";

        public string DnsHostName => "localhost";

        public SiloAddress SiloAddress => SiloAddress.Zero;

        public SiloAddress GatewayAddress => SiloAddress.Zero;
    }
}

/// <summary>Notes that the host was told to stop.</summary>
internal sealed class StoppableHost : IHostApplicationLifetime
{
    private readonly CancellationTokenSource stopping = new();

    public CancellationToken ApplicationStarted => default;

    public CancellationToken ApplicationStopping => stopping.Token;

    public CancellationToken ApplicationStopped => default;

    public void StopApplication() => stopping.Cancel();
}
