using Orleans.Hosting;
using Orleans.Runtime.Providers;
using Orleans.Streams;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>
/// How the streams over tables are delivered: to implicit subscribers, one container after the other, and nothing is ever skipped.
/// </summary>
internal static class StreamDelivery
{
    /// <summary>Configures a provider.</summary>
    public static void Configure(ISiloPersistentStreamConfigurator streams)
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
        streams.ConfigureBackoffProvider(
            (_, _) => (IQueueReaderBackoffProvider)IngestBackoff.Reader
        );
        streams.ConfigureBackoffProvider(
            (_, _) => (IMessageDeliveryBackoffProvider)IngestBackoff.Delivery
        );
    }
}
