using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Providers.Streams.Common;
using Orleans.Runtime;
using Orleans.Streams;

namespace OrleansCdp.Segments;

/// <summary>The stream <c>memberships</c> in a silo. Nobody publishes to it: what it tells is written with the states.</summary>
internal sealed class MembershipAdapterFactory : IQueueAdapterFactory, IQueueAdapter
{
    private const int CacheSize = 50;

    private readonly IServiceProvider services;
    private readonly SimpleQueueAdapterCache cache;

    // One queue: everything in one order.
    private readonly HashRingBasedStreamQueueMapper mapper = new(
        new HashRingStreamQueueMapperOptions { TotalQueueCount = 1 },
        MembershipStream.Name
    );

    private MembershipAdapterFactory(IServiceProvider services, string name)
    {
        this.services = services;
        Name = name;
        cache = new SimpleQueueAdapterCache(
            new SimpleQueueCacheOptions { CacheSize = CacheSize },
            name,
            services.GetRequiredService<ILoggerFactory>()
        );
    }

    public string Name { get; }

    /// <summary>False: where it goes on is what was delivered, and not where a consumer says it is.</summary>
    public bool IsRewindable => false;

    public StreamProviderDirection Direction => StreamProviderDirection.ReadOnly;

    /// <summary>Registers the provider.</summary>
    public static void Add(ISiloBuilder silo) =>
        silo.AddPersistentStreams(
            MembershipStream.Name,
            static (services, name) => new MembershipAdapterFactory(services, name),
            StreamDelivery.Configure
        );

    public Task<IQueueAdapter> CreateAdapter() => Task.FromResult<IQueueAdapter>(this);

    public Task QueueMessageBatchAsync<T>(
        StreamId streamId,
        IEnumerable<T> events,
        StreamSequenceToken? token,
        Dictionary<string, object>? requestContext
    ) =>
        throw new NotSupportedException(
            "Entries and exits are written with states, and not published."
        );

    public IQueueAdapterReceiver CreateReceiver(QueueId queueId) =>
        ActivatorUtilities.CreateInstance<MembershipReceiver>(services);

    public IQueueAdapterCache GetQueueAdapterCache() => cache;

    public IStreamQueueMapper GetStreamQueueMapper() => mapper;

    public Task<IStreamFailureHandler> GetDeliveryFailureHandler(QueueId queueId) =>
        Task.FromResult<IStreamFailureHandler>(new NoOpStreamDeliveryFailureHandler(false));
}
