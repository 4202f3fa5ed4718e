using System.Globalization;
using Orleans.Storage;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp;

[Collection(PostgresCollection.Name)]
public sealed class SnapshotStoreTests(PostgresServer server)
{
    [Fact]
    public async Task A_state_is_loaded_as_it_was_saved()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        await silo.Snapshots.SaveAsync(Some.Write("ind_a", 0, 1));
        await silo.Snapshots.SaveAsync(Some.Write("ind_a", 1, 4));

        Snapshot? loaded = await silo.Snapshots.LoadAsync("ind_a", default);

        loaded!.Version.ShouldBe(4);
        loaded.Data.ShouldBe([4]);
        (await silo.Snapshots.LoadAsync("ind_b", default)).ShouldBeNull();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Parts_are_written_and_removed_with_their_state_or_not_at_all(bool due)
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        SnapshotWrite write = Some.Write("ind_a", 1, 2) with
        {
            PartsWritten = [new("a", [1]), new("b", [2]), new("c", [3])],
            DueAt = due ? LinkEvents.Noon : null,
        };
        await silo.Snapshots.SaveAsync(Some.Write("ind_a", 0, 1));
        await silo.Snapshots.SaveAsync(write);
        await silo.Snapshots.SaveAsync(
            write with
            {
                PreviousVersion = 2,
                Version = 3,
                PartsWritten = [new("b", [20])],
                PartsRemoved = ["c", "never there"],
            }
        );
        await Should.ThrowAsync<InconsistentStateException>(() =>
            silo.Snapshots.SaveAsync(
                write with
                {
                    PartsWritten = [new("a", [66])],
                    PartsRemoved = ["b"],
                }
            )
        );

        Snapshot? loaded = await silo.Snapshots.LoadAsync("ind_a", default);

