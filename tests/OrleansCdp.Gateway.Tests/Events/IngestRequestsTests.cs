using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>So many requests bring events at once, and no more.</summary>
[Collection(GatewayCollection.Name)]
public sealed class IngestRequestsTests(GatewayHost host)
{
    private const string Stream = "/v1/streams/web";

    [Fact]
    public async Task As_many_as_may_be_are_taken_in_some_more_wait_and_one_more_is_refused()
    {
        Load load = new(host);
        using HeldBody.Gate gate = new();
        Task<Answer>[] inside = [.. Held(GatewayHost.IngestRequestsMax, "inside", gate)];
        // Every body but for its end is with its handler.
        await Eventually.BeAsync(async () =>
            await load.InsideAsync() == GatewayHost.IngestRequestsMax
        );
        Task<Answer>[] waiting = [.. Held(GatewayHost.IngestRequestsWaitingMax, "waiting", gate)];
        await Eventually.BeAsync(async () =>
            await load.WaitingAsync() == GatewayHost.IngestRequestsWaitingMax
        );
        int refusedBefore = await load.RefusedAsync();

        foreach (string path in IngestPaths)
        {
            ShouldBeTurnedAway(await host.PostAsync(path, "{}"));
        }

        ShouldBeTurnedAway(await host.SendAsync(HttpMethod.Delete, "/api/v1/ingest/sources/a/b"));
        (await host.PostAsync(Stream, "{}", key: null)).ShouldBeProblem(401, "unauthenticated");
        await ShouldBeOpenToReadersAsync();
        // One request a path, and one that deletes. Metrics may be a moment old.
        await Eventually.BeAsync(async () =>
            await load.RefusedAsync() == refusedBefore + IngestPaths.Length + 1
        );
        (await load.InsideAsync()).ShouldBe(GatewayHost.IngestRequestsMax);
        inside.Concat(waiting).ShouldAllBe(request => !request.IsCompleted);

        gate.Open();

        foreach (Answer answer in await Task.WhenAll([.. inside, .. waiting]))
        {
            answer.Status.ShouldBe(202, answer.Text);
            ((int)answer.Json["accepted"]!).ShouldBe(1, answer.Text);
        }

        await Eventually.BeAsync(async () => await load.InsideAsync() == 0);
        (await host.PostAsync(Stream, "[]")).Status.ShouldBe(202);
    }

    [Fact]
    public async Task Whoever_gives_up_waiting_leaves_the_place_to_others()
    {
        Load load = new(host);
        using HeldBody.Gate gate = new();
        Task<Answer>[] inside = [.. Held(GatewayHost.IngestRequestsMax, "patient", gate)];
        await Eventually.BeAsync(async () =>
            await load.InsideAsync() == GatewayHost.IngestRequestsMax
        );
        using (HttpClient impatient = new())
        using (CancellationTokenSource enough = new())
        {
            Task<HttpResponseMessage>[] waiting =
            [
                .. Enumerable
                    .Range(0, GatewayHost.IngestRequestsWaitingMax)
                    .Select(_ => impatient.SendAsync(RequestOf(gate, "impatient"), enough.Token)),
            ];
            await Eventually.BeAsync(async () =>
                await load.WaitingAsync() == GatewayHost.IngestRequestsWaitingMax
            );

            await enough.CancelAsync();

            foreach (Task<HttpResponseMessage> request in waiting)
            {
                await Should.ThrowAsync<OperationCanceledException>(request);
            }
        }

        await Eventually.BeAsync(async () => await load.WaitingAsync() == 0);
        Task<Answer> next = Held(1, "next", gate).Single();
        await Eventually.BeAsync(async () => await load.WaitingAsync() == 1);
        gate.Open();
        (await next).Status.ShouldBe(202);
        (await Task.WhenAll(inside)).ShouldAllBe(answer => answer.Status == 202);
        await Eventually.BeAsync(async () => await load.InsideAsync() == 0);
    }

