using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Streams;

namespace OrleansCdp.Events;

/// <summary>A reader whose deliveries are applied by somebody else, or by nobody.</summary>
[Collection(PostgresCollection.Name)]
public sealed class LogReceiverTests(PostgresServer server)
{
    private readonly FakeTimeProvider clock = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task What_was_handed_out_and_never_noted_is_handed_out_again_after_silos_changed()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        LogReceiver receiver = await ReadAsync(silo);
        LogBatch first = (await TakeAsync(receiver))!;

        silo.Get<PartitionOwnership>().NoteChange();
        LogBatch again = (await TakeAsync(receiver))!;

        again.Chunk.FirstSequence.ShouldBe(first.Chunk.FirstSequence);
        again.Chunk.Events.Length.ShouldBe(first.Chunk.Events.Length);
        again.Chunk.ReaderEpoch.ShouldBeGreaterThan(first.Chunk.ReaderEpoch);
    }

    [Fact]
    public async Task What_nobody_applies_counts_as_lost_after_a_while_and_is_handed_out_again()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        LogReceiver receiver = await ReadAsync(silo);
        LogBatch first = (await TakeAsync(receiver))!;

        LogBatch again = (await TakeAsync(receiver))!;

        again.Chunk.FirstSequence.ShouldBe(first.Chunk.FirstSequence);
        again.Chunk.ReaderEpoch.ShouldBeGreaterThan(first.Chunk.ReaderEpoch);
    }

    private async Task<LogReceiver> ReadAsync(StoreHost silo)
    {
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 1);
        await writer.AppendAsync(LinkEvents.InPartition(1, 4, 5));
        LogReceiver receiver = new(
            Lane.Normal,
            1,
            new LogReaderServices(
                silo.Get<LogReads>(),
                silo.Get<PartitionTails>(),
                silo.Checkpoints,
                silo.Get<PartitionOwnership>(),
                DispatchProxy.Create<IGrainFactory, Grains>(),
                clock,
                NullLogger<LogReceiver>.Instance
            )
        );
        await receiver.Initialize(TimeSpan.FromMinutes(1));
        return receiver;
    }

    /// <summary>Takes the next container, letting time pass until there is one.</summary>
    private async Task<LogBatch?> TakeAsync(LogReceiver receiver)
    {
        LogBatch? batch = null;
        await Eventually.BeAsync(async () =>
        {
            Task<IList<IBatchContainer>> asked = receiver.GetQueueMessagesAsync(1);
            await Eventually.BeAsync(() =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return asked.IsCompleted;
            });
            batch = (LogBatch?)(await asked).SingleOrDefault();
            return batch is not null;
        });
        return batch;
    }

    /// <summary>Grains that have applied nothing.</summary>
    public class Grains : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod!.ReturnType == typeof(IIngestPartitionGrain)
                ? new Idle()
                : throw new NotSupportedException(targetMethod.Name);
    }

    private sealed class Idle : IIngestPartitionGrain
    {
        public ValueTask<PartitionProgress> GetProgressAsync(long sequence) =>
            new(new PartitionProgress());
    }
}
