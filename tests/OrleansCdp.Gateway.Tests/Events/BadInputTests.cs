using System.Text;
using System.Text.Json.Nodes;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>What is wrong with a record is said, the record is kept, and the rest of its batch goes on.</summary>
[Collection(GatewayCollection.Name)]
public sealed class BadInputTests(GatewayHost host)
{
    /// <summary>A name, a bad record for the stream <c>web</c>, its code, and the pointer to what is wrong.</summary>
    public static TheoryData<string, string, string, string?> BadRecords =>
        new()
        {
            { "not-json", """{"type":"track",""", "malformed", null },
            { "two-values", """{"type":"track"} {}""", "malformed", null },
            { "no-object", "7", "malformed", null },
            { "raw-nul", "{\"type\":\"track\",\"event\":\"\0\"}", "malformed", null },
            { "no-type", """{"userId":"u","event":"e"}""", "unknown_type", null },
            { "odd-type", """{"type":"odd","userId":"u"}""", "unknown_type", null },
            { "no-subject", """{"type":"track","event":"e"}""", "no_subject", "/userId" },
            { "no-name", """{"type":"track","userId":"u"}""", "required", "/event" },
            {
                "wrong-type",
                """{"type":"identify","userId":{"id":1},"traits":{}}""",
                "wrong_type",
                "/userId"
            },
            {
                "no-number",
                """{"type":"track","event":"Order Completed","userId":"u","properties":{"order_id":"o","total":"much"}}""",
                "wrong_type",
                "/properties/total"
            },
            {
                "no-id",
                """{"type":"track","event":"Order Completed","userId":"u","properties":{"total":1}}""",
                "no_record_id",
                "/properties/order_id"
            },
            {
                "bad-date",
                """{"type":"identify","userId":"u","traits":{"birthday":"31/31/2020"}}""",
                "bad_time",
                "/traits/birthday"
            },
            {
                "bad-time",
                """{"type":"track","event":"e","userId":"u","timestamp":"yesterday"}""",
                "bad_time",
                "/timestamp"
            },
            {
                "far-future",
                """{"type":"track","event":"e","userId":"u","timestamp":"2999-01-01T00:00:00Z"}""",
                "future_time",
                "/timestamp"
            },
            { "nul", """{"type":"track","event":"e","userId":"u\u0000"}""", "bad_text", "/userId" },
            {
                "lone-surrogate",
                """{"type":"track","event":"e\ud800","userId":"u"}""",
                "bad_text",
                "/event"
            },
            { "too-deep", Sent.Nested("u", Limits.JsonDepthMax + 1), "too_deep", null },
            { "too-large", Sent.Message("u", Limits.EventBytesMax + 1), "event_too_large", null },
        };

