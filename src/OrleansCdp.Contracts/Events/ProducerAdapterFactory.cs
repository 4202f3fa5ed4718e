using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Streams;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>
/// The streams <c>ingest</c> and <c>ingest-low</c> in a client process: it can publish, and never reads. Needs
/// <see cref="DefinitionCatalogue"/> to learn how many partitions the log has.
/// </summary>
public sealed class ProducerAdapterFactory : IQueueAdapterFactory, IQueueAdapter
{
    private readonly PartitionProducer producer;

    private ProducerAdapterFactory(string name, PartitionProducer producer)
    {
        Name = name;
        this.producer = producer;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool IsRewindable => false;

    /// <inheritdoc/>
    public StreamProviderDirection Direction => StreamProviderDirection.WriteOnly;

    /// <summary>To be registered with <c>AddPersistentStreams</c> under one of the names of <see cref="EventStreams"/>.</summary>
    public static IQueueAdapterFactory Create(IServiceProvider services, string name)
    {
        var catalogue = services.GetRequiredService<DefinitionCatalogue>();
        PartitionProducer writer = new(
            EventStreams.LaneOf(name),
            services.GetRequiredService<IGrainFactory>(),
            async () =>
            {
                await catalogue.Loaded;
                return catalogue.PartitionCount;
            }
        );
        return new ProducerAdapterFactory(name, writer);
    }

    /// <inheritdoc/>
    public Task<IQueueAdapter> CreateAdapter() => Task.FromResult<IQueueAdapter>(this);

    /// <inheritdoc/>
    public Task QueueMessageBatchAsync<T>(
        StreamId streamId,
        IEnumerable<T> events,
        StreamSequenceToken? token,
        Dictionary<string, object>? requestContext
    ) => producer.AppendAsync(streamId, events);

    /// <inheritdoc/>
    public IQueueAdapterReceiver CreateReceiver(QueueId queueId) => throw WriteOnly();

    /// <inheritdoc/>
    public IQueueAdapterCache GetQueueAdapterCache() => throw WriteOnly();

    /// <inheritdoc/>
    public IStreamQueueMapper GetStreamQueueMapper() => throw WriteOnly();

    /// <inheritdoc/>
    public Task<IStreamFailureHandler> GetDeliveryFailureHandler(QueueId queueId) =>
        throw WriteOnly();

    private static NotSupportedException WriteOnly() => new("Clients publish; only silos read.");
}
