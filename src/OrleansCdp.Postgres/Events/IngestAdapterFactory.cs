using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Providers.Streams.Common;
using Orleans.Runtime;
using Orleans.Streams;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>The streams <c>ingest</c> and <c>ingest-low</c> in a silo: it publishes and reads.</summary>
internal sealed class IngestAdapterFactory : IQueueAdapterFactory, IQueueAdapter
{
    private readonly Lane lane;
    private readonly PartitionProducer producer;
    private readonly PartitionQueueMapper mapper;
    private readonly SimpleQueueAdapterCache cache;
    private readonly LogReaderServices readers;

    /// <summary>Containers, of which the receiver gives one at a time; fewer the cache does not take.</summary>
    private const int CacheSize = 50;

    private IngestAdapterFactory(IServiceProvider services, string name)
    {
        Name = name;
        lane = EventStreams.LaneOf(name);
        int count = services.GetRequiredService<LogShape>().PartitionCount;
        mapper = new PartitionQueueMapper(lane, count);
        producer = new PartitionProducer(
            lane,
            services.GetRequiredService<IGrainFactory>(),
            () => ValueTask.FromResult(count)
        );
        cache = new SimpleQueueAdapterCache(
            new SimpleQueueCacheOptions { CacheSize = CacheSize },
            name,
            services.GetRequiredService<ILoggerFactory>()
        );
        readers = ActivatorUtilities.CreateInstance<LogReaderServices>(services);
    }

    public string Name { get; }

    /// <summary>
    /// False, although the log can be read again from anywhere: a rewindable provider asks an active consumer how far
    /// it came and skips that, also where no checkpoint has noted it. Here the checkpoint alone decides.
    /// </summary>
    public bool IsRewindable => false;

    public StreamProviderDirection Direction => StreamProviderDirection.ReadWrite;

    public static IQueueAdapterFactory Create(IServiceProvider services, string name) =>
        new IngestAdapterFactory(services, name);

    public Task<IQueueAdapter> CreateAdapter() => Task.FromResult<IQueueAdapter>(this);

    public Task QueueMessageBatchAsync<T>(
        StreamId streamId,
        IEnumerable<T> events,
        StreamSequenceToken? token,
        Dictionary<string, object>? requestContext
    ) => producer.AppendAsync(streamId, events);

    public IQueueAdapterReceiver CreateReceiver(QueueId queueId) =>
        new LogReceiver(lane, (int)queueId.GetNumericId(), readers);

    public IQueueAdapterCache GetQueueAdapterCache() => cache;

    public IStreamQueueMapper GetStreamQueueMapper() => mapper;

    public Task<IStreamFailureHandler> GetDeliveryFailureHandler(QueueId queueId) =>
        Task.FromResult<IStreamFailureHandler>(new NoOpStreamDeliveryFailureHandler(false));
}
