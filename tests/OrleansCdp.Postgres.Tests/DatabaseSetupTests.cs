using Npgsql;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp;

[Collection(PostgresCollection.Name)]
public sealed class DatabaseSetupTests(PostgresServer server)
{
    [Fact]
    public async Task A_new_database_gets_the_schema_and_the_default_shape()
    {
        string empty = await server.CreateEmptyDatabaseAsync();

        LogShape shape = await DatabaseSetup.PrepareAsync(empty, null, default);

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

        LogShape shape = await DatabaseSetup.PrepareAsync(database.ConnectionString, null, default);

        shape.ShouldBe(database.Shape);
        (await database.RowsAsync(look)).ShouldBe(before);
    }

    [Fact]
    public async Task Members_of_an_earlier_run_are_declared_dead_and_the_cluster_hears_of_it()
    {
        await using TestDatabase database = await server.CreateDatabaseAsync();
        await DatabaseSetup.PrepareAsync(database.ConnectionString, null, default);
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
            Enumerable.Range(0, 4).Select(_ => DatabaseSetup.PrepareAsync(empty, 8, default))
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

        LogShape shape = await DatabaseSetup.PrepareAsync(empty, Partitions.CountMax, default);

        shape.PartitionCount.ShouldBe(Partitions.CountMax);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        NpgsqlConnectionStringBuilder nowhere = new(server.Server.ConnectionString) { Port = 1 };

        string message = await RefusalAsync(nowhere.ConnectionString, null);

        message.ShouldContain("127.0.0.1:1 cannot be reached");
    }

    [Fact]
    public async Task A_wrong_password_is_named_without_showing_it()
    {
        NpgsqlConnectionStringBuilder wrong = new(server.Server.ConnectionString)
        {
            Password = "a-wrong-one",
        };

        string message = await RefusalAsync(wrong.ConnectionString, null);

        message.ShouldContain("does not accept user 'cdp'");
        message.ShouldNotContain("a-wrong-one");
    }

    [Fact]
    public async Task A_database_that_does_not_exist_is_named() =>
        (await RefusalAsync(server.Server.ConnectionStringTo("nothing"), null)).ShouldContain(
            "no database 'nothing'"
        );

    [Fact]
    public async Task A_connection_string_that_cannot_be_read_is_refused() =>
        (await RefusalAsync("Hots=127.0.0.1", null)).ShouldContain("cannot be read");

    [Fact]
    public async Task A_server_that_is_too_old_is_refused()
    {
        DatabaseRefusedException refusal = await Should.ThrowAsync<DatabaseRefusedException>(() =>
            DatabaseSetup.PrepareAsync(server.Server.ConnectionString, null, 99, default)
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

        string message = await RefusalAsync(database.ConnectionString, null);

        message.ShouldContain("newer program");
        message.ShouldContain("9999_future.sql");
    }

    private static async Task<string> RefusalAsync(string connectionString, int? partitionCount)
    {
        DatabaseRefusedException refusal = await Should.ThrowAsync<DatabaseRefusedException>(() =>
            DatabaseSetup.PrepareAsync(connectionString, partitionCount, default)
        );
        refusal.Message.ShouldNotContain("\n");
        return refusal.Message;
    }
}
