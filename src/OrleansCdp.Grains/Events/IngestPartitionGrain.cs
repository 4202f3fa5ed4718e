using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using Orleans.Streams;
using Orleans.Streams.Core;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Events;

/// <summary>Reads one partition and lane of the log, chunk by chunk.</summary>
[GrainType("cdp.ingest-partition")]
[PartitionPlacement]
[KeepAlive]
[ImplicitStreamSubscription(EventStreams.Ingest)]
[ImplicitStreamSubscription(EventStreams.IngestLow)]
internal sealed partial class IngestPartitionGrain
    : Grain,
        IIngestPartitionGrain,
        IStreamSubscriptionObserver,
        IAsyncObserver<EventChunk>,
        IDisposable
{
    private readonly EventDelivery delivery;
    private readonly ICheckpoints checkpoints;
    private readonly PartitionHomes homes;
    private readonly TimeProvider clock;
    private readonly ILogger<IngestPartitionGrain> logger;
    private readonly AppliedHistory applied = new();
    private readonly CancellationTokenSource stopping = new();

    public IngestPartitionGrain(
        SubjectResolvers resolvers,
        IQuarantineStore quarantine,
        ICheckpoints checkpoints,
        EventFates fates,
        PartitionHomes homes,
        RecordMatching matching,
        IOptions<IngestOptions> options,
        TimeProvider clock,
        ILoggerFactory loggers
    )
    {
        delivery = new EventDelivery(
            GrainFactory,
            resolvers.New(GrainFactory, matching, options.Value.LinkCacheMax),
            new LinkMover(GrainFactory),
            quarantine,
            checkpoints,
            fates,
            clock,
            loggers.CreateLogger<EventDelivery>()
        );
        this.checkpoints = checkpoints;
        this.homes = homes;
        this.clock = clock;
        logger = loggers.CreateLogger<IngestPartitionGrain>();
    }

    /// <summary>Without a resumed handle, Orleans would drop every chunk and call it delivered.</summary>
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<EventChunk>().ResumeAsync(this);

    public async Task OnNextAsync(EventChunk item, StreamSequenceToken? token = null)
    {
        DeliveryCounts counts;
        try
        {
            counts = await delivery.DeliverAsync(item, stopping.Token);
        }
        catch (Exception e)
        {
            LogFailed(item.Lane, item.Partition, item.FirstSequence, item.LastSequence, e);
            throw; // The stream delivers the chunk again, for ever: nothing is skipped.
        }

        applied.Note(item.FirstSequence, item.LastSequence, clock.GetUtcNow());
        checkpoints.Complete(item, counts);
        homes.Follow(this, item.Partition);
    }

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;

    public ValueTask<PartitionProgress> GetProgressAsync(long sequence) =>
        new(
            new PartitionProgress
            {
                AppliedSequence = applied.Last,
                AppliedAt = applied.WhenWas(sequence),
            }
        );

    public override Task OnDeactivateAsync(
        DeactivationReason reason,
        CancellationToken cancellationToken
    ) => stopping.CancelAsync();

    public void Dispose() => stopping.Dispose();

    [LoggerMessage(
        LogEvents.ChunkFailed,
        LogLevel.Warning,
        "Events {First} to {Last} of lane {Lane}, partition {Partition} are not applied yet; they come again"
    )]
    private partial void LogFailed(
        Lane lane,
        int partition,
        long first,
        long last,
        Exception exception
    );
}

/// <summary>When the latest chunks were applied.</summary>
internal sealed class AppliedHistory
{
    /// <summary>Chunks remembered.</summary>
    public const int ChunksMax = 512;

    private readonly Queue<(long Sequence, DateTimeOffset At)> chunks = new();
    private long forgotten;

    /// <summary>Sequence of the last event applied; 0 before the first.</summary>
    public long Last { get; private set; }

    /// <summary>Notes a chunk.</summary>
    public void Note(long firstSequence, long lastSequence, DateTimeOffset at)
    {
        if (lastSequence <= Last)
        {
            return; // A redelivery: it was applied before.
        }

        if (chunks.Count == 0)
        {
            forgotten = firstSequence - 1; // Another activation applied it, nobody here knows when.
        }

        Last = lastSequence;
        chunks.Enqueue((lastSequence, at));
        if (chunks.Count > ChunksMax)
        {
            forgotten = chunks.Dequeue().Sequence;
        }
    }

    /// <summary>When an event was applied; null if it was not, or too long ago.</summary>
    public DateTimeOffset? WhenWas(long sequence)
    {
        if (sequence <= forgotten)
        {
            return null;
        }

        foreach (var (last, at) in chunks)
        {
            if (last >= sequence)
            {
                return at;
            }
        }

        return null;
    }
}
