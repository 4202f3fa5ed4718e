using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;

namespace OrleansCdp.Events;

/// <summary>Registers the two stream providers.</summary>
internal static class IngestStreams
{
    public static void Add(ISiloBuilder silo)
    {
        foreach (Lane lane in Enum.GetValues<Lane>())
        {
            silo.AddPersistentStreams(
                EventStreams.ProviderOf(lane),
                IngestAdapterFactory.Create,
                streams => Configure(streams, lane)
            );
        }
    }

    private static void Configure(ISiloPersistentStreamConfigurator streams, Lane lane)
    {
        StreamDelivery.Configure(streams);
        streams.ConfigurePartitionBalancing(
            (services, _) => ActivatorUtilities.CreateInstance<IngestBalancer>(services, lane)
        );
    }
}
