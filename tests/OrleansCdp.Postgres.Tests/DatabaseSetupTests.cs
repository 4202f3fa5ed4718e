using Npgsql;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp;

[Collection(PostgresCollection.Name)]
public sealed class DatabaseSetupTests(PostgresServer server)
{
    [Fact]
    public async Task A_new_database_gets_the_schema_and_the_default_shape()
    {
        string empty = await server.CreateEmptyDatabaseAsync();

        LogShape shape = await DatabaseSetup.PrepareAsync(empty, new(), default);

        shape.PartitionCount.ShouldBe(Partitions.CountDefault);
        await using TestDatabase database = new(empty, shape, "empty");
        (await database.NumberAsync("select count(*) from cdp.ingest_head")).ShouldBe(64);
        (await database.NumberAsync("select count(*) from cdp.ingest_checkpoint")).ShouldBe(64);
        (await database.NumberAsync("select count(*) from cdp.orleansquery")).ShouldBe(21);
    }

    [Fact]
    public async Task Preparing_again_changes_nothing()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        const string look = "select partition_count, event_key_secret from cdp.log_shape";
        string[] before = await database.RowsAsync(look);

        LogShape shape = await DatabaseSetup.PrepareAsync(
            database.ConnectionString,
            new(),
            default
        );

        shape.ShouldBe(database.Shape);
        (await database.RowsAsync(look)).ShouldBe(before);
    }

    [Fact]
    public async Task Members_of_an_earlier_run_are_declared_dead_and_the_cluster_hears_of_it()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await DatabaseSetup.PrepareAsync(database.ConnectionString, new(), default);
        await database.ExecuteAsync(
            """
            insert into cdp.cluster_version (cluster_id, version) values ('cdp', 4), ('other', 9);
            insert into cdp.cluster_member
                (cluster_id, address, port, generation, silo_name, host_name, status, proxy_port,
                    start_time, i_am_alive_time)
            select 'cdp', '127.0.0.1', 11111, status, 's', 'h', status, 0, now(), now()
            from unnest('{3, 6}'::int[]) as s(status);
            """
        );

        await DatabaseSetup.DeclareMembersDeadAsync(database.ConnectionString, default);
        await DatabaseSetup.DeclareMembersDeadAsync(database.ConnectionString, default);

        (await database.RowsAsync("select status from cdp.cluster_member")).ShouldBe(["6", "6"]);
        (
            await database.RowsAsync(
                "select cluster_id, version from cdp.cluster_version order by 1"
            )
        ).ShouldBe(["cdp|5", "other|9"]);
    }

    [Fact]
    public async Task Programs_that_start_together_take_turns()
    {
        string empty = await server.CreateEmptyDatabaseAsync();

        LogShape[] shapes = await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(_ =>
                    DatabaseSetup.PrepareAsync(empty, new() { PartitionCount = 8 }, default)
                )
        );

        shapes.ShouldAllBe(shape => shape.PartitionCount == 8);
    }

    [Fact]
    public async Task Another_partition_count_is_refused_with_both_numbers()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync(partitionCount: 4);

        string message = await RefusalAsync(database.ConnectionString, 8);

        message.ShouldContain("made with 4 log partitions");
        message.ShouldContain("with 8");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Partitions.CountMax + 1)]
    public async Task A_partition_count_out_of_range_is_refused(int count) =>
        (await RefusalAsync("Host=127.0.0.1", count)).ShouldContain("1 to 1024");

    [Fact]
    public async Task The_largest_partition_count_is_accepted()
    {
        string empty = await server.CreateEmptyDatabaseAsync();

        LogShape shape = await DatabaseSetup.PrepareAsync(
            empty,
            new() { PartitionCount = Partitions.CountMax },
            default
        );

        shape.PartitionCount.ShouldBe(Partitions.CountMax);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        NpgsqlConnectionStringBuilder nowhere = new(server.Server.ConnectionString) { Port = 1 };

        string message = await RefusalAsync(nowhere.ConnectionString, new DatabaseTerms());

        message.ShouldContain("127.0.0.1:1 cannot be reached");
    }

    [Fact]
    public async Task A_wrong_password_is_named_without_showing_it()
    {
        NpgsqlConnectionStringBuilder wrong = new(server.Server.ConnectionString)
        {
            Password = "a-wrong-one",
        };

        string message = await RefusalAsync(wrong.ConnectionString, new DatabaseTerms());

        message.ShouldContain("does not accept user 'cdp'");
        message.ShouldNotContain("a-wrong-one");
    }

    [Fact]
    public async Task A_database_that_does_not_exist_is_named() =>
        (
            await RefusalAsync(server.Server.ConnectionStringTo("nothing"), new DatabaseTerms())
        ).ShouldContain("no database 'nothing'");

    [Fact]
    public async Task A_connection_string_that_cannot_be_read_is_refused() =>
        (await RefusalAsync("Hots=127.0.0.1", new DatabaseTerms())).ShouldContain("cannot be read");

    [Fact]
    public async Task A_server_that_is_too_old_is_refused()
    {
        DatabaseRefusedException refusal = await Should.ThrowAsync<DatabaseRefusedException>(() =>
            DatabaseSetup.PrepareAsync(
                server.Server.ConnectionString,
                new() { ServerVersionMin = 99 },
                default
            )
        );

        refusal.Message.ShouldContain("version 99 or newer is needed");
    }

    [Fact]
    public async Task A_schema_newer_than_the_program_is_refused()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            insert into cdp.migration (scriptname, applied)
            values ('OrleansCdp.Migrations.9999_future.sql', now())
            """
        );

        string message = await RefusalAsync(database.ConnectionString, new DatabaseTerms());

        message.ShouldContain("newer program");
        message.ShouldContain("9999_future.sql");
    }

    [Fact]
    public async Task A_migration_that_running_silos_do_not_bear_waits_until_they_are_stopped()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            delete from cdp.migration where scriptname like '%0003_states.sql';
            insert into cdp.cluster_version (cluster_id, version) values ('cdp', 1);
            insert into cdp.cluster_member
                (cluster_id, address, port, generation, silo_name, host_name, status, proxy_port,
                    start_time, i_am_alive_time)
            select 'cdp', '127.0.0.1', status, 1, 's', 'h', status, 0, now(),
                now() - case status when 2 then interval '2 minutes' else '0' end
            from unnest('{2, 3, 6}'::int[]) as s(status);
            """
        );

        string message = await RefusalAsync(database.ConnectionString, new DatabaseTerms());

        message.ShouldStartWith("1 silos of an older program use the database");
        message.ShouldContain("'0003_states.sql'");
        (
            await RefusalAsync(database.ConnectionString, new DatabaseTerms { IsAlone = true })
        ).ShouldContain("0003_states.sql' failed");
    }

    [Fact]
    public async Task A_migration_that_running_silos_bear_is_made()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            alter table cdp.log_shape drop column cluster_id;
            delete from cdp.migration where scriptname like '%0008_cluster.sql';
            insert into cdp.cluster_version (cluster_id, version) values ('cdp', 1);
            insert into cdp.cluster_member
                (cluster_id, address, port, generation, silo_name, host_name, status, proxy_port,
                    start_time, i_am_alive_time)
            values ('cdp', '127.0.0.1', 1, 1, 's', 'h', 3, 0, now(), now());
            """
        );

        await DatabaseSetup.PrepareAsync(database.ConnectionString, new(), default);

        (await database.RowsAsync("select cluster_id from cdp.log_shape")).ShouldBe([
            EventStreams.ClusterId,
        ]);
    }

    [Fact]
    public async Task A_database_belongs_to_one_cluster()
    {
        string empty = await server.CreateEmptyDatabaseAsync();
        await DatabaseSetup.PrepareAsync(empty, new() { ClusterId = "green" }, default);

        string message = await RefusalAsync(empty, new DatabaseTerms { ClusterId = "blue" });

        message.ShouldContain("belongs to the cluster 'green', not to 'blue'");
        await DatabaseSetup.PrepareAsync(empty, new() { ClusterId = "green" }, default);
    }

    [Fact]
    public async Task The_order_of_anchors_is_that_of_the_first_start()
    {
        string empty = await server.CreateEmptyDatabaseAsync();
        await DatabaseSetup.PrepareAsync(empty, Anchored("contactId,email"), default);

        await DatabaseSetup.PrepareAsync(empty, Anchored("contactId,email"), default);
        foreach (string other in (string[])["email,contactId", "contactId", "email", "userId"])
        {
            string message = await RefusalAsync(empty, Anchored(other));

            message.ShouldContain("has the anchors 'contactId,email' and cannot be opened");
            message.ShouldContain("Set Cdp:Identity:Anchors to 'contactId,email'");
        }
    }

    [Fact]
    public async Task Anchors_may_be_added_at_the_end_and_then_belong_to_the_order()
    {
        string empty = await server.CreateEmptyDatabaseAsync();
        await DatabaseSetup.PrepareAsync(empty, Anchored("contactId,email"), default);

        await DatabaseSetup.PrepareAsync(empty, Anchored("contactId,email,memberId"), default);

        string message = await RefusalAsync(empty, Anchored("contactId,email"));
        message.ShouldContain("has the anchors 'contactId,email,memberId'");
        await RefusalAsync(empty, Anchored("contactId,memberId,email,userId"));
    }

    [Fact]
    public async Task A_database_of_before_has_the_order_that_there_was()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            alter table cdp.log_shape drop column anchors;
            delete from cdp.migration where scriptname like '%0011_rules.sql';
            """
        );

        await RefusalAsync(database.ConnectionString, Anchored("email,contactId"));

        await DatabaseSetup.PrepareAsync(
            database.ConnectionString,
            Anchored(AnchorKinds.Default),
            default
        );
    }

    [Fact]
    public async Task A_process_that_decides_about_nobody_fixes_no_anchors()
    {
        string empty = await server.CreateEmptyDatabaseAsync();
        await DatabaseSetup.PrepareAsync(empty, new(), default);
        await DatabaseSetup.PrepareAsync(empty, Anchored("memberId"), default);

        await DatabaseSetup.PrepareAsync(empty, new(), default);
    }

    [Theory]
    [InlineData(1, "ahead of")]
    [InlineData(-1, "behind")]
    public async Task A_clock_that_is_an_hour_off_is_refused(int hours, string word)
    {
        string empty = await server.CreateEmptyDatabaseAsync();
        DatabaseTerms terms = new() { Clock = new ShiftedClock(TimeSpan.FromHours(hours)) };

        string message = await RefusalAsync(empty, terms);

        message.ShouldContain(" s " + word + " PostgreSQL's; at most 5 s is allowed");
        await using TestDatabase database = new(empty, new(1), "empty");
        (
            await database.NumberAsync("select count(*) from pg_namespace where nspname = 'cdp'")
        ).ShouldBe(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_clock_may_be_off_by_five_seconds_and_not_by_a_moment_more(int sign)
    {
        TimeSpan most = DatabaseTerms.ClockSkewMax * sign;

        Should.NotThrow(() => DatabaseTerms.DemandClock(most));
        Should.Throw<DatabaseRefusedException>(() =>
            DatabaseTerms.DemandClock(most + TimeSpan.FromTicks(sign))
        );
    }

    private static DatabaseTerms Anchored(string kinds) =>
        new() { Anchors = AnchorKinds.Read(kinds) };

    private static Task<string> RefusalAsync(string connectionString, int partitionCount) =>
        RefusalAsync(connectionString, new DatabaseTerms { PartitionCount = partitionCount });

    private static async Task<string> RefusalAsync(string connectionString, DatabaseTerms terms)
    {
        DatabaseRefusedException refusal = await Should.ThrowAsync<DatabaseRefusedException>(() =>
            DatabaseSetup.PrepareAsync(connectionString, terms, default)
        );
        refusal.Message.ShouldNotContain("\n");
        return refusal.Message;
    }

    private sealed class ShiftedClock(TimeSpan shift) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + shift;
    }
}
