using Npgsql;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>A database that cannot be used ends the start with one line a person can act on.</summary>
public sealed class DatabaseRefusalTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    private const string WrongPassword = "a-wrong-password";

    [Theory]
    [InlineData("unreachable", "PostgreSQL at 127.0.0.1:1 cannot be reached: ")]
    [InlineData("password", "does not accept user 'cdp' with this password")]
    [InlineData("missing", "has no database 'nothing'. Create it first: createdb nothing")]
    [InlineData("newer", "migrated by a newer program: it has '9999_future.sql'")]
    [InlineData("partitions", "made with 4 log partitions and cannot be opened with 8: ")]
    [InlineData("cluster", "belongs to the cluster 'another', not to 'orleanscdp': ")]
    public async Task A_database_that_cannot_be_used_is_said_in_one_line(string how, string reason)
    {
        string database = await DatabaseAsync(how);
        string[] arguments = ["--urls", "http://127.0.0.1:0", "--partitions", "8"];

        var (exitCode, output) = await RunningHost.RunAsync(arguments, database);

        exitCode.ShouldBe(1, output);
        string line = output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .ShouldHaveSingleItem();
        line.ShouldStartWith("OrleansCdp cannot start: ");
        line.ShouldContain(reason);
        line.ShouldNotContain(WrongPassword);
    }

    private async Task<string> DatabaseAsync(string how)
    {
        switch (how)
        {
            case "unreachable":
                return new NpgsqlConnectionStringBuilder(postgres.Server.ConnectionString)
                {
                    Port = 1,
                }.ConnectionString;
            case "password":
                return new NpgsqlConnectionStringBuilder(postgres.Server.ConnectionString)
                {
                    Password = WrongPassword,
                }.ConnectionString;
            case "missing":
                return postgres.Server.ConnectionStringTo("nothing");
        }

        await using TestDatabase database = await postgres.CreateDatabaseAsync(partitionCount: 4);
        if (how == "newer")
        {
            await database.ExecuteAsync(
                """
                insert into cdp.migration (scriptname, applied)
                values ('OrleansCdp.Migrations.9999_future.sql', now())
                """
            );
        }

        if (how == "cluster")
        {
            await database.ExecuteAsync(
                "update cdp.log_shape set partition_count = 8, cluster_id = 'another'"
            );
        }

        return database.ConnectionString;
    }
}
