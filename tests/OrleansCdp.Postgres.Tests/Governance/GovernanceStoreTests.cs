using System.Collections.Immutable;
using Microsoft.Extensions.Time.Testing;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

[Collection(PostgresCollection.Name)]
public sealed class GovernanceStoreTests(PostgresServer server)
{
    [Fact]
    public async Task Quarantined_items_are_listed_in_pages_and_counted()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        QuarantineItem[] items = [.. Enumerable.Range(0, 5).Select(i => Item(i))];
        await silo.Quarantine.AddAsync(items, default);

        ImmutableArray<QuarantineItem> first = await ListAsync(silo, new() { Limit = 3 });
        ImmutableArray<QuarantineItem> rest = await ListAsync(silo, new() { After = first[^1].Id });

        first.Length.ShouldBe(3);
        rest.Length.ShouldBe(2);
        QuarantineItem last = rest[^1];
        last.Payload.ShouldBe(items[4].Payload);
        (last with { Id = 0, Payload = items[4].Payload }).ShouldBe(items[4]);
        (await CountAsync(silo, CountKind.Quarantined)).ShouldBe(5);
        (await CountAsync(silo, CountKind.Received)).ShouldBe(5);
    }

    [Fact]
    public async Task Lists_are_filtered_by_stream_code_time_and_id()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        await silo.Quarantine.AddAsync(
            [
                Item(0),
                Item(1) with
                {
                    Stream = "cases",
                },
                Item(2) with
                {
                    Code = ReasonCodes.BadTime,
                    Pointer = null,
                },
                Item(3) with
                {
                    At = LinkEvents.Noon.AddDays(1),
                },
            ],
            default
        );

        (await IdsAsync(new() { Stream = "cases" })).ShouldBe([2]);
        (await IdsAsync(new() { Code = ReasonCodes.BadTime })).ShouldBe([3]);
        (await IdsAsync(new() { From = LinkEvents.Noon.AddHours(1) })).ShouldBe([4]);
        (await IdsAsync(new() { To = LinkEvents.Noon.AddHours(1) })).ShouldBe([1, 2, 3]);
        (await IdsAsync(new() { Ids = [2, 4] })).ShouldBe([2, 4]);

        async Task<long[]> IdsAsync(QuarantineFilter filter) =>
            [.. (await ListAsync(silo, filter)).Select(item => item.Id)];
    }

    [Fact]
    public async Task Replayed_items_leave_the_list_and_the_count_once()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        await silo.Quarantine.AddAsync([Item(0), Item(1), Item(2)], default);

        await silo.Quarantine.MarkReplayedAsync([1, 2], default);
        await silo.Quarantine.MarkReplayedAsync([1, 2, 99], default);

        (await ListAsync(silo, new())).ShouldHaveSingleItem().Id.ShouldBe(3);
        (await CountAsync(silo, CountKind.Quarantined)).ShouldBe(1);
        (await CountAsync(silo, CountKind.Received)).ShouldBe(1, "they were received once more");
    }

    [Fact]
    public async Task What_the_log_counted_as_received_enters_once_however_often_it_is_added()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        QuarantineItem item = Item(0) with { Position = new LogPosition(Lane.Low, 3, 17) };

        await silo.Quarantine.AddAsync([item, Item(1)], default);
        await silo.Quarantine.AddAsync([item], default);

        (await ListAsync(silo, new())).Length.ShouldBe(2);
        (await CountAsync(silo, CountKind.Quarantined)).ShouldBe(2);
        (await CountAsync(silo, CountKind.Received)).ShouldBe(1);
        (
            await database.RowsAsync("select lane, partition, seq, kind from cdp.event_fate")
        ).ShouldBe(["1|3|17|2"]);
    }

    [Fact]
    public async Task Quarantine_keeps_its_bound_and_gives_up_replayed_items_first()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        CdpPostgresOptions options = new()
        {
            ConnectionString = database.ConnectionString,
            QuarantineItemsMax = 1_000,
        };
        await using StoreHost silo = await StoreHost.StartAsync(database, options: options);
        await silo.Quarantine.AddAsync(
            [.. Enumerable.Range(0, 1_000).Select(i => Item(i))],
            default
        );
        await silo.Quarantine.MarkReplayedAsync([500], default);

        await silo.Quarantine.TrimAsync(default);
        (await database.NumberAsync("select count(*) from cdp.quarantine")).ShouldBe(1_000);
        await silo.Quarantine.AddAsync([Item(1_000), Item(1_001)], default);
        await silo.Quarantine.TrimAsync(default);

        (await database.NumberAsync("select count(*) from cdp.quarantine")).ShouldBe(1_000);
        (await database.NumberAsync("select count(*) from cdp.quarantine where id = 500")).ShouldBe(
            0
        );
        (await database.NumberAsync("select min(id) from cdp.quarantine")).ShouldBe(2);
    }

    [Fact]
    public async Task A_running_silo_trims_its_quarantine_by_itself()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        CdpPostgresOptions options = new()
        {
            ConnectionString = database.ConnectionString,
            QuarantineItemsMax = 1_000,
        };
        FakeTimeProvider clock = new(LinkEvents.Noon);
        await using StoreHost silo = await StoreHost.StartAsync(
            database,
            options: options,
            clock: clock
        );
        await silo.Quarantine.AddAsync(
            [.. Enumerable.Range(0, 1_001).Select(i => Item(i))],
            default
        );

        await Eventually.BeAsync(async () =>
        {
            clock.Advance(TimeSpan.FromMinutes(10));
            return await database.NumberAsync("select count(*) from cdp.quarantine") == 1_000;
        });

        (await database.NumberAsync("select min(id) from cdp.quarantine")).ShouldBe(2);
    }

    [Fact]
    public async Task Counts_add_up_whoever_reports_them()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        EventCount received = new("web", CountKind.Received, "", 2);

        await Task.WhenAll(
            Enumerable
                .Range(0, 20)
                .Select(_ => silo.Status.CountAsync([received, received], default))
        );

        ClusterStatus status = await silo.Status.ReadAsync(default);
        status.Counts.ShouldBe([received with { Count = 80 }]);
    }

    private static QuarantineItem Item(int i) =>
        new()
        {
            Stream = "contacts",
            Code = ReasonCodes.Required,
            Message = "A required field is missing.",
            Pointer = "/email",
            Origin = QuarantineOrigin.Message,
            Payload = [(byte)i, 0, 255],
            Truncated = i % 2 == 0,
            At = LinkEvents.Noon.AddSeconds(i),
        };

    private static Task<ImmutableArray<QuarantineItem>> ListAsync(
        StoreHost silo,
        QuarantineFilter filter
    ) => silo.Quarantine.ListAsync(filter, default);

    private static async Task<long> CountAsync(StoreHost silo, CountKind kind) =>
        (await silo.Status.ReadAsync(default)).Counts.Where(c => c.Kind == kind).Sum(c => c.Count);
}