    [Theory]
    [MemberData(nameof(BadRecords))]
    public async Task A_bad_record_is_quarantined_and_its_neighbours_go_on(
        string name,
        string record,
        string code,
        string? pointer
    )
    {
        string stream = await OwnStreamAsync("bad-" + name);
        string body = $"{Good(name, 1)}\n{record}\n{Good(name, 2)}\n";

        Answer answer = await host.PostAsync(
            $"/v1/streams/{stream}",
            body,
            mediaType: "application/x-ndjson"
        );

        answer.Status.ShouldBe(202, answer.Text);
        ((int)answer.Json["accepted"]!).ShouldBe(2, answer.Text);
        JsonNode refusal = answer.Json["quarantined"]!.AsArray().ShouldHaveSingleItem()!;
        ((int)refusal["index"]!).ShouldBe(1);
        await ShouldBeKeptAsync(stream, refusal, record, code, pointer);
        await host.ProfileAsync("userId", name + "-1");
        await host.ProfileAsync("userId", name + "-2");
        Counts counts = await host.CountsAsync(stream, received: 3);
        counts[stream, "applied"].ShouldBe(2);
        counts[stream, "quarantined", code].ShouldBe(1);
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF8_are_refused_line_by_line_and_kept_as_they_came()
    {
        string stream = await OwnStreamAsync("bad-utf8");
        byte[] bad = [.. "{\"type\":\"track\",\"event\":\""u8, 0xff, 0xfe, .. "\"}"u8];
        byte[] body =
        [
            .. Encoding.UTF8.GetBytes(Good("utf8", 1)),
            (byte)'\n',
            .. bad,
            (byte)'\n',
            .. Encoding.UTF8.GetBytes(Good("utf8", 2)),
        ];

        Answer answer = await host.PostAsync($"/v1/streams/{stream}", body, "application/x-ndjson");

        ((int)answer.Json["accepted"]!).ShouldBe(2, answer.Text);
        JsonNode kept = (await host.QuarantineAsync(stream)).ShouldHaveSingleItem();
        ((string)kept["code"]!).ShouldBe("malformed");
        Convert.FromBase64String((string)kept["payload"]!["base64"]!).ShouldBe(bad);
    }

    [Theory]
    [InlineData("/v1/streams/web", "application/json")]
    [InlineData("/v1/track", "application/json")]
    [InlineData("/v1/batch", "application/json")]
    [InlineData("/v1/cloudevents", "application/cloudevents+json")]
    [InlineData("/v1/cloudevents", "application/cloudevents-batch+json")]
    public async Task A_body_that_is_not_JSON_or_not_UTF8_is_refused_whole(
        string path,
        string mediaType
    )
    {
        byte[] noUtf8 = [.. "{\"a\":\""u8, 0xff, .. "\"}"u8];

        (await host.PostAsync(path, "{\"a\":"u8.ToArray(), mediaType)).ShouldBeProblem(
            400,
            "malformed"
        );
        (await host.PostAsync(path, noUtf8, mediaType)).ShouldBeProblem(400, "malformed");
        (await host.PostAsync(path, [], mediaType)).ShouldBeProblem(400, "malformed");
    }

    [Fact]
    public async Task An_unknown_stream_is_not_found()
    {
        (await host.PostAsync("/v1/streams/nobodys", "[]")).ShouldBeProblem(404, "unknown_stream");
        Answer cloud = await host.PostAsync(
            "/v1/cloudevents",
            """{"specversion":"1.0","id":"1","source":"/t","type":"io.nobodys","data":{}}""",
            mediaType: "application/cloudevents+json"
        );
        cloud.ShouldBeProblem(404, "unknown_stream");
    }

    [Fact]
    public async Task Fields_that_nobody_declared_are_kept_out_and_counted()
    {
        string stream = await OwnStreamAsync("bad-unknown-fields");

        Answer answer = await host.PostAsync(
            $"/v1/streams/{stream}",
            """{"type":"identify","userId":"unknown-fields","traits":{"firstName":"Ada","shoeSize":38},"mood":"good"}"""
        );

        ((int)answer.Json["accepted"]!).ShouldBe(1, answer.Text);
        JsonNode profile = await host.ProfileAsync("userId", "unknown-fields");
        profile["traits"]!.AsObject().ContainsKey("firstName").ShouldBeTrue();
        profile.ToJsonString().ShouldNotContain("shoeSize");
        profile.ToJsonString().ShouldNotContain("mood");
        Counts counts = await host.CountsAsync(stream, received: 1);
        counts[stream, "unknownFields"].ShouldBe(2);
    }

    [Fact]
    public async Task An_event_without_an_id_counts_once_however_often_it_is_sent()
    {
        const string message =
            """{"type":"track","event":"e","userId":"no-id","timestamp":"2026-01-01T00:00:00Z"}""";

        Answer first = await host.PostAsync("/v1/streams/web", message);
        Answer second = await host.PostAsync("/v1/streams/web", message);

        ((int)first.Json["accepted"]!).ShouldBe(1);
        ((int)second.Json["duplicates"]!).ShouldBe(1);
    }

    /// <summary>A stream of the shipped definition under a name of its own, so that its counts are.</summary>
    private async Task<string> OwnStreamAsync(string name)
    {
        await host.DefineAsync(name, ShippedDefinitions.All["web"]);
        return name;
    }

    private static string Good(string name, int number) =>
        $$$"""{"type":"identify","userId":"{{{name}}}-{{{number}}}","traits":{"title":"Dr"}}""";

    private async Task ShouldBeKeptAsync(
        string stream,
        JsonNode refusal,
        string record,
        string code,
        string? pointer
    )
    {
        JsonNode kept = (await host.QuarantineAsync(stream)).ShouldHaveSingleItem();
        foreach (JsonNode shown in new[] { refusal, kept })
        {
            ((string)shown["code"]!).ShouldBe(code);
            ((string?)shown["pointer"]).ShouldBe(pointer);
            ((string)shown["message"]!).ShouldNotBeEmpty();
        }

        // What no JSON can hold is shown as the text it came as.
        JsonNode expected =
            code == "malformed" && record != "7"
            || record.Contains("\\ud8", StringComparison.Ordinal)
                ? JsonValue.Create(record)
                : JsonNode.Parse(record)!;
        JsonNode.DeepEquals(kept["payload"], expected).ShouldBeTrue(kept.ToJsonString());
    }
}
