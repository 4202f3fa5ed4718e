using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansCdp.Governance;
using HeldBody = OrleansCdp.Events.IngestRequestsTests.HeldBody;
using Load = OrleansCdp.Events.IngestRequestsTests.Load;

namespace OrleansCdp.Events;

/// <summary>Whoever shows no key in a header has it looked for in the body, and keeps nobody out meanwhile.</summary>
[Collection(GatewayCollection.Name)]
public sealed class KeysInBodiesTests(GatewayHost host)
{
    private const string Track = "/v1/track";

    [Fact]
    public async Task Whoever_shows_no_key_takes_no_place_of_those_who_do()
    {
        Load load = new(host);
        using HeldBody.Gate gate = new();
        Task<Answer>[] inside = [.. Held(GatewayHost.UnkeyedRequestsMax, gate)];
        await Eventually.BeAsync(async () =>
            await load.UnkeyedAsync() == GatewayHost.UnkeyedRequestsMax
        );
        Task<Answer>[] waiting = [.. Held(GatewayHost.IngestRequestsWaitingMax, gate)];
        await Eventually.BeAsync(async () =>
            await load.WaitingAsync() == GatewayHost.IngestRequestsWaitingMax
        );

        Answer more = await host.PostAsync(Track, Message("more"), key: null);
        Answer keyed = await host.PostAsync(Track, Message("keyed"));

        more.ShouldBeProblem(429, "too_many_requests");
        keyed.Status.ShouldBe(200, keyed.Text);
        (await load.InsideAsync()).ShouldBe(0);
        gate.Open();
        foreach (Answer answer in await Task.WhenAll([.. inside, .. waiting]))
        {
            answer.ShouldBeProblem(401, "unauthenticated");
        }

        await Eventually.BeAsync(async () => await load.UnkeyedAsync() == 0);
    }

    [Fact]
    public async Task A_key_in_a_body_waits_for_a_place_as_any_other()
    {
        Load load = new(host);
        using HeldBody.Gate gate = new();
        Task<Answer>[] inside =
        [
            .. Held(GatewayHost.IngestRequestsMax, gate, GatewayHost.AdminKey),
        ];
        await Eventually.BeAsync(async () =>
            await load.InsideAsync() == GatewayHost.IngestRequestsMax
        );
        Task<Answer> waiting = host.PostAsync(Track, Message("waiting", keyed: true), key: null);
        await Eventually.BeAsync(async () => await load.WaitingAsync() == 1);
        (await host.PostAsync(Track, Message("none"), key: null)).ShouldBeProblem(
            401,
            "unauthenticated"
        );
        Task<Answer>[] others =
        [
            .. Held(GatewayHost.IngestRequestsWaitingMax - 1, gate, GatewayHost.AdminKey),
        ];
        await Eventually.BeAsync(async () =>
            await load.WaitingAsync() == GatewayHost.IngestRequestsWaitingMax
        );

        Answer more = await host.PostAsync(Track, Message("more", keyed: true), key: null);

        more.ShouldBeProblem(429, "too_many_requests");
        waiting.IsCompleted.ShouldBeFalse();
        gate.Open();
        foreach (Answer answer in await Task.WhenAll([waiting, .. inside, .. others]))
        {
            answer.Status.ShouldBe(200, answer.Text);
        }

        await Eventually.BeAsync(async () => await load.InsideAsync() == 0);
    }

    [Fact]
    public async Task A_body_that_takes_too_long_is_waited_for_no_longer()
    {
        FakeTimeProvider clock = new();
        GatewayOptions options = new();
        using KeysInBodies bodies = new(
            host.Services.GetRequiredService<KeyRing>(),
            Options.Create(options),
            clock
        );
        Pipe endless = new();
        DefaultHttpContext http = new();
        http.Request.Body = endless.Reader.AsStream();

        Task reading = bodies.ReadAsync(http);
        clock.Advance(options.UnkeyedBodyTimeMax - TimeSpan.FromMilliseconds(1));
        reading.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromMilliseconds(1));

        var late = await Should.ThrowAsync<ProblemException>(reading);
        late.Problem.Status.ShouldBe(408);
        late.Problem.Code.ShouldBe("request_timeout");
    }

    private static string Message(string user, bool keyed = false) =>
        Sent.Message(
            "unkeyed-" + user,
            200,
            keyed ? $""","writeKey":"{GatewayHost.AdminKey}" """ : ""
        );

    private IEnumerable<Task<Answer>> Held(int count, HeldBody.Gate gate, string? key = null) =>
        Enumerable
            .Range(0, count)
            .Select(i =>
            {
                HttpRequestMessage request = new(HttpMethod.Post, new Uri(host.Address, Track))
                {
                    Content = new HeldBody(Message($"held-{i}"), gate),
                };
                request.Content.Headers.ContentType = new("application/json");
                if (key is not null)
                {
                    request.Headers.Authorization = new("Bearer", key);
                }

                return host.SendAsync(request);
            });
}
