using System.Collections.Immutable;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Streams;
using Orleans.Streams.Core;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>The smallest writer of a partition that keeps the contract, but for deduplication.</summary>
[PreferLocalPlacement, KeepAlive]
[GrainType("test-partition-log")]
internal sealed class TestPartitionLogGrain(ILogStore log) : Grain, IPartitionLogGrain
{
    private TestWriter? writer;

    public async Task AttachAsync() => writer ??= await AcquireAsync();

    public async Task<AppendResult> AppendAsync(EventBatch batch)
    {
        TestWriter owned = writer ?? await AcquireAsync();
        writer = null; // until it is acknowledged
        LinkEvent[] normal = [.. batch.Events.Where(e => e.Lane == Lane.Normal)];
        LinkEvent[] low = [.. batch.Events.Where(e => e.Lane == Lane.Low)];
        await owned.AppendBothAsync(normal, low);
        writer = owned;
        return new AppendResult();
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token)
    {
        log.Release((int)this.GetPrimaryKeyLong(), writer?.Epoch ?? 0);
        return Task.CompletedTask;
    }

    private Task<TestWriter> AcquireAsync() =>
        TestWriter.AcquireAsync(log, (int)this.GetPrimaryKeyLong());
}

/// <summary>Notes what is delivered, and counts it as applied.</summary>
[ImplicitStreamSubscription(EventStreams.Ingest)]
[ImplicitStreamSubscription(EventStreams.IngestLow)]
[PreferLocalPlacement]
[GrainType("test-ingest-partition")]
internal sealed class TestIngestGrain(
    Journal journal,
    ICheckpoints checkpoints,
    ILocalSiloDetails silo
) : Grain, IIngestPartitionGrain, IStreamSubscriptionObserver, IAsyncObserver<EventChunk>
{
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<EventChunk>().ResumeAsync(this);

    public Task OnNextAsync(EventChunk item, StreamSequenceToken? token = null)
    {
        journal.Add(item, silo.Name);
        ImmutableArray<EventCount> counts =
        [
            .. item
                .Events.GroupBy(e => e.Stream, StringComparer.Ordinal)
                .Select(s => new EventCount(s.Key, CountKind.Applied, "", s.Count())),
        ];
        checkpoints.Complete(item, new DeliveryCounts(counts));
        return Task.CompletedTask;
    }

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;

    public ValueTask<PartitionProgress> GetProgressAsync(long sequence) =>
        new(new PartitionProgress());
}
