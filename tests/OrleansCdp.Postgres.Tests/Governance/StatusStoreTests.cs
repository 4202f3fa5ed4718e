using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>What is counted per partition and lane, and how much waits.</summary>
[Collection(PostgresCollection.Name)]
public sealed class StatusStoreTests(PostgresServer server)
{
    private const int Partition = 2;

    [Fact]
    public async Task Redelivered_and_quarantined_events_are_counted_with_the_checkpoint_that_passes_them()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        (long epoch, _) = await silo.Reads.TakeOverAsync(Lane.Normal, Partition, default);
        Complete(silo, epoch, first: 1, redelivered: 2, quarantined: 1);
        Complete(silo, epoch, first: 1, redelivered: 2, quarantined: 1);
        Complete(silo, epoch, first: 6, redelivered: 3, quarantined: 0);
        await silo.Checkpoints.FlushAsync(default);
        Complete(silo, epoch, first: 1, redelivered: 5, quarantined: 1);
        Complete(silo, epoch, first: 21, redelivered: 5, quarantined: 1);
        await silo.Checkpoints.FlushAsync(default);

        PartitionStatus status = await StatusAsync(silo);

        status.Checkpoint.ShouldBe(10);
        status.Redelivered.ShouldBe(5, "one time each, and none that no checkpoint passed");
        status.Quarantined.ShouldBe(1);
        CheckpointFound known = silo.Checkpoints.LastFound(Lane.Normal, Partition);
        (known.Sequence, known.Redelivered, known.Quarantined).ShouldBe((10, 5, 1));
        await using StoreHost next = await StoreHost.StartAsync(database, "next");
        known = await next.Reads.TakeOverAsync(Lane.Normal, Partition, default);
        (known.Sequence, known.Redelivered, known.Quarantined).ShouldBe((10, 5, 1));
    }

    [Fact]
    public async Task A_fenced_reader_counts_nothing()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        (long old, _) = await silo.Reads.TakeOverAsync(Lane.Normal, Partition, default);
        await silo.Reads.TakeOverAsync(Lane.Normal, Partition, default);

        Complete(silo, old, first: 1, redelivered: 2, quarantined: 1);
        await silo.Checkpoints.FlushAsync(default);

        PartitionStatus status = await StatusAsync(silo);
        (status.Redelivered, status.Quarantined).ShouldBe((0, 0));
    }

    [Fact]
    public async Task Every_takeover_from_somebody_is_a_fence()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        (await StatusAsync(silo)).Fences.ShouldBe(0);
        await TestWriter.AcquireAsync(silo.Log, Partition);
        await silo.Reads.TakeOverAsync(Lane.Normal, Partition, default);
        (await StatusAsync(silo)).Fences.ShouldBe(0, "there was nobody before");

        await TestWriter.AcquireAsync(silo.Log, Partition);
        await silo.Reads.TakeOverAsync(Lane.Normal, Partition, default);
        await silo.Reads.TakeOverAsync(Lane.Normal, Partition, default);

        (await StatusAsync(silo)).Fences.ShouldBe(3);
    }

    [Theory]
    [InlineData(3, 3)]
    [InlineData(ClusterStatus.BacklogCountMax, ClusterStatus.BacklogCountMax)]
    [InlineData(ClusterStatus.BacklogCountMax + 1, ClusterStatus.BacklogCountMax)]
    public async Task A_backlog_is_counted_as_far_as_is_worth_it(int rows, int counted)
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        await database.ExecuteAsync(
            $"""
            insert into cdp.due (id, slice, due_at)
            select 'due' || i, i % 7, now() - interval '1 s' from generate_series(1, {rows}) i;
            insert into cdp.due (id, slice, due_at)
            select 'later' || i, i % 7, now() + interval '1 h' from generate_series(1, 9) i;
            insert into cdp.outbox (id, topic, seq, payload)
            select 'x', 'memberships', i, '' from generate_series(1, {rows}) i
            """
        );

        ClusterStatus status = await silo.Status.ReadAsync(default);

        status.DueWaiting.ShouldBe(counted);
        status.OutboxWaiting.ShouldBe(counted);
    }

    private static void Complete(
        StoreHost silo,
        long epoch,
        long first,
        int redelivered,
        int quarantined
    ) =>
        silo.Checkpoints.Complete(
            new EventChunk
            {
                Lane = Lane.Normal,
                Partition = Partition,
                ReaderEpoch = epoch,
                FirstSequence = first,
                Events = LinkEvents.InPartition(Partition, 4, 5),
            },
            new DeliveryCounts([]) { Redelivered = redelivered, Quarantined = quarantined }
        );

    private static async Task<PartitionStatus> StatusAsync(StoreHost silo) =>
        (await silo.Status.ReadAsync(default)).Partitions.Single(p =>
            p.Partition == Partition && p.Lane == Lane.Normal
        );
}
