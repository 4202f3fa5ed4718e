using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Time.Testing;

namespace OrleansCdp.Events;

[Collection(PostgresCollection.Name)]
public sealed class LogWriterTests(PostgresServer server)
{
    private const string Chunks = """
        select partition, first_seq, count from cdp.ingest_chunk
        order by lane, partition, first_seq
        """;

    [Fact]
    public async Task Acknowledged_events_are_read_back_as_they_were()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 1);
        LinkEvent[] events = LinkEvents.InPartition(1, 4, 10);

        await writer.AppendAsync(events[..3]);
        await writer.AppendAsync(events[3..]);

        List<LogBatch> read = await ReadAsync(silo, 1, from: 1);
        LogBatch batch = read.ShouldHaveSingleItem();
        batch.Chunk.FirstSequence.ShouldBe(1);
        batch.Chunk.Events.Select(e => e.EventId).ShouldBe(events.Select(e => e.EventId));
        batch.Chunk.Events[4].Fields.ShouldBe(events[4].Fields);
        (await database.RowsAsync(Chunks)).ShouldBe(["1|1|3", "1|4|7"]);
    }

    [Fact]
    public async Task Reading_may_start_in_the_middle_of_a_chunk()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 0);
        LinkEvent[] events = LinkEvents.InPartition(0, 4, 1_200);
        await writer.AppendAsync(events);

        List<LogBatch> read = await ReadAsync(silo, 0, from: 499);

        read[0].Chunk.FirstSequence.ShouldBe(499);
        read.SelectMany(batch => batch.Chunk.Events)
            .Select(e => e.EventId)
            .ShouldBe(events[498..].Select(e => e.EventId));
        read.ShouldAllBe(batch => batch.Chunk.Events.Length <= BatchBuilder.EventsMax);
    }

    [Fact]
    public async Task Large_events_are_spread_over_chunks()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 0);
        string text = string.Concat(Enumerable.Repeat("0123456789abcdef", 2_000));
        LinkEvent[] events =
        [
            .. LinkEvents
                .InPartition(0, 4, 40)
                .Select((e, i) => e with { Fields = [new Field("text", FieldValue.Of(i + text))] }),
        ];

        await writer.AppendAsync(events);

        (await database.NumberAsync("select max(count) from cdp.ingest_chunk")).ShouldBeLessThan(9);
        List<LogBatch> read = await ReadAsync(silo, 0, from: 1);
        read.Sum(batch => batch.Chunk.Events.Length).ShouldBe(40);
    }

    [Fact]
    public async Task Concurrent_producers_leave_dense_sequences_in_every_partition()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        const int rounds = 25;

        await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(async partition =>
                {
                    TestWriter writer = await TestWriter.AcquireAsync(silo.Log, partition);
                    LinkEvent[] events = LinkEvents.InPartition(partition, 4, 7);
                    for (int round = 0; round < rounds; round++)
                    {
                        await writer.AppendBothAsync(events, events[..2]);
                    }
                })
        );

        string[] gaps = await database.RowsAsync(
            """
            select * from (
                select lane, partition, first_seq,
                    coalesce(lag(first_seq + count) over w, 1) as expected
                from cdp.ingest_chunk window w as (partition by lane, partition order by first_seq)
            ) c where first_seq <> expected
            """
        );
        gaps.ShouldBeEmpty();
        (
            await database.RowsAsync(
                "select distinct lane, next_seq from cdp.ingest_head order by 1"
            )
        ).ShouldBe([$"0|{(7 * rounds) + 1}", $"1|{(2 * rounds) + 1}"]);
        long commits = await database.NumberAsync(
            "select count(distinct received_at) from cdp.ingest_chunk"
        );
        commits.ShouldBeLessThan(4 * rounds, "partitions share commits");
    }

    [Fact]
    public async Task A_former_writer_is_fenced_and_nothing_is_lost()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost first = await StoreHost.StartAsync(database, "first");
        await using StoreHost second = await StoreHost.StartAsync(database, "second");
        LinkEvent[] events = LinkEvents.InPartition(2, 4, 3);
        TestWriter old = await TestWriter.AcquireAsync(first.Log, 2);
        await old.AppendAsync(events[0]);

        TestWriter current = await TestWriter.AcquireAsync(second.Log, 2);
        LogUnavailableException refusal = await Should.ThrowAsync<LogUnavailableException>(() =>
            old.AppendAsync(events[1])
        );
        await current.AppendAsync(events[2]);

        refusal.Message.ShouldContain("took the partition over");
        (await IdsAsync(second, 2)).ShouldBe(["e0", "e2"]);
        first.Tails.Of(Lane.Normal, 2).WriterEpoch.ShouldBe(0);
        (
            await database.RowsAsync(
                "select distinct owner from cdp.ingest_head where partition = 2"
            )
        ).ShouldBe(["second"]);
    }

    [Fact]
    public async Task Writers_that_fight_for_a_partition_lose_nothing_that_was_acknowledged()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost first = await StoreHost.StartAsync(database, "first");
        await using StoreHost second = await StoreHost.StartAsync(database, "second");
        ConcurrentQueue<string> acknowledged = new();
        LinkEvent sample = LinkEvents.InPartition(0, 4, 1)[0];

        await Task.WhenAll(FightAsync(first, "a"), FightAsync(second, "b"));

        string[] stored = await IdsAsync(first, 0);
        stored.ShouldBeUnique();
        acknowledged.Except(stored).ShouldBeEmpty();
        stored.Length.ShouldBe(acknowledged.Count, "what was refused is not there");

        async Task FightAsync(StoreHost silo, string name)
        {
            TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 0);
            for (int i = 0; i < 60; i++)
            {
                string id = string.Create(CultureInfo.InvariantCulture, $"{name}{i}");
                try
                {
                    await writer.AppendAsync(sample with { EventId = id });
                    acknowledged.Enqueue(id);
                }
                catch (LogUnavailableException)
                {
                    await writer.AcquireAsync();
                }
            }
        }
    }

    [Fact]
    public async Task A_sequence_that_is_not_the_next_is_refused_in_both_lanes()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 0);
        LinkEvent[] events = LinkEvents.InPartition(0, 4, 1);

        await Should.ThrowAsync<LogUnavailableException>(() =>
            silo.Log.AppendAsync(
                new LogAppend
                {
                    Partition = 0,
                    Epoch = writer.Epoch,
                    Normal = writer.LaneOf(1, events),
                    Low = writer.LaneOf(2, events),
                }
            )
        );

        (await database.RowsAsync(Chunks)).ShouldBeEmpty();
        (await database.NumberAsync("select max(next_seq) from cdp.ingest_head")).ShouldBe(1);
    }

    [Fact]
    public async Task A_refused_partition_does_not_take_the_others_with_it()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        TestWriter good = await TestWriter.AcquireAsync(silo.Log, 0);
        TestWriter bad = await TestWriter.AcquireAsync(silo.Log, 1);
        LinkEvent[] events = LinkEvents.InPartition(0, 4, 1);

        Task refused = silo.Log.AppendAsync(bad.Of(9, events));
        await good.AppendAsync(events);

        await Should.ThrowAsync<LogUnavailableException>(() => refused);
        (await database.RowsAsync(Chunks)).ShouldBe(["0|1|1"]);
    }

    [Fact]
    public async Task Event_keys_are_read_back_with_their_time()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        FakeTimeProvider clock = new(LinkEvents.Noon);
        await using StoreHost silo = await StoreHost.StartAsync(database, clock: clock);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 3);
        LinkEvent[] events = LinkEvents.InPartition(3, 4, 4);
        await writer.AppendAsync(events[0]);
        clock.Advance(TimeSpan.FromHours(25));
        await writer.AppendBothAsync(events[1..3], events[3..]);

        Dictionary<UInt128, DateTimeOffset> keys = [];
        await silo.Log.ReadEventKeysAsync(
            3,
            clock.GetUtcNow().AddHours(-24),
            (key, at) => keys.Add(key, at),
            default
        );

        keys.Keys.ShouldBe(writer.LaneOf(0, events[1..]).Keys, ignoreOrder: true);
        keys.Values.ShouldAllBe(at => at == clock.GetUtcNow());
    }

    [Fact]
    public async Task As_many_events_as_may_wait_are_taken_and_one_more_is_refused()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        CdpPostgresOptions options = new()
        {
            ConnectionString = database.ConnectionString,
            PendingEventsMax = Limits.AppendBatchMax,
        };
        await using StoreHost silo = await StoreHost.StartAsync(database, options: options);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 0);
        LinkEvent[] events = LinkEvents.InPartition(0, 4, Limits.AppendBatchMax + 1);

        LogUnavailableException refusal = await Should.ThrowAsync<LogUnavailableException>(() =>
            writer.AppendAsync(events)
        );
        await writer.AppendAsync(events[..^1]);

        refusal.Message.ShouldContain("send the same events again");
        (await database.NumberAsync("select sum(count) from cdp.ingest_chunk")).ShouldBe(
            Limits.AppendBatchMax
        );
    }

    [Fact]
    public async Task A_full_queue_of_bytes_refuses_until_there_is_room()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        CdpPostgresOptions options = new()
        {
            ConnectionString = database.ConnectionString,
            PendingBytesMax = 1024 * 1024,
        };
        await using StoreHost silo = await StoreHost.StartAsync(database, options: options);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 0);
        Random random = new(7);
        LinkEvent[] events =
        [
            .. LinkEvents
                .InPartition(0, 4, 200)
                .Select(e =>
                    e with
                    {
                        Fields = [new Field("noise", FieldValue.Of(Noise(random)))],
                    }
                ),
        ];

        await Should.ThrowAsync<LogUnavailableException>(() => writer.AppendAsync(events));
        await writer.AppendAsync(events[..50]);

        (await database.NumberAsync("select sum(count) from cdp.ingest_chunk")).ShouldBe(50);
    }

    [Fact]
    public async Task A_day_without_a_table_gets_one_when_it_is_written()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        FakeTimeProvider clock = new(LinkEvents.Noon);
        await using StoreHost silo = await StoreHost.StartAsync(database, clock: clock);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 0);
        await silo.Tables.CreateAsync(clock.GetUtcNow(), default);
        await database.ExecuteAsync("drop table cdp.ingest_chunk_20260301");

        await writer.AppendAsync(LinkEvents.InPartition(0, 4, 1));

        (await database.NumberAsync("select count(*) from cdp.ingest_chunk_20260301")).ShouldBe(1);
    }

    [Fact]
    public async Task A_crash_of_the_server_loses_nothing_that_was_acknowledged()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        ConcurrentQueue<string> acknowledged = new();
        using CancellationTokenSource enough = new();
        Task[] producers =
        [
            .. Enumerable.Range(0, 4).Select(partition => ProduceAsync(partition, enough.Token)),
        ];
        await Eventually.BeAsync(() => acknowledged.Count > 50);

        await server.RestartAsync(PostgresStop.Immediate);
        int before = acknowledged.Count;
        await Eventually.BeAsync(() => acknowledged.Count > before + 50);
        await enough.CancelAsync();
        await Task.WhenAll(producers);

        string[] stored =
        [
            .. await IdsAsync(silo, 0),
            .. await IdsAsync(silo, 1),
            .. await IdsAsync(silo, 2),
            .. await IdsAsync(silo, 3),
        ];
        acknowledged.Except(stored).ShouldBeEmpty();
        silo.Stopping.ApplicationStopping.IsCancellationRequested.ShouldBeFalse();

        async Task ProduceAsync(int partition, CancellationToken stop)
        {
            LinkEvent sample = LinkEvents.InPartition(partition, 4, 1)[0];
            TestWriter? writer = null;
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                string id = string.Create(CultureInfo.InvariantCulture, $"{partition}-{i}");
                await Eventually.SucceedAsync(async () =>
                {
                    TestWriter current = writer ??= await TestWriter.AcquireAsync(
                        silo.Log,
                        partition
                    );
                    writer = null; // until it is acknowledged
                    await current.AppendAsync(sample with { EventId = id });
                    writer = current;
                    return true;
                });
                acknowledged.Enqueue(id);
            }
        }
    }

    private static string Noise(Random random)
    {
        byte[] bytes = new byte[8 * 1024];
        random.NextBytes(bytes);
        return Convert.ToBase64String(bytes);
    }

    private static async Task<string[]> IdsAsync(StoreHost silo, int partition) =>
        [
            .. (await ReadAsync(silo, partition, from: 1))
                .SelectMany(batch => batch.Chunk.Events)
                .Select(e => e.EventId),
        ];

    private static async Task<List<LogBatch>> ReadAsync(StoreHost silo, int partition, long from)
    {
        List<LogBatch> all = [];
        while (true)
        {
            BatchBuilder batches = new(Lane.Normal, partition, 1, from);
            await silo.Reads.ReadAsync(Lane.Normal, partition, batches, default);
            if (batches.Build() is not { } batch)
            {
                return all;
            }

            from = batches.Position;
            all.Add(batch);
        }
    }
}
