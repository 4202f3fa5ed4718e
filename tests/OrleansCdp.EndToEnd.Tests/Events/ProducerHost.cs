using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCdp.Events;

/// <summary>The program in its process, and a .NET host of somebody's with a producer in this one.</summary>
public sealed class ProducerHost : IAsyncLifetime
{
    /// <summary>The data stream the tests send to.</summary>
    public const string Stream = "producer-contact";

    private IHost? sender;

    /// <summary>The program.</summary>
    public RunningHost Cdp { get; } = new() { GatewayPort = Ports.Free(IPAddress.Loopback) };

    /// <summary>Where it takes producers in.</summary>
    public IPEndPoint Gateway => new(IPAddress.Loopback, Cdp.GatewayPort!.Value);

    /// <summary>The producer.</summary>
    public ICdpProducer Producer => sender!.Services.GetRequiredService<ICdpProducer>();

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        await Cdp.StartAsync();
        await Cdp.Api.DefineAsync(Stream);
        sender = await StartAsync(services =>
            services.AddCdpProducer(o => o.Gateways.Add(Gateway))
        );
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        await StopAsync(sender);
        await Cdp.DisposeAsync();
    }

    /// <summary>Starts a .NET host with services of its own.</summary>
    public static async Task<IHost> StartAsync(Action<IServiceCollection> configure)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        configure(builder.Services);
        IHost host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>Stops it.</summary>
    public static async Task StopAsync(IHost? host)
    {
        if (host is not null)
        {
            await host.StopAsync();
            host.Dispose();
        }
    }
}
