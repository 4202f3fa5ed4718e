using System.Globalization;
using Orleans.Storage;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp;

[Collection(PostgresCollection.Name)]
public sealed class SnapshotGroupTests(PostgresServer server)
{
    [Fact]
    public async Task What_became_of_events_is_written_with_the_state_once_or_not_at_all()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        SnapshotWrite write = Some.Write("ind_a", 0, 1) with
        {
            Fates = [Fate(7, EventOutcome.Suppressed(ReasonCodes.NothingNew)), Fate(8, Refused)],
        };
        SnapshotWrite lost = write with
        {
            PreviousVersion = 5,
            Version = 6,
            Fates = [Fate(9, Refused)],
        };

        await silo.Snapshots.SaveAsync(write);
        await silo.Snapshots.SaveAsync(write with { PreviousVersion = 1, Version = 2 });
        await Should.ThrowAsync<InconsistentStateException>(() => silo.Snapshots.SaveAsync(lost));

        (
            await database.RowsAsync("select seq, kind, code from cdp.event_fate order by seq")
        ).ShouldBe(["7|1|nothing_new", "8|2|limit_exceeded"]);
        QuarantineItem kept = (
            await silo.Quarantine.ListAsync(new(), default)
        ).ShouldHaveSingleItem();
        kept.Stream.ShouldBe("orders");
        kept.Code.ShouldBe(ReasonCodes.LimitExceeded);
        kept.Origin.ShouldBe(QuarantineOrigin.Event);
        kept.Payload.ShouldBe([1, 2, 3]);
        kept.Truncated.ShouldBeTrue();
        kept.At.ShouldBe(LinkEvents.Noon);
        (await silo.Status.ReadAsync(default)).Counts.ShouldBe([
            new EventCount("orders", CountKind.Quarantined, ReasonCodes.LimitExceeded, 1),
        ]);
    }

    [Fact]
    public async Task States_too_large_for_one_statement_go_through_in_several()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        SnapshotWrite[] writes =
        [
            .. Enumerable
                .Range(0, 5)
                .Select(i =>
                    Some.Write("ind_" + (char)('a' + i), 0, 1) with
                    {
                        Data = new byte[5 << 20],
                    }
                ),
        ];

        await Task.WhenAll(writes.Select(silo.Snapshots.SaveAsync));

        (await database.NumberAsync("select count(*) from cdp.snapshot")).ShouldBe(5);
        long statements = await database.NumberAsync(
            "select count(distinct xmin::text::bigint) from cdp.snapshot"
        );
        statements.ShouldBe(5, "two of them have more than 8 MiB");
    }

    [Fact]
    public async Task Saves_go_together_up_to_the_limit_and_more_than_that_all_go_through()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        CdpPostgresOptions options = new()
        {
            ConnectionString = database.ConnectionString,
            SaveBatchMax = 10,
        };
        await using StoreHost silo = await StoreHost.StartAsync(database, options: options);

        await Task.WhenAll(
            Enumerable
                .Range(0, 211)
                .Select(i =>
                    silo.Snapshots.SaveAsync(
                        Some.Write(string.Create(CultureInfo.InvariantCulture, $"ind_{i}"), 0, 1)
                    )
                )
        );
        Snapshot?[] loaded = await Task.WhenAll(
            Enumerable
                .Range(0, 211)
                .Select(i =>
                    silo.Snapshots.LoadAsync(
                        string.Create(CultureInfo.InvariantCulture, $"ind_{i}"),
                        default
                    )
                )
        );

        loaded.ShouldAllBe(snapshot => snapshot != null && snapshot.Version == 1);
        const string groups = "select count(*) n from cdp.snapshot group by xmin::text";
        (await database.NumberAsync($"select max(n) from ({groups}) g")).ShouldBe(10);
    }

    private static EventOutcome Refused { get; } = EventOutcome.Refused(ReasonCodes.LimitExceeded);

    private static EventFate Fate(long sequence, EventOutcome outcome)
    {
        LogPosition position = new(Lane.Normal, 3, sequence);
        QuarantineItem item = new()
        {
            Stream = "orders",
            Code = ReasonCodes.LimitExceeded,
            Message = "No.",
            Origin = QuarantineOrigin.Event,
            Payload = [1, 2, 3],
            Truncated = true,
            At = LinkEvents.Noon,
            Position = position,
        };
        return new(position, outcome, outcome.Kind == OutcomeKind.Refused ? item : null);
    }
}
