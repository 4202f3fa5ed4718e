using Microsoft.Extensions.Time.Testing;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>A partition's writer knows how far the reader is, wherever that is.</summary>
[Collection(PostgresCollection.Name)]
public sealed class ReaderElsewhereTests(PostgresServer server)
{
    private const int Partition = 1;

    [Fact]
    public async Task A_writer_that_asks_hears_how_far_a_reader_elsewhere_is()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost writing = await StoreHost.StartAsync(database, "writing");
        await using StoreHost reading = await StoreHost.StartAsync(database, "reading");
        TestWriter writer = await TestWriter.AcquireAsync(writing.Log, Partition);
        (long epoch, _) = await reading.Reads.TakeOverAsync(Lane.Low, Partition, default);
        LinkEvent[] events = LinkEvents.InPartition(Partition, 4, 5, lane: Lane.Low);
        await writer.AppendBothAsync([], events);
        writing.Log.CheckpointOf(Lane.Low, Partition).ShouldBe(0);

        Complete(reading, epoch, events);

        await Eventually.BeAsync(() => writing.Log.CheckpointOf(Lane.Low, Partition) == 5);
        writing.Log.CheckpointOf(Lane.Normal, Partition).ShouldBe(0);
    }

    [Fact]
    public async Task A_writer_that_takes_over_knows_at_once_how_far_both_readers_are()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await database.ExecuteAsync(
            $"update cdp.ingest_checkpoint set seq = 7 + lane where partition = {Partition}"
        );
        await using StoreHost writing = await StoreHost.StartAsync(database);

        await TestWriter.AcquireAsync(writing.Log, Partition);

        writing.Log.CheckpointOf(Lane.Normal, Partition).ShouldBe(7);
        writing.Log.CheckpointOf(Lane.Low, Partition).ShouldBe(8);
    }

    [Fact]
    public async Task Only_a_partition_read_elsewhere_is_asked_for_and_only_while_somebody_appends()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        FakeTimeProvider clock = new(LinkEvents.Noon);
        await using StoreHost silo = await StoreHost.StartAsync(database, clock: clock);
        PartitionTails tails = silo.Tails;
        const int readHere = 2;
        silo.Get<PartitionOwnership>().Set(Lane.Normal, readHere, owns: true);
        tails.Of(Lane.Normal, readHere).AddReader();
        IsAsked(Partition).ShouldBeFalse();

        silo.Log.CheckpointOf(Lane.Normal, Partition);
        silo.Log.CheckpointOf(Lane.Normal, readHere);

        IsAsked(Partition).ShouldBeTrue();
        IsAsked(readHere).ShouldBeFalse();
        clock.Advance(PartitionTails.InterestPeriod);
        IsAsked(Partition).ShouldBeFalse();
        tails.IsAsked(readHere, clock.GetUtcNow(), confirm: true).ShouldBeTrue();
        tails.IsAsked(Partition, clock.GetUtcNow(), confirm: true).ShouldBeFalse();

        bool IsAsked(int partition) => tails.IsAsked(partition, clock.GetUtcNow(), confirm: false);
    }

    private static void Complete(StoreHost silo, long epoch, LinkEvent[] events) =>
        silo.Checkpoints.Complete(
            new EventChunk
            {
                Lane = Lane.Low,
                Partition = Partition,
                ReaderEpoch = epoch,
                FirstSequence = 1,
                Events = events,
            },
            new DeliveryCounts([])
        );
}
