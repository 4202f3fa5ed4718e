using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Internal;
using Orleans.Runtime.Providers;
using Orleans.Streams;

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
        streams.ConfigureStreamPubSub(StreamPubSubType.ImplicitOnly);
        streams.ConfigurePullingAgent(agent =>
            agent.Configure(options =>
            {
                options.GetQueueMsgsTimerPeriod = TimeSpan.FromMilliseconds(100);
                options.InitQueueTimeout = TimeSpan.FromSeconds(10);
                options.StreamInactivityPeriod = TimeSpan.FromHours(24);
                options.BatchContainerBatchSize = 1; // more would acknowledge what was not delivered
                options.MaxEventDeliveryTime = Timeout.InfiniteTimeSpan; // never skips anything
            })
        );
        streams.ConfigurePartitionBalancing(
            (services, _) => ActivatorUtilities.CreateInstance<IngestBalancer>(services, lane)
        );
        streams.ConfigureBackoffProvider(
            (_, _) => (IQueueReaderBackoffProvider)IngestBackoff.Reader
        );
        streams.ConfigureBackoffProvider(
            (_, _) => (IMessageDeliveryBackoffProvider)IngestBackoff.Delivery
        );
    }
}
