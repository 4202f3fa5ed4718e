using System.Net;
using Npgsql;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary><c>cdp verify</c>, as an operator runs it.</summary>
public sealed class VerifyTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    private const string Nothing = " 0 differences.";

    [Fact]
    public async Task Nothing_differs_while_the_demo_streams_in_nor_when_it_is_there()
    {
        await using RunningHost host = await RunningHost.AnotherAsync();
        using (
            CommandLine demo = CommandLine.Start(
                host.Address,
                "demo",
                "--people",
                "2000",
                "--data",
                host.DataFolder
            )
        )
        {
            int whileItRan = 0;
            while (!demo.HasEnded || whileItRan == 0)
            {
                var (_, meanwhile) = await CommandLine.RunAsync(host.Address, "verify");
                meanwhile.ShouldContain(Nothing);
                whileItRan++;
            }

            demo.Output.ShouldContain("curl");
        }

        await host.Api.DrainAsync();
        var (exitCode, output) = await CommandLine.RunAsync(host.Address, "verify");
        exitCode.ShouldBe(0, output);
        output.ShouldContain(Nothing);
        output.ShouldContain("The counts were compared.");

        (exitCode, output) = await CommandLine.RunAsync(host.Address, "verify", "--sample", "50");
        exitCode.ShouldBe(0, output);
        output.ShouldContain(" 50 individuals and accounts");
        output.ShouldContain(Nothing);
    }

    [Fact]
    public async Task Planted_errors_are_found_each_under_its_name()
    {
        string connection = await postgres.CreateEmptyDatabaseAsync();
        RunningHost host = new() { ConnectionString = connection };
        await host.StartAsync();
        try
        {
            await SayAsync(host, """{"userId":"older","traits":{"firstName":"Ada"}}""");
            await SayAsync(host, """{"userId":"gone","traits":{"firstName":"Bea"}}""");
            await SayAsync(host, """{"userId":"unclaimed","traits":{"firstName":"Cleo"}}""");
            await SayAsync(host, """{"userId":"taken","traits":{"firstName":"Dora"}}""");
            await host.Api.DrainAsync();
            await ExecuteAsync(
                connection,
                $"create table old as select * from cdp.snapshot where id = '{IdOf("older")}'"
            );
            await SayAsync(host, """{"userId":"older","traits":{"firstName":"Ida"}}""");
            await host.Api.DrainAsync();
            (await CommandLine.RunAsync(host.Address, "verify")).ExitCode.ShouldBe(0);

            await host.StopAsync();
            await ExecuteAsync(
                connection,
                $"""
                update cdp.snapshot s set ver = old.ver, data = old.data
                from old where s.id = old.id;
                delete from cdp.snapshot where id = '{IdOf("gone")}';
                delete from cdp.claim where claim = 'link:web/user/unclaimed';
                update cdp.claim set owner = '{IdOf("older")}' where claim = 'link:web/user/taken';
                update cdp.event_count set count = count + 1 where kind in (0, 1);
                insert into cdp.members (segment, individual, since, version, sequence)
                values ('ghosts', '{IdOf("taken")}', now(), 1, 1);
                """
            );
            await host.StartAsync();
            await host.Api.DrainAsync();

            var (exitCode, output) = await CommandLine.RunAsync(host.Address, "verify");

            exitCode.ShouldBe(1, output);
            output.ShouldContain($"behind: {IdOf("older")} web/user/older:");
            output.ShouldContain($"missing_link: {IdOf("gone")} web/user/gone:");
            output.ShouldContain("unclaimed: web/user/unclaimed:");
            output.ShouldContain($"missing_link: {IdOf("older")} web/user/taken:");
            output.ShouldContain($"claim: {IdOf("taken")} web/user/taken:");
            output.ShouldContain($"claim: {IdOf("unclaimed")} web/user/unclaimed:");
            output.ShouldContain("count: /web/Applied/: expected 5 events; served: 6 events");
            output.ShouldContain("count: /web/Received/: expected 5 events; served: 6 events");
            output.ShouldContain($"membership: {IdOf("taken")}");
            output.ShouldContain("ghosts 1");
            output.ShouldContain(" 9 differences.");
            output.ShouldNotContain("Ada");
            output.ShouldNotContain("Dora");
        }
        finally
        {
            await host.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("0", "--sample takes 1 to 1,000.")]
    [InlineData("1001", "--sample takes 1 to 1,000.")]
    [InlineData("1000", "broke off again and again: Connection refused")]
    public async Task A_sample_has_bounds(string sample, string message)
    {
        Uri nobody = new($"http://127.0.0.1:{RunningHost.FreePort()}");

        var (exitCode, output) = await CommandLine.RunAsync(
            nobody,
            "verify",
            "--sample",
            sample,
            "--retry-for",
            "0"
        );

        exitCode.ShouldBe(1, output);
        output.ShouldContain(message);
    }

    private static string IdOf(string user) =>
        SubjectIds.IndividualOf(new Identifier("userId", user, Verified: true));

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
