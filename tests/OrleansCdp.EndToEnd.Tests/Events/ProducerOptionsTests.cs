using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Streams;

namespace OrleansCdp.Events;

public sealed class ProducerOptionsTests
{
    [Fact]
    public void A_producer_needs_one_way_to_its_cluster_and_not_two()
    {
        Should.Throw<OptionsValidationException>(() => Register(_ => { }));
        Should.Throw<OptionsValidationException>(() =>
            Register(o =>
            {
                o.ConnectionString = "Host=localhost";
                o.Gateways.Add(Gateway(1));
            })
        );
        Register(o => o.ConnectionString = "Host=localhost");
        Register(o => o.Gateways.Add(Gateway(1)));
    }

    [Fact]
    public void As_many_gateways_as_the_limit_are_taken_and_no_more()
    {
        Register(o => AddGateways(o, CdpProducerOptions.GatewaysMax));
        Should.Throw<OptionsValidationException>(() =>
            Register(o => AddGateways(o, CdpProducerOptions.GatewaysMax + 1))
        );
    }

    [Fact]
    public void The_longest_wait_for_a_cluster_is_taken_and_a_longer_one_refused()
    {
        Register(o => Wait(o, TimeSpan.FromDays(1)));
        Should.Throw<OptionsValidationException>(() =>
            Register(o => Wait(o, TimeSpan.FromDays(1) + TimeSpan.FromTicks(1)))
        );
    }

    [Fact]
    public void Adding_a_producer_twice_adds_it_once()
    {
        IServiceCollection services = Register(o => o.Gateways.Add(Gateway(1)));
        int once = services.Count;

        services.AddCdpProducer(o => o.Gateways.Add(Gateway(2))).AddCdpProducer();

        services.Count.ShouldBe(once);
        services.Count(s => s.ServiceType == typeof(ICdpProducer)).ShouldBe(1);
    }

    [Fact]
    public void Adding_the_streams_to_a_client_twice_adds_them_once()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(client => client.AddCdpStreams().AddCdpStreams());

        builder
            .Services.Where(s => s.ServiceType == typeof(IStreamProvider))
            .Select(s => s.ServiceKey)
            .ShouldBe([EventStreams.Ingest, EventStreams.IngestLow]);
    }

    private static IServiceCollection Register(Action<CdpProducerOptions> configure) =>
        new ServiceCollection().AddCdpProducer(configure);

    private static IPEndPoint Gateway(int port) => new(IPAddress.Loopback, port);

    private static void AddGateways(CdpProducerOptions options, int count)
    {
        for (int port = 1; port <= count; port++)
        {
            options.Gateways.Add(Gateway(port));
        }
    }

    private static void Wait(CdpProducerOptions options, TimeSpan wait)
    {
        options.Gateways.Add(Gateway(1));
        options.ConnectTimeout = wait;
    }
}
