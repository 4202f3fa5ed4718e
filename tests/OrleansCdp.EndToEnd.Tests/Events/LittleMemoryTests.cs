using System.Globalization;
using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary>More people within a short time than memory holds: some of them leave it before their time.</summary>
public sealed class LittleMemoryTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    private const int HeapBytesMax = 300 * 1024 * 1024;

    /// <summary>About twice as many as there is room for: each takes about three kilobytes, and the program itself some as well.</summary>
    private const int People = 60_000;

    private const int BatchRecords = 500;
    private const int ApplyEvery = 10_000;

    [Fact]
    public async Task Everybody_is_served_though_there_is_not_room_for_all_of_them_at_once()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await using RunningHost host = new()
        {
            ConnectionString = database.ConnectionString,
            HeapBytesMax = HeapBytesMax,
        };
        await host.StartAsync();

        for (int from = 0; from < People; from += BatchRecords)
        {
            string lines = string.Join('\n', Enumerable.Range(from, BatchRecords).Select(Page));
            await host.Api.TakeAsync("web", lines);
            if (from % ApplyEvery == 0)
            {
                await host.Api.DrainAsync(); // Memory is looked at once a second, however fast the machine is.
            }
        }

        Counts counts = await host.Api.DrainAsync();
        counts["web", "applied"].ShouldBe(People);
        (await database.NumberAsync("select count(*) from cdp.snapshot")).ShouldBe(People);
        (await ActiveAsync(host)).ShouldBeLessThan(People, "there was not room for all of them");
        foreach (int person in new[] { 0, People / 2, People - 1 })
        {
            JsonNode? context = await host.Api.ContextAsync("anonymousId", NameOf(person));
            context!.ToJsonString().ShouldContain($"page-{person}");
        }
    }

    private static async Task<long> ActiveAsync(RunningHost host)
    {
        string metrics = await host.Api.TextAsync("/metrics");
        string line = metrics
            .Split('\n')
            .Single(line =>
                line.StartsWith("orleans_catalog_activations{", StringComparison.Ordinal)
                && line.Contains("\"cdp.individual\"", StringComparison.Ordinal)
            );
        return long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private static string NameOf(int person) =>
        string.Create(CultureInfo.InvariantCulture, $"visitor-{person}");

    private static string Page(int person) =>
        $$"""
            {"type":"page","messageId":"page-{{person}}","anonymousId":"{{NameOf(
                person
            )}}","name":"start"}
            """;
}
