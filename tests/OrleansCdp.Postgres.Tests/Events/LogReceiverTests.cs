using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Streams;

namespace OrleansCdp.Events;

/// <summary>A reader whose deliveries are applied by somebody else, or by nobody.</summary>
[Collection(PostgresCollection.Name)]
public sealed class LogReceiverTests(PostgresServer server)
{
    private const string Epoch = """
        select epoch from cdp.ingest_checkpoint where lane = 0 and partition = 1
        """;

    private static readonly DateTimeOffset Start = DateTimeOffset.UtcNow;
    private readonly FakeTimeProvider clock = new(Start);

    [Fact]
    public async Task What_was_handed_out_and_never_noted_is_handed_out_again_after_silos_changed()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        LogReceiver receiver = await ReadAsync(silo);
        LogBatch first = (await TakeAsync(receiver))!;

        silo.Get<PartitionOwnership>().NoteChange();
        Task<IList<IBatchContainer>> asked = receiver.GetQueueMessagesAsync(1);
        await Eventually.BeAsync(() => asked.IsCompleted); // No time passes by this clock.
        LogBatch again = (LogBatch)(await asked).ShouldHaveSingleItem();

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

    [Fact]
    public async Task A_reader_that_waits_for_events_wakes_up_when_silos_came_or_went()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        LogReceiver receiver = await ReadAsync(silo);
        LogBatch first = (await TakeAsync(receiver))!;
        silo.Checkpoints.Complete(first.Chunk, new DeliveryCounts([]));

        Task<IList<IBatchContainer>> waiting = receiver.GetQueueMessagesAsync(1);
        silo.Get<PartitionOwnership>().NoteChange();
        silo.Tails.WakeAll();

        await Eventually.BeAsync(() => waiting.IsCompleted); // No time passes by this clock.
        (await waiting).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_reader_whose_writer_is_elsewhere_hears_of_events_however_long_it_has_waited()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost here = await StoreHost.StartAsync(database, clock: clock);
        await using StoreHost elsewhere = await StoreHost.StartAsync(database, "b");
        LogReceiver receiver = await ReceiverAsync(here);
        Task<IList<IBatchContainer>> waiting = receiver.GetQueueMessagesAsync(1);
        await PassAsync(() => clock.GetUtcNow() - Start > PartitionTails.InterestPeriod * 3);

        TestWriter writer = await TestWriter.AcquireAsync(elsewhere.Log, 1);
        await writer.AppendAsync(LinkEvents.InPartition(1, 4, 5));
        await PassAsync(() => waiting.IsCompleted);

        (await waiting).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_reader_whose_partition_went_to_another_silo_leaves_it_alone_until_it_comes_back()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost here = await StoreHost.StartAsync(database);
        await using StoreHost there = await StoreHost.StartAsync(database, "b");
        PartitionOwnership ownership = here.Get<PartitionOwnership>();
        LogReceiver former = await ReadAsync(here);
        await TakeAsync(former);

        LogReceiver owner = await ReceiverAsync(there);
        LogBatch taken = (await TakeAsync(owner))!;
        ownership.NoteChange();

        for (int asked = 0; asked < 3; asked++)
        {
            (await AskAsync(former)).ShouldBeEmpty();
        }

        (await database.NumberAsync(Epoch)).ShouldBe(taken.Chunk.ReaderEpoch);
        ownership.Set(Lane.Normal, 1, owns: true);
        LogBatch again = (await TakeAsync(former))!;
        again.Chunk.FirstSequence.ShouldBe(1);
        again.Chunk.ReaderEpoch.ShouldBe(taken.Chunk.ReaderEpoch + 1);
    }

    [Fact]
    public async Task More_is_handed_out_at_once_while_it_is_applied_quickly_and_less_where_it_takes_long()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 1);
        for (int chunk = 0; chunk < 11; chunk++)
        {
            await writer.AppendAsync(LinkEvents.InPartition(1, 4, BatchSize.First));
        }

        LogReceiver receiver = await ReceiverAsync(silo);
        List<int> handedOut = [];
        foreach (
            TimeSpan took in (TimeSpan[])
                [default, default, .. Enumerable.Repeat(BatchSize.Slow * 2, 4), default]
        )
        {
            Task<IList<IBatchContainer>> asked = receiver.GetQueueMessagesAsync(1);
            await Eventually.BeAsync(() => asked.IsCompleted); // No time passes by this clock.
            EventChunk chunk = ((LogBatch)(await asked).ShouldHaveSingleItem()).Chunk;
            handedOut.Add(chunk.Events.Length);
            clock.Advance(took);
            silo.Checkpoints.Complete(chunk, new DeliveryCounts([]));
        }

        int first = BatchSize.First;
        handedOut.ShouldBe([first, first * 2, first * 4, first * 2, first, first / 2, first / 4]);
    }

    /// <summary>Lets time pass in small steps.</summary>
    private Task PassAsync(Func<bool> until) =>
        Eventually.BeAsync(() =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(50));
            return until();
        });

    private async Task<LogReceiver> ReadAsync(StoreHost silo)
    {
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 1);
        await writer.AppendAsync(LinkEvents.InPartition(1, 4, 5));
        return await ReceiverAsync(silo);
    }

    private async Task<LogReceiver> ReceiverAsync(StoreHost silo)
    {
        LogReceiver receiver = new(
            Lane.Normal,
            1,
            new LogReaderServices(
                silo.Get<ILogReads>(),
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
            (batch = (LogBatch?)(await AskAsync(receiver)).SingleOrDefault()) is not null
        );
        return batch;
    }

    /// <summary>Asks once, letting time pass until there is an answer.</summary>
    private async Task<IList<IBatchContainer>> AskAsync(LogReceiver receiver)
    {
        Task<IList<IBatchContainer>> asked = receiver.GetQueueMessagesAsync(1);
        await Eventually.BeAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(10));
            return asked.IsCompleted;
        });
        return await asked;
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
