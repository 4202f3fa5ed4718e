using System.Collections.Immutable;
using System.Globalization;
using Orleans.Runtime;
using Orleans.Streams;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

[Collection(PostgresCollection.Name)]
public sealed class IngestStreamTests(PostgresServer server)
{
    private const int PartitionCount = 8;

    [Fact]
    public async Task Published_events_arrive_in_order_and_are_counted()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync(PartitionCount);
        Journal journal = new();
        await using TestSilo silo = await TestSilo.StartAsync(database, journal, "one");

        for (int partition = 0; partition < PartitionCount; partition++)
        {
            await PublishAsync(silo, partition, 50);
            await PublishAsync(silo, partition, 20, Lane.Low);
        }

        await Eventually.BeAsync(() => journal.Deliveries.Count >= PartitionCount * 70);
        foreach (var lane in journal.Deliveries.GroupBy(d => (d.Lane, d.Partition)))
        {
            lane.Select(d => d.Sequence)
                .ShouldBe(Enumerable.Range(1, lane.Count()).Select(i => (long)i));
        }

        IStatusStore status = silo.Get<IStatusStore>();
        await Eventually.BeAsync(async () => await AppliedAsync(status) == PartitionCount * 70);
        ClusterStatus read = await status.ReadAsync(default);
        read.Partitions.Length.ShouldBe(2 * PartitionCount);
        read.Partitions.ShouldAllBe(p => p.Checkpoint == p.Head && p.Reader == "one");
        read.Partitions.ShouldAllBe(p => p.Writer == "one");
    }

    [Fact]
    public async Task Two_silos_form_a_cluster_and_share_the_partitions()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync(PartitionCount);
        Journal journal = new();
        await using TestSilo one = await TestSilo.StartAsync(database, journal, "one");
        await using TestSilo two = await TestSilo.StartAsync(database, journal, "two");

        await Eventually.BeAsync(async () =>
            (await database.RowsAsync(Readers)).SequenceEqual([
                $"one|{PartitionCount}",
                $"two|{PartitionCount}",
            ])
        );
        for (int partition = 0; partition < PartitionCount; partition++)
        {
            await PublishAsync(one, partition, 30);
            await PublishAsync(two, partition, 30, prefix: "f");
        }

        await Eventually.BeAsync(async () =>
            await AppliedAsync(one.Get<IStatusStore>()) == PartitionCount * 60
        );
        journal
            .Deliveries.Select(d => (d.Partition, d.Sequence))
            .Distinct()
            .Count()
            .ShouldBe(PartitionCount * 60);
        // The balancers, one per lane and silo, wait a moment before they believe in a change.
        var first = one.Get<PartitionOwnership>();
        var second = two.Get<PartitionOwnership>();
        await Eventually.BeAsync(
            () =>
                Enumerable
                    .Range(0, PartitionCount)
                    .All(p =>
                        first.Owns(Lane.Normal, p) != second.Owns(Lane.Normal, p)
                        && first.Owns(Lane.Normal, p) == first.Owns(Lane.Low, p)
                        && second.Owns(Lane.Normal, p) == second.Owns(Lane.Low, p)
                    ),
            what: "every partition has one owner, and its lanes stay together"
        );
    }

    [Fact]
    public async Task A_silo_that_comes_wakes_readers_that_wait_for_events()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync(PartitionCount);
        Journal journal = new();
        await using TestSilo one = await TestSilo.StartAsync(database, journal, "one");
        await PublishToAllAsync(one, 1, "a"); // So that every tail has its writer and hears of nothing else.
        await Eventually.BeAsync(() => Distinct(journal) == PartitionCount);
        PartitionTails tails = one.Get<PartitionTails>();
        Task[] waiting =
        [
            .. Enumerable
                .Range(0, PartitionCount)
                .Select(p => tails.Of(Lane.Normal, p).Changed)
                .Select(news =>
                    news.WaitAsync(
                        news.Times,
                        Timeout.InfiniteTimeSpan,
                        TimeProvider.System,
                        default
                    )
                ),
        ];

        await using TestSilo two = await TestSilo.StartAsync(database, journal, "two");

        await Eventually.BeAsync(() => waiting.All(wait => wait.IsCompleted));
    }

    [Fact]
    public async Task A_silo_that_leaves_hands_its_partitions_over()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync(PartitionCount);
        Journal journal = new();
        await using TestSilo one = await TestSilo.StartAsync(database, journal, "one");
        await using (TestSilo two = await TestSilo.StartAsync(database, journal, "two"))
        {
            await Eventually.BeAsync(async () => (await database.RowsAsync(Readers)).Length == 2);
            await PublishToAllAsync(two, 20, "a");
            await Eventually.BeAsync(() => Distinct(journal) == PartitionCount * 20);
        }

        await PublishToAllAsync(one, 20, "b");

        await Eventually.BeAsync(async () =>
            await AppliedAsync(one.Get<IStatusStore>()) == PartitionCount * 40
        );
        await Eventually.BeAsync(async () =>
            (await database.RowsAsync(Readers)).SequenceEqual([$"one|{2 * PartitionCount}"])
        );
        Distinct(journal).ShouldBe(PartitionCount * 40);
    }

    [Fact]
    public async Task Events_that_no_checkpoint_passed_are_delivered_again()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync(PartitionCount);
        Journal before = new();
        await using (TestSilo first = await TestSilo.StartAsync(database, before, "first"))
        {
            await PublishToAllAsync(first, 5, "a");
            await Eventually.BeAsync(async () =>
                await AppliedAsync(first.Get<IStatusStore>()) == PartitionCount * 5
            );
            before.Broken = true;
            await PublishToAllAsync(first, 20, "b");
            await Eventually.BeAsync(() => before.Failures > 0);
        }

        Journal journal = new();
        await using TestSilo second = await TestSilo.StartAsync(database, journal, "second");
        await Eventually.BeAsync(() => Distinct(journal) == PartitionCount * 20);
        await Eventually.BeAsync(async () =>
            await AppliedAsync(second.Get<IStatusStore>()) == PartitionCount * 25
        );
        journal.Deliveries.Count.ShouldBe(PartitionCount * 20, "what is applied is not read again");
        journal.Deliveries.ShouldAllBe(d => d.Sequence > 5 && d.Sequence <= 25);
    }

    [Fact]
    public async Task A_failing_consumer_gets_its_chunk_again_and_nothing_is_skipped()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync(PartitionCount);
        Journal journal = new() { Broken = true };
        await using TestSilo silo = await TestSilo.StartAsync(database, journal, "one");
        await PublishToAllAsync(silo, 5, "a");
        await Eventually.BeAsync(() => journal.Failures > 0);

        journal.Broken = false;

        await Eventually.BeAsync(async () =>
            await AppliedAsync(silo.Get<IStatusStore>()) == PartitionCount * 5
        );
        Distinct(journal).ShouldBe(PartitionCount * 5);
    }

    [Fact]
    public async Task A_second_reader_takes_the_partition_and_the_first_comes_back_as_its_owner()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync(PartitionCount);
        Journal journal = new();
        await using TestSilo silo = await TestSilo.StartAsync(database, journal, "one");
        await PublishToAllAsync(silo, 5, "a");
        IStatusStore status = silo.Get<IStatusStore>();
        await Eventually.BeAsync(async () => await AppliedAsync(status) == PartitionCount * 5);

        await using (StoreHost other = await StoreHost.StartAsync(database, "other"))
        {
            await other.Reads.TakeOverAsync(Lane.Normal, 0, default);
        }

        await PublishAsync(silo, 0, 5, prefix: "b");

        // The fenced reader's counts are refused; as the owner it reads and counts them again.
        await Eventually.BeAsync(async () =>
            await AppliedAsync(status) == (PartitionCount * 5) + 5
        );
        (
            await database.NumberAsync(
                "select epoch from cdp.ingest_checkpoint where lane = 0 and partition = 0"
            )
        ).ShouldBe(3);
    }

    [Fact]
    public async Task A_crash_of_the_server_loses_nothing_and_the_silo_recovers()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync(PartitionCount);
        Journal journal = new();
        await using TestSilo silo = await TestSilo.StartAsync(database, journal, "one");
        using CancellationTokenSource enough = new();
        int acknowledged = 0;
        Task producing = Task.Run(async () =>
        {
            for (int i = 0; !enough.IsCancellationRequested; i++)
            {
                string prefix = string.Create(CultureInfo.InvariantCulture, $"r{i}-");
                await Eventually.SucceedAsync(async () =>
                {
                    await PublishAsync(silo, i % PartitionCount, 3, prefix: prefix);
                    return true;
                });
                Interlocked.Add(ref acknowledged, 3);
            }
        });
        await Eventually.BeAsync(() => journal.Deliveries.Count > 100);

        await server.RestartAsync(PostgresStop.Immediate);
        int before = acknowledged;
        await Eventually.BeAsync(() => acknowledged > before + 60);
        await enough.CancelAsync();
        await producing;

        IStatusStore store = silo.Get<IStatusStore>();
        await Eventually.BeAsync(async () =>
        {
            // Connections that the crash broke are only found out when they are used.
            ClusterStatus status = await Eventually.SucceedAsync(() => store.ReadAsync(default));
            return status.Partitions.All(p => p.Checkpoint == p.Head);
        });
        journal
            .Deliveries.Select(d => (d.Partition, d.EventId))
            .Distinct()
            .Count()
            .ShouldBe(acknowledged);
        long heads = await Eventually.SucceedAsync(() =>
            database.NumberAsync("select sum(next_seq - 1) from cdp.ingest_head")
        );
        (await AppliedAsync(silo.Get<IStatusStore>())).ShouldBe(heads, "every event counts once");
    }

    [Fact]
    public async Task What_comes_while_a_chunk_is_being_applied_is_delivered_together()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync(1);
        Journal journal = new() { Broken = true };
        await using TestSilo silo = await TestSilo.StartAsync(database, journal, "one");
        await PublishAsync(silo, 0, 1, prefix: "first");
        await Eventually.BeAsync(() => journal.Failures > 0);
        for (int i = 0; i < 10; i++)
        {
            await PublishAsync(silo, 0, 3, prefix: $"then{i}");
        }

        journal.Broken = false;

        await Eventually.BeAsync(() => journal.Deliveries.Count == 31);
        journal.Sizes.ShouldBe([1, 30]);
    }

    [Fact]
    public async Task An_idle_silo_is_silent()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync(PartitionCount);
        await using TestDatabase watcher = await server.CreateDatabaseAsync(1);
        Journal journal = new();
        await using TestSilo silo = await TestSilo.StartAsync(database, journal, "one");
        await PublishToAllAsync(silo, 5, "a");
        await Eventually.BeAsync(async () =>
            await AppliedAsync(silo.Get<IStatusStore>()) == PartitionCount * 5
        );

        await Eventually.BeAsync(async () => await QuietSecondsAsync(watcher, database) >= 10);
    }

    [Fact]
    public async Task An_event_of_another_partition_or_lane_or_type_cannot_be_published()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync(PartitionCount);
        await using TestSilo silo = await TestSilo.StartAsync(database, new(), "one");
        LinkEvent stray = LinkEvents.InPartition(1, PartitionCount, 1)[0];
        IAsyncStream<LinkEvent> stream = StreamOf<LinkEvent>(silo, Lane.Normal, 0);
        IAsyncStream<LinkEvent> low = StreamOf<LinkEvent>(silo, Lane.Low, 1);
        IAsyncStream<string> texts = StreamOf<string>(silo, Lane.Normal, 2);

        await Should.ThrowAsync<ArgumentException>(() => stream.OnNextBatchAsync([stray]));
        await Should.ThrowAsync<ArgumentException>(() => low.OnNextBatchAsync([stray]));
        await Should.ThrowAsync<ArgumentException>(() => texts.OnNextBatchAsync(["text"]));

        (await database.NumberAsync("select count(*) from cdp.ingest_chunk")).ShouldBe(0);
    }

    [Fact]
    public async Task Of_many_events_with_a_flaw_in_the_last_none_is_published()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync(1);
        await using TestSilo silo = await TestSilo.StartAsync(database, new(), "one");
        LinkEvent[] events = LinkEvents.InPartition(0, 1, Limits.AppendBatchMax + 1);
        events[^1] = events[^1] with { Stream = "nul\0" };

        await Should.ThrowAsync<ArgumentException>(() =>
            StreamOf<LinkEvent>(silo, Lane.Normal, 0).OnNextBatchAsync(events)
        );

        (await database.NumberAsync("select count(*) from cdp.ingest_chunk")).ShouldBe(0);
    }

    [Fact]
    public async Task More_events_than_one_append_takes_are_published_in_parts()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync(1);
        Journal journal = new();
        await using TestSilo silo = await TestSilo.StartAsync(database, journal, "one");
        LinkEvent[] events = LinkEvents.InPartition(0, 1, Limits.AppendBatchMax + 1);

        await StreamOf<LinkEvent>(silo, Lane.Normal, 0).OnNextBatchAsync(events);

        await Eventually.BeAsync(() => journal.Deliveries.Count >= events.Length);
        journal.Deliveries.Select(d => d.EventId).ShouldBe(events.Select(e => e.EventId));
    }

    private const string Readers = """
        select owner, count(*) from cdp.ingest_checkpoint group by owner order by owner
        """;

    /// <summary>Seconds since the log or the stores were asked anything; the cluster's own table is not ours.</summary>
    private static Task<long> QuietSecondsAsync(TestDatabase watcher, TestDatabase database) =>
        watcher.NumberAsync(
            $"""
            select extract(epoch from clock_timestamp() - max(query_start))::bigint
            from pg_stat_activity
            where datname = '{database.Name}' and application_name in ('cdp-storage', 'cdp-streams')
            """
        );

    private static int Distinct(Journal journal) =>
        journal.Deliveries.Select(d => (d.Lane, d.Partition, d.Sequence)).Distinct().Count();

    private static async Task<long> AppliedAsync(IStatusStore status) =>
        (await status.ReadAsync(default))
            .Counts.Where(c => c.Kind == CountKind.Applied)
            .Sum(c => c.Count);

    private static IAsyncStream<T> StreamOf<T>(TestSilo silo, Lane lane, int partition) =>
        silo.Get<IClusterClient>()
            .GetStreamProvider(EventStreams.ProviderOf(lane))
            .GetStream<T>(EventStreams.Of(lane, partition));

    private static async Task PublishToAllAsync(TestSilo silo, int count, string prefix)
    {
        for (int partition = 0; partition < PartitionCount; partition++)
        {
            await PublishAsync(silo, partition, count, prefix: prefix);
        }
    }

    private static Task PublishAsync(
        TestSilo silo,
        int partition,
        int count,
        Lane lane = Lane.Normal,
        string prefix = "e"
    ) =>
        StreamOf<LinkEvent>(silo, lane, partition)
            .OnNextBatchAsync(
                LinkEvents.InPartition(partition, PartitionCount, count, prefix, lane)
            );
}
