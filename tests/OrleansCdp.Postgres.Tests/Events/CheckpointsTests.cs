using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

[Collection(PostgresCollection.Name)]
public sealed class CheckpointsTests(PostgresServer server)
{
    private const string State = """
        select seq, coalesce((select sum(count) from cdp.event_count), 0)
        from cdp.ingest_checkpoint where lane = 0 and partition = 1
        """;

    [Fact]
    public async Task Chunks_in_order_move_the_checkpoint_and_count()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        (long epoch, long checkpoint) = await silo.Reads.TakeOverAsync(Lane.Normal, 1, default);

        Complete(silo, epoch, first: 1, count: 5);
        Complete(silo, epoch, first: 6, count: 2);

        checkpoint.ShouldBe(0);
        await Eventually.BeAsync(async () => (await database.RowsAsync(State))[0] == "7|7");
    }

    [Fact]
    public async Task What_was_noted_of_events_is_found_until_a_checkpoint_passes_them()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        (long epoch, _) = await silo.Reads.TakeOverAsync(Lane.Normal, 1, default);
        EventOutcome suppressed = EventOutcome.Suppressed(ReasonCodes.ClosedAgain);
        await silo.Snapshots.SaveAsync(
            new SnapshotWrite
            {
                Id = "ind_a",
                PreviousVersion = 0,
                Version = 1,
                Data = [1],
                Fates =
                [
                    .. new[] { (1, 4L), (1, 5L), (1, 6L), (2, 5L) }.Select(at => new EventFate(
                        new LogPosition(Lane.Normal, at.Item1, at.Item2),
                        suppressed,
                        null
                    )),
                ],
            }
        );

        (await FatesAsync(5, 6)).ShouldBe([5, 6]);
        Complete(silo, epoch, first: 1, count: 5);
        await silo.Checkpoints.FlushAsync(default);

        (await FatesAsync(1, 9)).ShouldBe([6]);
        (
            await database.RowsAsync("select partition, seq from cdp.event_fate order by 1")
        ).ShouldBe(["1|6", "2|5"]);

        async Task<long[]> FatesAsync(long first, int last)
        {
            EventChunk chunk = new()
            {
                Lane = Lane.Normal,
                Partition = 1,
                ReaderEpoch = epoch,
                FirstSequence = first,
                Events = LinkEvents.InPartition(1, 4, last - (int)first + 1),
            };
            var fates = await silo.Checkpoints.FatesAsync(chunk, default);
            fates.Values.ShouldAllBe(outcome => outcome == suppressed);
            return [.. fates.Keys.Order()];
        }
    }

    [Fact]
    public async Task Flushing_writes_what_is_pending_now()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        (long epoch, _) = await silo.Reads.TakeOverAsync(Lane.Normal, 1, default);
        Complete(silo, epoch, first: 1, count: 5);

        await silo.Checkpoints.FlushAsync(default);

        (await database.RowsAsync(State)).ShouldBe(["5|5"]);
    }

    [Fact]
    public async Task Lanes_may_appear_while_checkpoints_are_written()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);

        const int rounds = 20;
        const int lanes = 10_000;
        for (int round = 0; round < rounds; round++)
        {
            int from = round * lanes;
            Task appearing = Task.Run(() =>
            {
                for (int partition = from; partition < from + lanes; partition++)
                {
                    silo.Checkpoints.NoteFenced(Lane.Low, partition, epoch: 1);
                }
            });
            do
            {
                await silo.Checkpoints.FlushAsync(default);
            } while (!appearing.IsCompleted);
            await appearing;
        }

        silo.Checkpoints.IsFenced(Lane.Low, (rounds * lanes) - 1, epoch: 1).ShouldBeTrue();
    }

    [Fact]
    public async Task A_chunk_completed_twice_counts_once()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        (long epoch, _) = await silo.Reads.TakeOverAsync(Lane.Normal, 1, default);
        Complete(silo, epoch, first: 1, count: 5);
        Complete(silo, epoch, first: 1, count: 5);
        await silo.Checkpoints.FlushAsync(default);

        Complete(silo, epoch, first: 1, count: 5);
        Complete(silo, epoch, first: 6, count: 1);
        await Eventually.BeAsync(async () => (await database.RowsAsync(State))[0] == "6|6");

        silo.Checkpoints.IsFenced(Lane.Normal, 1, epoch).ShouldBeFalse();
    }

    [Fact]
    public async Task The_checkpoint_and_the_counts_of_a_fenced_reader_are_refused()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost first = await StoreHost.StartAsync(database, "first");
        await using StoreHost second = await StoreHost.StartAsync(database, "second");
        (long old, _) = await first.Reads.TakeOverAsync(Lane.Normal, 1, default);
        (long current, long from) = await second.Reads.TakeOverAsync(Lane.Normal, 1, default);

        Complete(first, old, first: 1, count: 5);
        await first.Checkpoints.FlushAsync(default);
        (await database.RowsAsync(State)).ShouldBe(["0|0"]);
        Complete(second, current, first: from + 1, count: 5);
        await second.Checkpoints.FlushAsync(default);

        (await database.RowsAsync(State)).ShouldBe(["5|5"]);
        first.Checkpoints.IsFenced(Lane.Normal, 1, old).ShouldBeTrue();
        second.Checkpoints.IsFenced(Lane.Normal, 1, current).ShouldBeFalse();
    }

    [Fact]
    public async Task One_fenced_partition_does_not_hold_the_others()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        (long old, _) = await silo.Reads.TakeOverAsync(Lane.Normal, 0, default);
        await silo.Reads.TakeOverAsync(Lane.Normal, 0, default);
        (long epoch, _) = await silo.Reads.TakeOverAsync(Lane.Normal, 1, default);

        Complete(silo, old, first: 1, count: 9, partition: 0);
        Complete(silo, epoch, first: 1, count: 5);
        await silo.Checkpoints.FlushAsync(default);

        (await database.RowsAsync(State)).ShouldBe(["5|5"]);
    }

    [Fact]
    public async Task A_chunk_waits_for_the_one_before_it()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        (long epoch, _) = await silo.Reads.TakeOverAsync(Lane.Normal, 1, default);

        Complete(silo, epoch, first: 6, count: 2);
        await silo.Checkpoints.FlushAsync(default);
        (await database.RowsAsync(State)).ShouldBe(["0|0"]);

        // The chunk before was delivered to an activation on another silo, which writes it late.
        await using (StoreHost other = await StoreHost.StartAsync(database, "other"))
        {
            Complete(other, epoch, first: 1, count: 5);
        }

        await Eventually.BeAsync(async () => (await database.RowsAsync(State))[0] == "7|7");
    }

    [Fact]
    public async Task A_chunk_whose_predecessor_never_comes_makes_the_reader_start_anew()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        (long epoch, _) = await silo.Reads.TakeOverAsync(Lane.Normal, 1, default);

        Complete(silo, epoch, first: 6, count: 2);

        await Eventually.BeAsync(() => silo.Checkpoints.IsFenced(Lane.Normal, 1, epoch));
        (await database.RowsAsync(State)).ShouldBe(["0|0"]);
    }

    [Fact]
    public async Task What_is_pending_survives_a_crash_of_the_server_and_counts_once()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        (long epoch, _) = await silo.Reads.TakeOverAsync(Lane.Normal, 1, default);
        await server.Server.StopAsync(PostgresStop.Immediate, default);
        for (int i = 0; i < 20; i++)
        {
            Complete(silo, epoch, first: (i * 5) + 1, count: 5);
        }

        await server.RestartAsync(PostgresStop.Fast);

        await Eventually.BeAsync(() =>
            Eventually.SucceedAsync(async () => (await database.RowsAsync(State))[0] == "100|100")
        );
    }

    private static void Complete(
        StoreHost silo,
        long epoch,
        long first,
        int count,
        int partition = 1
    )
    {
        EventChunk chunk = new()
        {
            Lane = Lane.Normal,
            Partition = partition,
            ReaderEpoch = epoch,
            FirstSequence = first,
            Events = LinkEvents.InPartition(partition, 4, count),
        };
        ImmutableArray<EventCount> counts = [new("web-events", CountKind.Applied, "", count)];
        silo.Checkpoints.Complete(chunk, new DeliveryCounts(counts));
    }
}
