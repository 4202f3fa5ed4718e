using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Runtime;
using OrleansCdp.Events;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>A real silo on a test's database, with the tests' smallest grains or with the product's.</summary>
internal sealed class TestSilo : IAsyncDisposable
{
    private readonly IHost host;
    private bool stopped;

    private TestSilo(IHost host) => this.host = host;

    public IGrainFactory Grains => Get<IGrainFactory>();

    public SiloAddress Address => Get<ILocalSiloDetails>().SiloAddress;

    public string Name => Get<ILocalSiloDetails>().Name;

    /// <summary>One with the tests' grains, which note what is delivered.</summary>
    public static Task<TestSilo> StartAsync(
        TestDatabase database,
        Journal journal,
        string name,
        CdpPostgresOptions? options = null
    ) => StartAsync(database, journal, name, options, ofProduct: false);

    /// <summary>One with the product's grains.</summary>
    public static Task<TestSilo> StartProductAsync(TestDatabase database) =>
        StartAsync(database, new Journal(), "product", options: null, ofProduct: true);

    private static async Task<TestSilo> StartAsync(
        TestDatabase database,
        Journal journal,
        string name,
        CdpPostgresOptions? options,
        bool ofProduct
    )
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton(journal);
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(cluster =>
            {
                cluster.ClusterId = "test";
                cluster.ServiceId = "cdp-test";
            });
            silo.Configure<SiloOptions>(o => o.SiloName = name);
            silo.Configure<ClusterMembershipOptions>(membership =>
            {
                membership.TableRefreshTimeout = TimeSpan.FromSeconds(5);
                membership.ProbeTimeout = TimeSpan.FromSeconds(2);
            });
            silo.ConfigureEndpoints(IPAddress.Loopback, FreePort(), FreePort());
            silo.AddCdpPostgres(
                options ?? new CdpPostgresOptions { ConnectionString = database.ConnectionString },
                database.Shape
            );
            if (ofProduct)
            {
                silo.AddCdpGrains();
            }

            silo.Services.PostConfigure<GrainTypeOptions>(types =>
                types.Classes.RemoveWhere(type =>
                    ofProduct ? type.Assembly == typeof(TestSilo).Assembly : IsProductGrain(type)
                )
            );
        });
        TestSilo started = new(builder.Build());
        await started.host.StartAsync();
        return started;
    }

    public T Get<T>()
        where T : notnull => host.Services.GetRequiredService<T>();

    public async Task StopAsync()
    {
        stopped = true;
        await host.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!stopped)
        {
            await StopAsync();
        }

        host.Dispose();
    }

    private static bool IsProductGrain(Type type) =>
        type.Assembly.GetName().Name == "OrleansCdp.Grains";

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>One delivery of one event.</summary>
internal sealed record Delivery(
    Lane Lane,
    int Partition,
    long Sequence,
    string EventId,
    string Silo
);

/// <summary>Everything that was delivered, in all silos of a test.</summary>
internal sealed class Journal
{
    private readonly Lock gate = new();
    private ImmutableList<Delivery> deliveries = [];
    private volatile bool broken;

    /// <summary>While true every delivery fails.</summary>
    public bool Broken
    {
        get => broken;
        set => broken = value;
    }

    public ImmutableList<Delivery> Deliveries
    {
        get
        {
            lock (gate)
            {
                return deliveries;
            }
        }
    }

    /// <summary>Entries and exits that were delivered.</summary>
    public ConcurrentQueue<FollowedChange> Memberships { get; } = new();

    /// <summary>How often the delivery of an entry or exit is still to fail.</summary>
    public int MembershipFailures { get; set; }

    /// <summary>Deliveries that failed.</summary>
    public int Failures { get; private set; }

    /// <summary>Events of each chunk that was delivered, in order.</summary>
    public ImmutableList<int> Sizes { get; private set; } = [];

    public void Add(EventChunk chunk, string silo)
    {
        if (Broken)
        {
            Failures++;
            throw new InvalidOperationException("The test wants deliveries to fail.");
        }

        lock (gate)
        {
            Sizes = Sizes.Add(chunk.Events.Length);
            deliveries = deliveries.AddRange(
                chunk.Events.Select(
                    (e, i) =>
                        new Delivery(
                            chunk.Lane,
                            chunk.Partition,
                            chunk.FirstSequence + i,
                            e.EventId,
                            silo
                        )
                )
            );
        }
    }
}
