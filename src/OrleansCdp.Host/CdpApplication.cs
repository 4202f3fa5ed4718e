using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>Silo and gateway in one process, put together.</summary>
internal static class CdpApplication
{
    private const int PortMin = 20_000;
    private const int PortMax = 32_000;

    /// <summary>Builds the application; nothing runs yet.</summary>
    public static WebApplication Build(
        WebApplicationBuilder builder,
        HostArguments arguments,
        string connection,
        LogShape shape,
        string adminKey
    )
    {
        builder.WebHost.UseUrls(arguments.Urls);
        builder
            .Logging.ClearProviders()
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss ";
            });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Logging.AddFilter(nameof(OrleansCdp), LogLevel.Information);
        builder.Logging.AddFilter("Polly", LogLevel.Warning);
        // It calls a process that is still starting an error. What an operator must see the check says itself.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        // Sessions are not protected by stored keys here: there are none.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(60));
        builder.Host.UseOrleans(silo =>
        {
            silo.AddCdpGrains();
            silo.AddCdpPostgres(connection, shape);
            Configure(silo, arguments);
        });
        builder.Services.AddCdpGateway(gateway => gateway.AdminKey = adminKey);
        builder.AddCdpTelemetry();
        builder.AddCdpHealth();
        WebApplication app = builder.Build();
        app.MapCdpHealth();
        app.MapCdpGateway();
        app.MapCdpMetrics();
        return app;
    }

    /// <summary>Failure detection in seconds, and ports that nobody else has.</summary>
    private static void Configure(ISiloBuilder silo, HostArguments arguments)
    {
        silo.Configure<ClusterOptions>(o =>
        {
            o.ClusterId = EventStreams.ClusterId;
            o.ServiceId = EventStreams.ClusterId;
        });
        silo.Configure<EndpointOptions>(o =>
        {
            o.AdvertisedIPAddress = IPAddress.Loopback;
            o.SiloPort = FreePort();
            o.GatewayPort = arguments.GatewayPort ?? FreePort();
        });
        silo.Configure<ClusterMembershipOptions>(o =>
        {
            o.ProbeTimeout = TimeSpan.FromSeconds(1.5);
            o.NumMissedProbesLimit = 3;
            o.NumVotesForDeathDeclaration = 2;
            o.DeathVoteExpirationTimeout = TimeSpan.FromSeconds(60);
            o.TableRefreshTimeout = TimeSpan.FromSeconds(15);
            o.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(10);
        });
        silo.Configure<SiloMessagingOptions>(o => o.MaxEnqueuedRequestsHardLimit = 2_000);
        silo.Configure<GrainCollectionOptions>(o => o.CollectionQuantum = TimeSpan.FromSeconds(30));
    }

    /// <summary>
    /// A port below those that systems give to outgoing connections, so that none of them takes it before the silo
    /// does.
    /// </summary>
    internal static int FreePort()
    {
        while (true)
        {
            int port = RandomNumberGenerator.GetInt32(PortMin, PortMax);
            if (IsFree(port))
            {
                return port;
            }
        }
    }

    /// <summary>Whether nobody listens on a loopback port.</summary>
    internal static bool IsFree(int port)
    {
        try
        {
            using TcpListener listener = new(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}
