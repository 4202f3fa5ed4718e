using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OrleansCdp.Events;

/// <summary>One customer who makes 2 % of all traffic, through HTTP and Orleans streams at once.</summary>
public sealed class HotSubjectTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    private const int Batches = 10;
    private const int BatchRecords = 500;
    private const int HotPerBatch = 10;
    private const string Hot = "hot";
    private const string At = "2026-06-01T12:00:00Z";
    private static readonly string[] Marks = ["firstName", "lastName", "title"];

    [Fact]
    public async Task A_customer_of_whom_very_much_comes_is_told_of_in_order_with_few_saves()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        RunningHost host = new()
        {
            ConnectionString = database.ConnectionString,
            GatewayPort = RunningHost.FreePort(),
        };
        await host.StartAsync();
        IHost sender = await ProducerHost.StartAsync(services =>
            services.AddCdpProducer(o =>
                o.Gateways.Add(new IPEndPoint(IPAddress.Loopback, host.GatewayPort!.Value))
            )
        );
        try
        {
            ICdpProducer producer = sender.Services.GetRequiredService<ICdpProducer>();
            Func<string, Task>[] ways =
            [
                lines => PostAsync(host, lines),
                lines => PostAsync(host, lines),
                async lines =>
                    await producer.SendJsonAsync(
                        "web",
                        Encoding.UTF8.GetBytes($"[{lines.Replace('\n', ',')}]")
                    ),
            ];

            await Task.WhenAll(ways.Select(ProduceAsync));

            Counts counts = await host.Api.DrainAsync();
            counts["web", "applied"].ShouldBe(ways.Length * Batches * BatchRecords);
            JsonNode profile = (await host.Api.ProfileAsync("userId", Hot))!;
            // Each sender raises its own mark, all at one instant: the last of any of them is what counts.
            for (int sent = 0; sent < ways.Length; sent++)
            {
                ((string)profile["traits"]![Marks[sent]]!["value"]!).ShouldBe(
                    $"n{(Batches * HotPerBatch) - 1}"
                );
            }

            string id = (string)profile["id"]!;
            long saves = await database.NumberAsync(
                $"select ver from cdp.snapshot where id = '{id}'"
            );
            saves.ShouldBeInRange(1, ways.Length * Batches * HotPerBatch / 4);
            (
                await database.NumberAsync("select count(*) from cdp.snapshot where ver > 0")
            ).ShouldBeGreaterThan(BatchRecords);
        }
        finally
        {
            await ProducerHost.StopAsync(sender);
            await host.DisposeAsync();
        }
    }

    private static async Task ProduceAsync(Func<string, Task> send, int sender)
    {
        for (int batch = 0; batch < Batches; batch++)
        {
            IEnumerable<string> hot = Enumerable
                .Range(batch * HotPerBatch, HotPerBatch)
                .Select(number => Identify(Hot, sender, number));
            IEnumerable<string> others = Enumerable
                .Range(batch * BatchRecords, BatchRecords - HotPerBatch)
                .Select(number => Identify($"quiet{number % 700}", sender, number));
            await send(string.Join('\n', hot.Concat(others)));
        }
    }

    private static string Identify(string user, int sender, int number)
    {
        string id = string.Create(CultureInfo.InvariantCulture, $"{user}-{sender}-{number}");
        string traits = $$"""{"{{Marks[sender]}}":"n{{number}}"}""";
        return $$"""
            {"type":"identify","userId":"{{user}}","messageId":"{{id}}","timestamp":"{{At}}","traits":{{traits}}}
            """;
    }

    private static async Task PostAsync(RunningHost host, string lines)
    {
        var (status, json) = await host.Api.PostAsync(
            "/v1/streams/web",
            lines,
            "application/x-ndjson"
        );
        status.ShouldBe(HttpStatusCode.Accepted, json?.ToJsonString());
    }
}
