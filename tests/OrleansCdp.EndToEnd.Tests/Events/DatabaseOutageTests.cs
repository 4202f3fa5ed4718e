using System.Net;

namespace OrleansCdp.Events;

/// <summary>With the database away nothing is acknowledged, and no restart is needed when it returns.</summary>
public sealed class DatabaseOutageTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    [Fact]
    public async Task Events_are_turned_away_while_PostgreSQL_is_down_and_taken_when_it_is_back()
    {
        RunningHost host = new() { ConnectionString = await postgres.CreateEmptyDatabaseAsync() };
        await host.StartAsync();
        try
        {
            (await SendAsync(host, "before")).ShouldBe(HttpStatusCode.Accepted);

            await postgres.Server.StopAsync(PostgresStop.Immediate, CancellationToken.None);
            (await SendAsync(host, "during")).ShouldBe(HttpStatusCode.ServiceUnavailable);
            await postgres.RestartAsync(PostgresStop.Immediate);

            await Eventually.BeAsync(
                async () => await SendAsync(host, "during") == HttpStatusCode.Accepted,
                "events are taken again"
            );
            await Eventually.BeAsync(
                // A pooled connection may still be a broken one: then 503, and the next try takes another.
                async () =>
                    await IsShownAsync(host, "before") && await IsShownAsync(host, "during"),
                "both are visible"
            );
            await host.Api.DrainAsync();
        }
        finally
        {
            await host.DisposeAsync();
        }
    }

    private static async Task<bool> IsShownAsync(RunningHost host, string user)
    {
        HttpStatusCode status = await host.Api.StatusOfAsync($"/v1/individuals/userId/{user}");
        HttpStatusCode[] expected =
        [
            HttpStatusCode.OK,
            HttpStatusCode.NotFound,
            HttpStatusCode.ServiceUnavailable,
        ];
        expected.ShouldContain(status);
        return status == HttpStatusCode.OK;
    }

    private static async Task<HttpStatusCode> SendAsync(RunningHost host, string user)
    {
        var (status, _) = await host.Api.PostAsync(
            "/v1/streams/web",
            $$$"""{"type":"identify","userId":"{{{user}}}","messageId":"m-{{{user}}}","traits":{"firstName":"A"}}""",
            "application/json"
        );
        return status;
    }
}
