using Microsoft.Extensions.Time.Testing;

namespace OrleansCdp.Events;

[Collection(PostgresCollection.Name)]
public sealed class LogTablesTests(PostgresServer server)
{
    private const string Days = """
        select relname from pg_class where relname like 'ingest_chunk_2%' and relkind = 'r'
        order by relname
        """;

    [Fact]
    public async Task Tables_are_made_for_today_and_two_days_ahead()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StartAsync(database, new(LinkEvents.Noon));

        await Eventually.BeAsync(async () => (await database.RowsAsync(Days)).Length == 3);
        await silo.Tables.CreateAsync(LinkEvents.Noon.AddDays(1), default);

        (await database.RowsAsync(Days)).ShouldBe([
            "ingest_chunk_20260301",
            "ingest_chunk_20260302",
            "ingest_chunk_20260303",
            "ingest_chunk_20260304",
        ]);
    }

    [Fact]
    public async Task A_day_is_dropped_after_its_time_once_every_reader_has_passed_it()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        FakeTimeProvider clock = new(LinkEvents.Noon);
        await using StoreHost silo = await StartAsync(database, clock);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 1);
        await writer.AppendAsync(LinkEvents.InPartition(1, 4, 5));
        DateTimeOffset lastDay = LinkEvents.Noon.AddDays(7);

        await silo.Tables.DropAsync(lastDay.AddDays(1), default);
        (await database.RowsAsync(Days)).ShouldContain("ingest_chunk_20260301", "it is not read");
        await PassAsync(database, 4);
        await silo.Tables.DropAsync(lastDay.AddDays(1), default);
        (await database.RowsAsync(Days)).ShouldContain("ingest_chunk_20260301", "one is not read");
        await PassAsync(database, 5);
        await silo.Tables.DropAsync(lastDay, default);
        (await database.RowsAsync(Days)).ShouldContain("ingest_chunk_20260301", "it is too early");

        await silo.Tables.DropAsync(lastDay.AddDays(1), default);

        (await database.RowsAsync(Days)).ShouldBe([
            "ingest_chunk_20260302",
            "ingest_chunk_20260303",
        ]);
    }

    [Fact]
    public async Task A_running_silo_drops_old_days_by_itself_and_keeps_what_is_not_read()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        FakeTimeProvider clock = new(LinkEvents.Noon);
        await using StoreHost silo = await StartAsync(database, clock);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 1);
        await writer.AppendAsync(LinkEvents.InPartition(1, 4, 5));
        clock.Advance(TimeSpan.FromDays(8));

        await Eventually.BeAsync(() => IsGoneAnHourLaterAsync("ingest_chunk_20260302"));
        (await database.RowsAsync(Days)).ShouldContain("ingest_chunk_20260301", "it is not read");
        await PassAsync(database, 5);

        await Eventually.BeAsync(() => IsGoneAnHourLaterAsync("ingest_chunk_20260301"));

        async Task<bool> IsGoneAnHourLaterAsync(string table)
        {
            clock.Advance(TimeSpan.FromHours(1));
            return !(await database.RowsAsync(Days)).Contains(table);
        }
    }

    [Fact]
    public async Task Appends_go_on_over_midnight()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        FakeTimeProvider clock = new(LinkEvents.Noon);
        await using StoreHost silo = await StartAsync(database, clock);
        TestWriter writer = await TestWriter.AcquireAsync(silo.Log, 1);
        LinkEvent[] events = LinkEvents.InPartition(1, 4, 2);
        await writer.AppendAsync(events[0]);

        clock.Advance(TimeSpan.FromHours(12));
        await writer.AppendAsync(events[1]);

        (
            await database.RowsAsync(
                "select tableoid::regclass::text, first_seq from cdp.ingest_chunk order by 2"
            )
        ).ShouldBe(["ingest_chunk_20260301|1", "ingest_chunk_20260302|2"]);
    }

    private static Task PassAsync(TestDatabase database, long sequence) =>
        database.ExecuteAsync(
            $"update cdp.ingest_checkpoint set seq = {sequence} where lane = 0 and partition = 1"
        );

    private static Task<StoreHost> StartAsync(TestDatabase database, FakeTimeProvider clock) =>
        StoreHost.StartAsync(database, clock: clock);
}
