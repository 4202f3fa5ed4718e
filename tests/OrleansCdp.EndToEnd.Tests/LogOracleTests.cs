using System.Net;
using Npgsql;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>An oracle that finds nothing proves nothing: it is shown one error of each kind.</summary>
public sealed class LogOracleTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    private const string Person = "oracle-person";
    private const string Visitor = "oracle-visitor";

    [Fact]
    public async Task It_finds_an_older_state_a_lost_claim_and_a_wrong_count_and_nothing_else()
    {
        string connection = await postgres.CreateEmptyDatabaseAsync();
        RunningHost host = new() { ConnectionString = connection };
        await host.StartAsync();
        try
        {
            string id = SubjectIds.IndividualOf(new Identifier("userId", Person, Verified: true));
            await SayAsync(host, $$$"""{"userId":"{{{Person}}}","traits":{"firstName":"Ada"}}""");
            await SayAsync(host, $$$"""{"anonymousId":"{{{Visitor}}}","traits":{"plan":"free"}}""");
            await host.Api.DrainAsync();
            await ExecuteAsync(
                connection,
                $"create table old as select * from cdp.snapshot where id = '{id}'"
            );
            await SayAsync(host, $$$"""{"userId":"{{{Person}}}","traits":{"firstName":"Ida"}}""");
            (await LogOracle.DifferencesAsync(connection, host.Api)).ShouldBeEmpty();

            await host.StopAsync();
            await ExecuteAsync(
                connection,
                $"""
                update cdp.snapshot s set ver = old.ver, data = old.data
                from old where s.id = old.id;
                update cdp.event_count set count = count + 1 where kind in (0, 1);
                delete from cdp.claim where claim = 'link:web/anonymous/{Visitor}';
                """
            );
            await host.StartAsync();
            IReadOnlyList<string> found = await LogOracle.DifferencesAsync(connection, host.Api);

            // The profile and the graph of the one; that the other is nobody's, and is served nevertheless.
            found.Count(one => one.Contains(id, StringComparison.Ordinal)).ShouldBe(2);
            found.Count(one => one.Contains(Visitor, StringComparison.Ordinal)).ShouldBe(3);
            found.Count(one => one.Contains("counted", StringComparison.Ordinal)).ShouldBe(2);
            found.Count.ShouldBe(7);
        }
        finally
        {
            await host.DisposeAsync();
        }
    }

    private static async Task SayAsync(RunningHost host, string identify)
    {
        var (status, json) = await host.Api.PostAsync("/v1/identify", identify, "application/json");
        status.ShouldBe(HttpStatusCode.OK, json?.ToJsonString());
    }

    private static async Task ExecuteAsync(string connectionString, string text)
    {
        await using NpgsqlConnection connection = new(connectionString);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(text, connection);
        await command.ExecuteNonQueryAsync();
    }
}
