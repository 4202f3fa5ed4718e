using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary>The Segment HTTP tracking API.</summary>
[Collection(GatewayCollection.Name)]
public sealed class TrackingTests(GatewayHost host)
{
    [Theory]
    [InlineData(
        "identify",
        """{"userId":"t-identify","traits":{"firstName":"Ada"}}""",
        "t-identify"
    )]
    [InlineData("track", """{"userId":"t-track","event":"Signed Up"}""", "t-track")]
    [InlineData("page", """{"userId":"t-page","name":"Home"}""", "t-page")]
    [InlineData("screen", """{"userId":"t-screen","name":"Start"}""", "t-screen")]
    [InlineData(
        "group",
        """{"userId":"t-group","groupId":"g-1","traits":{"name":"Initech"}}""",
        "t-group"
    )]
    [InlineData("alias", """{"userId":"t-alias","previousId":"t-before"}""", "t-alias")]
    [InlineData("batch", """{"batch":[{"type":"page","userId":"t-batch"}]}""", "t-batch")]
    [InlineData("import", """{"batch":[{"type":"page","userId":"t-import"}]}""", "t-import")]
    public async Task Every_kind_of_call_is_answered_as_Segment_does_and_reaches_its_person(
        string call,
        string body,
        string user
    )
    {
        Answer answer = await host.PostAsync("/v1/" + call, body);

        answer.Status.ShouldBe(200);
        answer.Text.ShouldBe("""{"success":true}""");
        string receipt = answer.Header("Cdp-Receipt").ShouldNotBeNull();
        (await host.GetAsync("/v1/receipts/" + receipt)).Status.ShouldBe(200);
        await host.ProfileAsync("userId", user);
    }

    [Fact]
    public async Task The_address_decides_what_a_message_is()
    {
        Answer answer = await host.PostAsync(
            "/v1/identify",
            """{"type":"track","userId":"t-typed","traits":{"firstName":"Ada"}}"""
        );

        answer.Text.ShouldBe("""{"success":true}""");
        await host.ProfileAsync(
            "userId",
            "t-typed",
            profile => (string?)profile["traits"]!["firstName"]?["value"] == "Ada"
        );
    }

    [Fact]
    public async Task Of_a_batch_the_good_goes_on_and_the_bad_is_listed_and_kept()
    {
        Answer answer = await host.PostAsync(
            "/v1/batch",
            """
            {"batch":[
              {"type":"track","event":"nobody's"},
              {"type":"identify","userId":"t-mixed","traits":{"firstName":"Ada"}},
              7,
              {"type":"track","userId":"t-mixed","event":"\ud800 \ud800"},
              {"type":"track","userId":"t-mixed","event":"Fine","\ud800":1}
            ],"sentAt":"2026-01-01T00:00:00Z","context":{"\ud801":"\ud801"}}
            """
        );

        answer.Status.ShouldBe(200, answer.Text);
        ((bool)answer.Json["success"]!).ShouldBeTrue();
        answer.Json["rejected"]!
            .AsArray()
            .Select(item => ((int)item!["index"]!, (string)item["code"]!))
            .ShouldBe([(0, "no_subject"), (2, "malformed"), (3, "bad_text")]);
        await host.ProfileAsync(
            "userId",
            "t-mixed",
            profile => (long)profile["insights"]!["engagementCount"]! == 1
        );
        IReadOnlyList<JsonNode> kept = await host.QuarantineAsync("web", "&code=no_subject");
        kept.Select(item => item["payload"]!.ToJsonString())
            .ShouldContain(payload => payload.Contains("nobody", StringComparison.Ordinal));
        await host.Api.DrainAsync();
    }

    [Fact]
    public async Task What_cannot_become_text_is_refused_and_no_error_of_ours()
    {
        Answer name = await host.PostAsync(
            "/v1/track",
            """{"userId":"t-text","event":"e","\ud800x":1}"""
        );
        Answer value = await host.PostAsync(
            "/v1/track",
            """{"userId":"t-text","event":"\ud800x"}"""
        );
        Answer key = await host.PostAsync(
            "/v1/track",
            """{"userId":"t-text","event":"e","writeKey":"\ud800x"}"""
        );

        name.Text.ShouldBe("""{"success":true}""");
        ((string)value.Json["rejected"]![0]!["code"]!).ShouldBe("bad_text");
        key.Text.ShouldBe("""{"success":true}""");
    }

    [Fact]
    public async Task The_context_of_a_batch_is_every_messages_and_its_own_wins()
    {
        await host.PostAsync(
            "/v1/batch",
            """
            {"context":{"traits":{"firstName":"Shared"},"locale":"de"},"batch":[
              {"type":"identify","userId":"t-shared"},
              {"type":"identify","userId":"t-own","context":{"traits":{"firstName":"Own"}}}]}
            """
        );

        JsonNode shared = await host.ProfileAsync("userId", "t-shared");
        JsonNode own = await host.ProfileAsync("userId", "t-own");
        ((string)shared["traits"]!["firstName"]!["value"]!).ShouldBe("Shared");
        ((string)own["traits"]!["firstName"]!["value"]!).ShouldBe("Own");
        ((string)own["traits"]!["language"]!["value"]!).ShouldBe("de");
    }

    [Theory]
    [InlineData("""{"messages":[]}""", "/batch")]
    [InlineData("""{"batch":{}}""", "/batch")]
    [InlineData("""[]""", null)]
    public async Task A_batch_without_messages_is_refused(string body, string? pointer)
    {
        Answer answer = (await host.PostAsync("/v1/batch", body)).ShouldBeProblem(400, "malformed");

        ((string?)answer.Json["errors"]?[0]!["pointer"]).ShouldBe(pointer);
    }

    [Fact]
    public async Task A_message_counts_once_however_often_its_batch_is_sent()
    {
        const string batch = """
            {"batch":[{"type":"track","userId":"t-once","event":"e","messageId":"t-once-1"},
              {"type":"track","userId":"t-once","event":"e","messageId":"t-once-2"}]}
            """;

        for (int i = 0; i < 3; i++)
        {
            (await host.PostAsync("/v1/batch", batch)).Text.ShouldBe("""{"success":true}""");
        }

        await host.Api.DrainAsync();
        JsonNode profile = await host.ProfileAsync("userId", "t-once");
        ((long)profile["insights"]!["engagementCount"]!).ShouldBe(2);
    }
}
