using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace OrleansCdp;

/// <summary>Silos and gateways are processes of their own, and together they are the platform.</summary>
public sealed class ClusterTests
{
    private const string Contacts = """
        {"Id":"003A","FirstName":"Ada","LastName":"Lovelace","Email":"ada@example.com",
         "LastModifiedDate":"2026-06-01T09:00:00Z"}
        """;

    [Fact]
    public async Task A_gateway_answers_from_grains_of_silos_that_are_other_processes()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(silos: 2, gateways: 1);
        var (status, _) = await cluster.Api.PostAsync(
            "/v1/streams/salesforce-contact",
            Contacts,
            "application/json"
        );
        status.ShouldBe(HttpStatusCode.Accepted);
        await cluster.Api.DrainAsync();

        JsonNode? context = await cluster.Api.ContextAsync("email", "ada@example.com");

        context.ShouldNotBeNull().ToJsonString().ShouldContain("Lovelace");
        using HttpClient silo = new() { BaseAddress = cluster.Silos[0].Address };
        using HttpResponseMessage answer = await silo.GetAsync("/v1/context/email/ada@example.com");
        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_stream_defined_at_one_gateway_is_known_at_once_at_every_other()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(silos: 1, gateways: 2);
        Api other = new(cluster.Gateways[1].Address, CdpProcess.AdminKey);

        await cluster.Api.DefineAsync("crash-orders");
        var (status, json) = await other.PostAsync(
            "/v1/streams/crash-orders",
            """{"event":"e1","person":"p1","order":"o1","total":1,"at":"2026-06-01T09:00:00Z"}""",
            "application/json"
        );

        status.ShouldBe(HttpStatusCode.Accepted, json?.ToJsonString());
    }

    [Fact]
    public async Task A_database_of_its_own_says_how_to_reach_it_while_it_runs_and_to_nobody_else()
    {
        string folder = Directory.CreateTempSubdirectory("cdp-database-").FullName;
        string file = Path.Combine(folder, "connection");
        await using (
            CdpProcess process = CdpProcess.Start([
                "--roles",
                "database",
                "--data",
                folder,
                "--partitions",
                "8",
            ])
        )
        {
            await Eventually.BeAsync(
                () => Task.FromResult(process.Output.Contains("The database is ready")),
                "the database is ready",
                () => process.Output
            );
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            string connection = (await File.ReadAllTextAsync(file)).Trim();
            await using (TestDatabase database = new(connection, new(8), "cdp"))
            {
                (await database.NumberAsync("select partition_count from cdp.log_shape")).ShouldBe(
                    8
                );
            }

            (await process.StopAsync()).ShouldBe(0, process.Output);
            File.Exists(file).ShouldBeFalse();
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_gateway_told_to_stop_is_not_ready_any_more_and_answers_until_it_closes()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(
            silos: 1,
            gateways: 1,
            "--Cdp:Gateway:DrainTime",
            "00:00:30"
        );
        await cluster.Gateways[0].TellToStopAsync();

        await Eventually.BeAsync(
            async () =>
                await cluster.Api.StatusOfAsync("/health/ready")
                == HttpStatusCode.ServiceUnavailable,
            "the gateway says that it is not ready"
        );
        (await cluster.Api.StatusOfAsync("/v1/status")).ShouldBe(HttpStatusCode.OK);
        (await cluster.Gateways[0].UntilEndAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task People_of_one_link_take_their_events_where_their_partition_is()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(silos: 3, gateways: 1);
        for (int batch = 0; batch < 20; batch++)
        {
            string[] contacts =
            [
                .. Enumerable
                    .Range(0, 300)
                    .Select(i =>
                        $$"""{"Id":"{{i}}","FirstName":"N{{batch}}","LastModifiedDate":"2026-06-01T09:{{batch:D2}}:00Z"}"""
                    ),
            ];
            await cluster.Api.TakeAsync("salesforce-contact", string.Join('\n', contacts));
        }

        await cluster.Api.DrainAsync();
        double local = 0;
        double remote = 0;
        foreach (CdpProcess silo in cluster.Silos)
        {
            string metrics = await new Api(silo.Address, CdpProcess.AdminKey).TextAsync("/metrics");
            local += SumOf(metrics, "local=\"true\"");
            remote += SumOf(metrics, "local=\"false\"");
        }

        local.ShouldBeGreaterThan(0);
        (local / (local + remote)).ShouldBeGreaterThan(0.9, $"{local} local, {remote} remote");
    }

    private static double SumOf(string metrics, string tag) =>
        metrics
            .Split('\n')
            .Where(line =>
                line.StartsWith("cdp_apply_batches", StringComparison.Ordinal)
                && line.Contains(tag, StringComparison.OrdinalIgnoreCase)
            )
            .Sum(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
}