    [Fact]
    public void Every_address_where_events_come_in_shares_the_limit_and_no_other()
    {
        RouteEndpoint[] routes =
        [
            .. host
                .Services.GetServices<EndpointDataSource>()
                .SelectMany(source => source.Endpoints)
                .OfType<RouteEndpoint>(),
        ];

        string?[] limited =
        [
            .. routes
                .Where(route => route.Metadata.GetMetadata<IngestAddress>() is not null)
                .Select(route => route.DisplayName),
        ];

        limited.ShouldBe([
            .. routes
                .Where(route =>
                    route.Metadata.GetMetadata<RequiredScope>()?.Scope == Scopes.Ingest
                    && !route
                        .Metadata.GetRequiredMetadata<HttpMethodMetadata>()
                        .HttpMethods.Contains("GET")
                )
                .Select(route => route.DisplayName),
        ]);
        limited.Length.ShouldBe(IngestPaths.Length + 1);
    }

    private static string[] IngestPaths { get; } =
    [
        .. new[]
        {
            "identify",
            "track",
            "page",
            "screen",
            "group",
            "alias",
            "batch",
            "import",
            "cloudevents",
            "streams/web",
        }.Select(path => "/v1/" + path),
        "/api/v1/ingest/sources/a/b",
    ];

    private static void ShouldBeTurnedAway(Answer answer)
    {
        answer.ShouldBeProblem(429, "too_many_requests");
        answer.Header("Retry-After").ShouldBe("1");
        answer.Header("RateLimit-Limit").ShouldBe($"{GatewayHost.IngestRequestsMax}");
        answer.Header("RateLimit-Remaining").ShouldBe("0");
        answer.Header("RateLimit-Reset").ShouldBe("1");
    }

    private async Task ShouldBeOpenToReadersAsync()
    {
        (await host.GetAsync("/v1/context/userId/nobody-at-all")).ShouldBeProblem(404, "not_found");
        (await host.GetAsync("/health/ready", key: null)).Status.ShouldBe(200);
        (await host.GetAsync("/health/live", key: null)).Status.ShouldBe(200);
        (await host.GetAsync("/v1/status")).Status.ShouldBe(200);
        (await host.GetAsync("/metrics")).Status.ShouldBe(200);
        await host.MakeKeyAsync(Scopes.Read);
    }

    private IEnumerable<Task<Answer>> Held(int count, string user, HeldBody.Gate gate) =>
        Enumerable.Range(0, count).Select(i => host.SendAsync(RequestOf(gate, $"held-{user}-{i}")));

    private HttpRequestMessage RequestOf(HeldBody.Gate gate, string user) =>
        new(HttpMethod.Post, new Uri(host.Address, Stream))
        {
            Content = new HeldBody(Sent.Message(user, 100), gate),
            Headers = { Authorization = new("Bearer", GatewayHost.AdminKey) },
        };

    /// <summary>A body whose last byte is held back.</summary>
    internal sealed class HeldBody : HttpContent
    {
        private readonly byte[] body;
        private readonly Gate gate;

        public HeldBody(string text, Gate gate)
        {
            body = Encoding.UTF8.GetBytes(text);
            this.gate = gate;
            Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(
            Stream stream,
            TransportContext? context,
            CancellationToken cancellationToken
        )
        {
            await stream.WriteAsync(body.AsMemory(..^1), cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await gate.Opened.WaitAsync(cancellationToken);
            await stream.WriteAsync(body.AsMemory(^1..), cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }

        /// <summary>Lets all bodies go; at the latest when the test ends.</summary>
        internal sealed class Gate : IDisposable
        {
            private readonly TaskCompletionSource opened = new(
                TaskCreationOptions.RunContinuationsAsynchronously
            );

            public Task Opened => opened.Task;

            public void Open() => opened.TrySetResult();

            public void Dispose() => Open();
        }
    }

    /// <summary>What the metrics say of such requests, as an operator sees it.</summary>
    internal sealed class Load(GatewayHost host)
    {
        public Task<int> InsideAsync() => ReadAsync("cdp_ingest_active_requests");

        public Task<int> UnkeyedAsync() => ReadAsync("cdp_ingest_unkeyed_requests");

        public Task<int> WaitingAsync() => ReadAsync("cdp_ingest_queued_requests");

        public Task<int> RefusedAsync() => ReadAsync("cdp_ingest_refused_requests_total");

        private async Task<int> ReadAsync(string metric)
        {
            string line = (await host.GetAsync("/metrics"))
                .Text.Split('\n')
                .Single(line => line.StartsWith(metric + "{", StringComparison.Ordinal));
            return int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
        }
    }
}
