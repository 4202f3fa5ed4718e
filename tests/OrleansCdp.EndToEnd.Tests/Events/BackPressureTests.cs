using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace OrleansCdp.Events;

/// <summary>
/// Consumers that cannot save: what comes is taken up to the documented lag and then told to wait, reads go on, and
/// once they can save again everything is there once.
/// </summary>
public sealed class BackPressureTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    private const int LagMax = 100;

    [Fact]
    public async Task Whatever_comes_is_taken_up_to_the_lag_and_one_past_it_is_told_to_wait()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync(partitionCount: 1);
        RunningHost host = HostOn(database);
        await host.StartAsync();
        try
        {
            await TakeAsync(host, Pages("known", 1));
            await host.Api.DrainAsync();
            JsonNode before = (await host.Api.ContextAsync("userId", "known"))!;
            IHost sender = await ProducerHost.StartAsync(services =>
                services.AddCdpProducer(o =>
                    o.Gateways.Add(new IPEndPoint(IPAddress.Loopback, host.GatewayPort!.Value))
                )
            );
            ICdpProducer producer = sender.Services.GetRequiredService<ICdpProducer>();
            await using (await StallAsync(database))
            {
                await TakeAsync(host, Pages("hot", LagMax));
                await TakeAsync(host, Pages("at", 1));
                foreach (Request request in Requests())
                {
                    await ShouldBeToldToWaitAsync(host, request);
                }

                LogBehindException behind = await Should.ThrowAsync<LogBehindException>(() =>
                    producer.SendJsonAsync("web", Encoding.UTF8.GetBytes($"[{Page("net", 0)}]"))
                );
                behind.Lag.ShouldBe(LagMax + 1);
                behind.LagMax.ShouldBe(LagMax);
                behind.RetryAfter.ShouldBeGreaterThan(TimeSpan.Zero);
                JsonNode meanwhile = (await host.Api.ContextAsync("userId", "known"))!;
                meanwhile.ToJsonString().ShouldBe(before.ToJsonString());
                (await LagOfAsync(host)).ShouldBe(LagMax + 1);
            }

            foreach (Request request in Requests())
            {
                await Eventually.BeAsync(
                    async () => (await SendAsync(host, request)).Status != 429,
                    $"{request.Path} takes it again"
                );
            }

            await Eventually.SucceedAsync(() =>
                producer.SendJsonAsync("web", Encoding.UTF8.GetBytes($"[{Page("net", 0)}]"))
            );
            await ProducerHost.StopAsync(sender);
            Counts counts = await host.Api.DrainAsync();
            counts["web", "applied"].ShouldBe(1 + LagMax + 1 + Requests().Count(r => r.IsWeb) + 1);
            counts["web", "duplicate"].ShouldBe(0, "nothing of what was refused went in");
            counts["salesforce-contact", "applied"].ShouldBe(1);
            (await LagOfAsync(host)).ShouldBe(0);
        }
        finally
        {
            await host.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_went_in_of_a_refused_request_counts_once_when_it_is_sent_again()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync(partitionCount: 4);
        RunningHost host = HostOn(database);
        await host.StartAsync();
        try
        {
            string[] many = [.. Enumerable.Range(0, 40).Select(i => Page($"many{i}", i))];
            await using (await StallAsync(database))
            {
                await TakeAsync(host, Pages("hot", LagMax + 1));
                await ShouldBeToldToWaitAsync(host, Lines([.. many, Page("hot", LagMax + 1)]));
                (
                    await database.NumberAsync("select sum(next_seq - 1) from cdp.ingest_head")
                ).ShouldBeGreaterThan(LagMax + 1, "the other partitions took theirs");
            }

            Request whole = Lines([.. many, Page("hot", LagMax + 1)]);
            await Eventually.BeAsync(
                async () => (await SendAsync(host, whole)).Status == 202,
                "the request is taken"
            );
            Counts counts = await host.Api.DrainAsync();
            counts["web", "applied"].ShouldBe(LagMax + 2 + many.Length);
            counts["web", "duplicate"].ShouldBeGreaterThan(0);
        }
        finally
        {
            await host.DisposeAsync();
        }
    }

    private static RunningHost HostOn(TestDatabase database)
    {
        RunningHost host = new()
        {
            ConnectionString = database.ConnectionString,
            GatewayPort = RunningHost.FreePort(),
        };
        host.Settings["Cdp:Ingest:LagEventsMax"] = LagMax.ToString(CultureInfo.InvariantCulture);
        return host;
    }

    /// <summary>Nothing can be saved until what is returned is disposed of; reads and the log go on.</summary>
    private static async Task<IAsyncDisposable> StallAsync(TestDatabase database)
    {
        NpgsqlConnection connection = await database.Source.OpenConnectionAsync();
        await using NpgsqlCommand hold = new(
            "begin; lock table cdp.snapshot in exclusive mode",
            connection
        );
        await hold.ExecuteNonQueryAsync();
        return connection; // Closing it rolls back.
    }

    private static string Page(string user, int number) =>
        $$"""{"type":"page","userId":"{{user}}","messageId":"{{user}}-{{number}}"}""";

    private static Request Pages(string user, int count) =>
        Lines([.. Enumerable.Range(0, count).Select(i => Page(user, i))]);

    private static Request Lines(string[] lines) =>
        new("/v1/streams/web", "application/x-ndjson", string.Join('\n', lines));

    private static IEnumerable<Request> Requests()
    {
        yield return Pages("late", 1);
        yield return new("/v1/page", "application/json", Page("page", 0));
        yield return new("/v1/batch", "application/json", $$"""{"batch":[{{Page("batch", 0)}}]}""");
        yield return new(
            "/v1/cloudevents",
            "application/cloudevents+json",
            $$"""
            {"specversion":"1.0","id":"cloud","source":"/tests","type":"a.web","data":{{Page(
                "cloud",
                0
            )}}}
            """
        );
        yield return new(
            "/api/v1/ingest/sources/salesforce/contact",
            "application/json",
            """{"data":[{"Id":"003late","FirstName":"Ada"}]}"""
        )
        {
            IsWeb = false,
        };
    }

    private static async Task TakeAsync(RunningHost host, Request request)
    {
        (int status, _, string text) = await SendAsync(host, request);
        status.ShouldBe(202, text);
    }

    private static async Task ShouldBeToldToWaitAsync(RunningHost host, Request request)
    {
        (int status, TimeSpan? wait, string text) = await SendAsync(host, request);
        status.ShouldBe(429, request.Path + text);
        text.ShouldContain("\"behind\"");
        wait.ShouldNotBeNull(text)
            .ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
    }

    private static async Task<(int Status, TimeSpan? Wait, string Text)> SendAsync(
        RunningHost host,
        Request sent
    )
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
        return (
            (int)answer.StatusCode,
            answer.Headers.RetryAfter?.Delta,
            await answer.Content.ReadAsStringAsync()
        );
    }

    private static async Task<long> LagOfAsync(RunningHost host) =>
        (long)(await host.Api.GetAsync("/v1/status"))!["lag"]!;

    private sealed record Request(string Path, string MediaType, string Body)
    {
        public bool IsWeb { get; init; } = true;
    }
}
