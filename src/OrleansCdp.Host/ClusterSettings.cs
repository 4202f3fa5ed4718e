using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using ClientGatewayOptions = Orleans.Configuration.GatewayOptions;

namespace OrleansCdp;

/// <summary>How silos and gateways find each other, and how soon they notice that one is gone.</summary>
internal static class ClusterSettings
{
    private static readonly TimeSpan GatewayListPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CallTimeMax = TimeSpan.FromSeconds(10);

    /// <summary>A silo.</summary>
    public static void Configure(ISiloBuilder silo, HostArguments arguments)
    {
        silo.Configure<ClusterOptions>(o => Name(o, arguments));
        silo.Configure<EndpointOptions>(o =>
        {
            o.AdvertisedIPAddress = arguments.Advertise;
            o.SiloPort = arguments.SiloPort ?? Ports.Free(arguments.Advertise);
            o.GatewayPort = arguments.GatewayPort ?? Ports.Free(arguments.Advertise);
        });
        silo.Configure<ClusterMembershipOptions>(DetectFailures);
        silo.Configure<SiloMessagingOptions>(o => o.MaxEnqueuedRequestsHardLimit = 2_000);
        // Orleans calls it experimental. With the other one a silo that dies takes with it, beside its own activations,
        // those that it had the addresses of: with three silos more than half of all.
#pragma warning disable ORLEANSEXP003
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        // A snapshot is compared and set, so an activation that outlives its silo's death for a moment can do no harm.
        silo.Configure<GrainDirectoryOptions>(o => o.RangeLeaseDuration = TimeSpan.Zero);
        silo.Configure<GrainCollectionOptions>(LetGo);
    }

    /// <summary>A gateway that is no silo.</summary>
    public static void Configure(IClientBuilder client, HostArguments arguments)
    {
        client.Configure<ClusterOptions>(o => Name(o, arguments));
        client.Configure<ClientGatewayOptions>(o => o.GatewayListRefreshPeriod = GatewayListPeriod);
        client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = CallTimeMax);
        client.Services.AddSingleton(new ClusterPatience(Timeout.InfiniteTimeSpan));
        client.UseConnectionRetryFilter<ClusterConnection>();
    }

    /// <summary>
    /// Who has not been active for a while leaves memory; where that gets short, whoever does nothing just then, those first whose
    /// time to leave comes first. All that is known of them is stored, or the grain is kept alive.
    /// </summary>
    private static void LetGo(GrainCollectionOptions options)
    {
        options.CollectionQuantum = TimeSpan.FromSeconds(30);
        options.EnableActivationSheddingOnMemoryPressure = true;
        options.MemoryUsagePollingPeriod = TimeSpan.FromSeconds(1);
        options.MemoryUsageLimitPercentage = 60;
        options.MemoryUsageTargetPercentage = 50;
    }

    private static void Name(ClusterOptions options, HostArguments arguments) =>
        options.ClusterId = options.ServiceId = arguments.Cluster;

    /// <summary>
    /// A killed silo is noticed within about three missed probes. Shorter ones would take a long collection of garbage,
    /// or a busy machine, for a death.
    /// </summary>
    private static void DetectFailures(ClusterMembershipOptions options)
    {
        options.ProbeTimeout = TimeSpan.FromSeconds(1.5);
        options.MinProbeTimeout = TimeSpan.FromSeconds(0.75);
        options.MaxProbeTimeout = TimeSpan.FromSeconds(3);
        options.NumMissedProbesLimit = 3;
        options.NumVotesForDeathDeclaration = 2;
        options.DeathVoteExpirationTimeout = TimeSpan.FromSeconds(60);
        options.TableRefreshTimeout = TimeSpan.FromSeconds(15);
        options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(10);
        options.MaxJoinAttemptTime = TimeSpan.FromMinutes(2);
    }
}
