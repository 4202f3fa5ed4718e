using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary>CloudEvents 1.0 in the three ways HTTP carries them.</summary>
[Collection(GatewayCollection.Name)]
public sealed class CloudEventTests(GatewayHost host)
{
    private const string Structured = "application/cloudevents+json";
    private const string Batched = "application/cloudevents-batch+json";

    [Fact]
    public async Task Binary_events_carry_their_envelope_in_headers()
    {
        HttpRequestMessage request = new(HttpMethod.Post, "/v1/cloudevents")
        {
            Content = new StringContent(
                """{"type":"identify","userId":"ce-binary","traits":{"firstName":"Ada"}}""",
                Encoding.UTF8,
                "application/json"
            ),
            Headers =
            {
                { "ce-specversion", "1.0" },
                { "ce-id", "ce-binary-1" },
                { "ce-source", "/tests" },
                { "ce-type", "io.example.web" },
                { "ce-time", "2026-01-02T03:04:05Z" },
            },
        };
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            GatewayHost.AdminKey
        );

        Answer answer = await host.SendAsync(request);

        answer.Status.ShouldBe(202, answer.Text);
        ((int)answer.Json["accepted"]!).ShouldBe(1, answer.Text);
        await ShouldShowAsync("ce-binary", "ce-binary-1");
    }

    [Fact]
    public async Task Structured_events_carry_it_in_the_body()
    {
        Answer answer = await host.PostAsync(
            "/v1/cloudevents",
            EventOf("ce-structured", type: "io.example.unheard-of", more: ",\"stream\":\"web\""),
            mediaType: Structured
        );

        answer.Status.ShouldBe(202, answer.Text);
        await ShouldShowAsync("ce-structured", "ce-structured-1");
    }

    [Fact]
    public async Task Batched_events_come_many_and_a_bad_one_is_quarantined_alone()
    {
        string bad =
            """{"specversion":"1.0","id":"x","source":"/t","type":"a.web","datacontenttype":"text/plain","data":"plain"}""";
        string empty = """{"specversion":"1.0","id":"y","source":"/t","type":"a.web"}""";
        string body = $"[{EventOf("ce-batch-1")},{bad},{empty},{EventOf("ce-batch-2")}]";

        Answer answer = await host.PostAsync("/v1/cloudevents", body, mediaType: Batched);

        answer.Status.ShouldBe(202, answer.Text);
        ((int)answer.Json["accepted"]!).ShouldBe(2, answer.Text);
        answer.Json["quarantined"]!
            .AsArray()
            .Select(item => ((int)item!["index"]!, (string)item["code"]!))
            .ShouldBe([(1, "malformed"), (2, "malformed")]);
        await ShouldShowAsync("ce-batch-1", "ce-batch-1-1");
        await ShouldShowAsync("ce-batch-2", "ce-batch-2-1");
        IReadOnlyList<JsonNode> kept = await host.QuarantineAsync("web", "&code=malformed");
        kept.ShouldContain(item => item["payload"]!.ToJsonString().Contains("plain"));
        await host.Api.DrainAsync();
    }

    [Theory]
    [InlineData("""{"specversion":"1.0","source":"/t","type":"a.web","data":{}}""")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"a.web","data":{}}""")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/t","data":{}}""")]
    [InlineData("""{"specversion":"0.1","id":"1","source":"/t","type":"a.web","data":{}}""")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/t","type":"a.web","time":"noon"}""")]
    [InlineData("[]")]
    public async Task What_is_no_CloudEvent_is_refused(string body) =>
        (await host.PostAsync("/v1/cloudevents", body, mediaType: Structured)).ShouldBeProblem(
            400,
            "malformed"
        );

    [Fact]
    public async Task At_most_two_thousand_five_hundred_events_come_at_once()
    {
        const string one =
            """{"specversion":"1.0","id":"1","source":"/t","type":"web","data":{}}""";
        string most = string.Join(',', Enumerable.Repeat(one, Limits.BatchItemsMax));

        Answer allowed = await host.PostAsync("/v1/cloudevents", $"[{most}]", mediaType: Batched);
        Answer refused = await host.PostAsync(
            "/v1/cloudevents",
            $"[{most},{one}]",
            mediaType: Batched
        );

        allowed.Json["quarantined"]!.AsArray().Count.ShouldBe(Limits.BatchItemsMax);
        refused.ShouldBeProblem(413, "too_many_items");
    }

    private static string EventOf(string user, string type = "io.example.web", string more = "") =>
        $$$$"""
            {"specversion":"1.0","id":"{{{{user}}}}-1","source":"/t","type":"{{{{type}}}}",
             "time":"2026-01-02T03:04:05Z"{{{{more}}}},
             "data":{"type":"identify","userId":"{{{{user}}}}","traits":{"firstName":"Ada"}}}
            """;

    private async Task ShouldShowAsync(string user, string eventId)
    {
        JsonNode profile = await host.ProfileAsync("userId", user);
        JsonNode name = profile["traits"]!["firstName"]!;
        ((string)name["eventId"]!).ShouldBe(eventId);
        ((string)name["at"]!).ShouldStartWith("2026-01-02T03:04:05");
    }
}
