using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace OrleansCdp.Events;

/// <summary>With the database away nothing is acknowledged, and no restart is needed when it returns.</summary>
public sealed class DatabaseOutageTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    private static readonly string[] Good = ["stream", "batch", "cloud"];

    [Fact]
    public async Task Whatever_comes_is_turned_away_while_PostgreSQL_is_down_and_taken_when_it_is_back()
    {
        RunningHost host = new() { ConnectionString = await postgres.CreateEmptyDatabaseAsync() };
        await host.StartAsync();
        try
        {
            foreach (Request request in Requests("before"))
            {
                (await IsTakenAsync(host, request)).ShouldBeTrue(request.ToString());
            }

            await postgres.Server.StopAsync(PostgresStop.Immediate, CancellationToken.None);
            foreach (Request request in Requests("during"))
            {
                (await IsTakenAsync(host, request)).ShouldBeFalse(request.ToString());
            }

            await postgres.RestartAsync(PostgresStop.Immediate);
            foreach (Request request in Requests("during"))
            {
                await Eventually.BeAsync(() => IsTakenAsync(host, request), request.ToString());
            }

            foreach (
                string user in Good.SelectMany(way => new[] { way + "-before", way + "-during" })
            )
            {
                // A pooled connection may still be a broken one: then 503, and the next try takes another.
                await Eventually.BeAsync(() => IsShownAsync(host, user), user + " is visible");
            }

            Counts counts = await host.Api.DrainAsync();
            counts["web", "applied"].ShouldBe(6);
            counts["web", "quarantined", ReasonCodes.NoSubject].ShouldBe(2);
            counts["web", "quarantined"].ShouldBe(2);
            await LogOracle.CheckAsync(host);
        }
        finally
        {
            await host.DisposeAsync();
        }
    }

    private static IEnumerable<Request> Requests(string when)
    {
        yield return new("/v1/streams/web", "application/json", Identify("stream-" + when));
        yield return new(
            "/v1/streams/web",
            "application/json",
            $$$"""{"type":"identify","messageId":"m-bad-{{{when}}}","traits":{"firstName":"A"}}"""
        );
        yield return new(
            "/v1/batch",
            "application/json",
            $$$"""{"batch":[{{{Identify("batch-" + when)}}}]}"""
        );
        yield return new(
            "/v1/cloudevents",
            "application/cloudevents+json",
            $$$"""
            {"specversion":"1.0","id":"cloud-{{{when}}}","source":"/tests","type":"a.web",
             "data":{{{Identify("cloud-" + when)}}}}
            """
        );
    }

    private static string Identify(string user) =>
        $$$"""{"type":"identify","userId":"{{{user}}}","messageId":"m-{{{user}}}","traits":{"firstName":"A"}}""";

    /// <summary>Whether it is; otherwise it is turned away in the one way that tells the sender to try again.</summary>
    private static async Task<bool> IsTakenAsync(RunningHost host, Request sent)
    {
        using HttpClient http = new() { BaseAddress = host.Address };
        using HttpRequestMessage request = new(HttpMethod.Post, sent.Path)
        {
            Content = new StringContent(sent.Body, Encoding.UTF8, sent.MediaType),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            RunningHost.AdminKey
        );
        using HttpResponseMessage answer = await http.SendAsync(request);
        if (answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Accepted)
        {
            return true;
        }

        string text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable, text);
        answer.Headers.RetryAfter.ShouldNotBeNull().Delta.ShouldNotBeNull(text);
        text.ShouldContain("\"unavailable\"");
        return false;
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

    private sealed record Request(string Path, string MediaType, string Body);
}