        loaded!.Version.ShouldBe(3);
        loaded
            .Parts.Select(part => $"{part.Key}={part.Data[0]}")
            .Order(StringComparer.Ordinal)
            .ShouldBe(["a=1", "b=20"]);
        (await silo.Snapshots.LoadAsync("ind_b", default)).ShouldBeNull();
    }

    [Theory]
    [InlineData(0, 9)] // as if it were new
    [InlineData(1, 9)] // as if nobody had written since
    [InlineData(7, 9)] // higher than what is stored
    public async Task A_save_on_another_version_than_the_stored_one_loses(long previous, long next)
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        await silo.Snapshots.SaveAsync(Some.Write("ind_a", 0, 1));
        await silo.Snapshots.SaveAsync(Some.Write("ind_a", 1, 2));

        await Should.ThrowAsync<InconsistentStateException>(() =>
            silo.Snapshots.SaveAsync(Some.Write("ind_a", previous, next))
        );

        (await silo.Snapshots.LoadAsync("ind_a", default))!.Version.ShouldBe(2);
    }

    [Fact]
    public async Task A_state_that_is_gone_cannot_be_saved_on()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);

        await Should.ThrowAsync<InconsistentStateException>(() =>
            silo.Snapshots.SaveAsync(Some.Write("ind_a", 3, 4))
        );

        (await silo.Snapshots.LoadAsync("ind_a", default)).ShouldBeNull();
    }

    [Fact]
    public async Task Of_a_field_of_the_CRM_only_the_newest_value_waits()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        await SaveAsync("ind_a", 1, new OutboxRow("enrichments/Contact/A", 5, [1]));
        await SaveAsync("ind_b", 1, new OutboxRow("enrichments/Contact/A", 5, [2]));
        await SaveAsync(
            "ind_a",
            2,
            new OutboxRow("enrichments/Contact/A", 7, [3]),
            new OutboxRow("enrichments/Contact/B", 7, [4]),
            new OutboxRow("memberships", 1, [5])
        );
        // A state that was made anew may count from the same number.
        await SaveAsync("ind_a", 3, new OutboxRow("enrichments/Contact/A", 7, [6]));

        (
            await database.RowsAsync(
                "select id, topic, seq, encode(payload, 'hex') from cdp.outbox order by id, topic"
            )
        ).ShouldBe([
            "ind_a|enrichments/Contact/A|7|06",
            "ind_a|enrichments/Contact/B|7|04",
            "ind_a|memberships|1|05",
            "ind_b|enrichments/Contact/A|5|02",
        ]);

        Task SaveAsync(string id, long version, params OutboxRow[] rows) =>
            silo.Snapshots.SaveAsync(
                Some.Write(id, version - 1, version) with
                {
                    Outbox = [.. rows],
                }
            );
    }

    [Fact]
    public async Task In_a_group_one_loser_keeps_nobody_else_back()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        await silo.Snapshots.SaveAsync(Some.Write("ind_7", 0, 5));

        Task[] saves =
        [
            .. Enumerable
                .Range(0, 20)
                .Select(i =>
                    silo.Snapshots.SaveAsync(
                        Some.Write(
                            string.Create(CultureInfo.InvariantCulture, $"ind_{i}"),
                            0,
                            1
                        ) with
                        {
                            Outbox = [new OutboxRow("memberships", 1, [1])],
                            DueAt = LinkEvents.Noon,
                        }
                    )
                ),
        ];
        await Should.ThrowAsync<InconsistentStateException>(() => saves[7]);
        await Task.WhenAll(saves.Where((_, i) => i != 7));

        (await database.NumberAsync("select count(*) from cdp.snapshot where ver = 1")).ShouldBe(
            19
        );
        string[] outbox = await database.RowsAsync("select id from cdp.outbox where id = 'ind_7'");
        outbox.ShouldBeEmpty();
        (await database.NumberAsync("select count(*) from cdp.due")).ShouldBe(19);
    }

    [Fact]
    public async Task Two_silos_that_save_the_same_states_have_one_winner_each()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost first = await StoreHost.StartAsync(database, "first");
        await using StoreHost second = await StoreHost.StartAsync(database, "second");
        string[] ids =
        [
            .. Enumerable
                .Range(0, 200)
                .Select(i => string.Create(CultureInfo.InvariantCulture, $"ind_{i}")),
        ];

        bool[][] won = await Task.WhenAll(
            Task.WhenAll(ids.Select(id => TryAsync(first, id))),
            Task.WhenAll(ids.Reverse().Select(id => TryAsync(second, id)))
        );

        won[0].Zip(won[1].Reverse()).ShouldAllBe(pair => pair.First != pair.Second);

        static async Task<bool> TryAsync(StoreHost silo, string id)
        {
            try
            {
                await silo.Snapshots.SaveAsync(Some.Write(id, 0, 1));
                return true;
            }
            catch (InconsistentStateException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task Everything_that_belongs_to_a_state_is_written_with_it()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        await silo.Identity.ClaimAsync(
            [new("link:web/anonymous/a", new("ind_b", 2, default))],
            default
        );
        Identifier mail = new("email", "ada@example.com", Verified: false);
        Identifier phone = new("phone", "+4312345", Verified: false);

        await silo.Snapshots.SaveAsync(
            Some.Write("ind_a", 0, 1) with
            {
                IdentifiersAdded = [mail, phone],
                ClaimsTaken = ["link:web/anonymous/a"],
                ClaimsTakenFrom = "ind_b",
                ClaimsRank = 1,
                ClaimsCause = new ClaimCause("email:ada@example.com", "e7"),
                Outbox = [new("memberships", 1, [7]), new("enrichments", 1, [8])],
                DueAt = LinkEvents.Noon,
            }
        );

        (await FindAsync(silo, mail)).ShouldBe(["ind_a"]);
        (
            await database.RowsAsync("select owner, anchored_by, rule, event_id from cdp.claim")
        ).ShouldBe(["ind_a|1|email:ada@example.com|e7"]);
        (
            await database.RowsAsync(
                "select individual, other, what, link, rule, event_id from cdp.identity_history"
            )
        ).ShouldBe(["ind_a|ind_b|link_moved|web/anonymous/a|email:ada@example.com|e7"]);
        (await database.RowsAsync("select topic, seq from cdp.outbox order by topic")).ShouldBe([
            "enrichments|1",
            "memberships|1",
        ]);
        (await database.NumberAsync("select count(*) from cdp.due where id = 'ind_a'")).ShouldBe(1);

        await silo.Snapshots.SaveAsync(
            Some.Write("ind_a", 1, 2) with
            {
                IdentifiersRemoved = [phone],
            }
        );

        (await FindAsync(silo, phone)).ShouldBeEmpty();
        (await FindAsync(silo, mail)).ShouldBe(["ind_a"]);
    }

    [Fact]
    public async Task An_identifier_that_becomes_verified_stays_in_the_index()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        Identifier mail = new("email", "ada@example.com", Verified: false);
        await silo.Snapshots.SaveAsync(
            Some.Write("ind_a", 0, 1) with
            {
                IdentifiersAdded = [mail],
            }
        );

        await silo.Snapshots.SaveAsync(
            Some.Write("ind_a", 1, 2) with
            {
                IdentifiersAdded = [mail with { Verified = true }],
                IdentifiersRemoved = [mail],
            }
        );

        (await FindAsync(silo, mail)).ShouldBe(["ind_a"]);
    }

    [Fact]
    public async Task Individuals_and_accounts_are_counted_exactly()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        await Task.WhenAll(
            Enumerable
                .Range(0, 30)
                .Select(i =>
                    silo.Snapshots.SaveAsync(
                        Some.Write((i < 12 ? "acc_" : "ind_") + i.ToString("D2", null), 0, 1)
                    )
                )
        );
        await silo.Snapshots.SaveAsync(Some.Write("ind_20", 1, 2));

        ClusterStatus status = await silo.Status.ReadAsync(default);

        status.Individuals.ShouldBe(18);
        status.Accounts.ShouldBe(12);
    }

    [Fact]
    public async Task A_save_that_the_database_could_not_confirm_is_reported_as_such()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await using StoreHost silo = await StoreHost.StartAsync(database);
        await silo.Snapshots.SaveAsync(Some.Write("ind_a", 0, 1));
        await server.Server.StopAsync(PostgresStop.Immediate, default);

        Exception failure = await Should.ThrowAsync<Npgsql.NpgsqlException>(() =>
            silo.Snapshots.SaveAsync(Some.Write("ind_a", 1, 2))
        );
        await server.RestartAsync(PostgresStop.Fast);

        failure.ShouldNotBeNull();
        Snapshot? stored = await Eventually.SucceedAsync(() =>
            silo.Snapshots.LoadAsync("ind_a", default)
        );
        stored!.Version.ShouldBe(1);
        silo.Stopping.ApplicationStopping.IsCancellationRequested.ShouldBeFalse();
    }

    private static async Task<string[]> FindAsync(StoreHost silo, Identifier identifier) =>
        [
            .. await silo.Identity.FindAsync(
                SubjectKind.Individual,
                identifier.Type,
                identifier.Value,
                10,
                default
            ),
        ];
}
