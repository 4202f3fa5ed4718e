using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using OrleansCdp.Governance;

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
        await ShouldShowAsync("ce-binary", "/tests ce-binary-1");
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
        await ShouldShowAsync("ce-structured", "/t ce-structured-1");
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
        await ShouldShowAsync("ce-batch-1", "/t ce-batch-1-1");
        await ShouldShowAsync("ce-batch-2", "/t ce-batch-2-1");
        IReadOnlyList<JsonNode> kept = await host.QuarantineAsync("web", "&code=malformed");
        kept.ShouldContain(item => item["payload"]!.ToJsonString().Contains("plain"));
        await host.Api.DrainAsync();
    }

    [Fact]
    public async Task The_same_id_of_two_sources_names_two_events()
    {
        const string stream = "ce-sources";
        await host.DefineAsync(stream, ShippedDefinitions.All["web"]);
        string one = EventOf("ce-sources", $"a.{stream}");
        string other = one.Replace("\"/t\"", "\"/other\"", StringComparison.Ordinal);

        Answer answer = await host.PostAsync(
            "/v1/cloudevents",
            $"[{one},{other}]",
            mediaType: Batched
        );
        Answer again = await host.PostAsync(
            "/v1/cloudevents",
            $"[{other},{one}]",
            mediaType: Batched
        );

        ((int)answer.Json["accepted"]!).ShouldBe(2, answer.Text);
        ((int)again.Json["duplicates"]!).ShouldBe(2, again.Text);
    }

    [Fact]
    public async Task Where_a_source_ends_and_an_id_begins_is_never_in_doubt()
    {
        const string stream = "ce-borders";
        await host.DefineAsync(stream, ShippedDefinitions.All["web"]);
        string one = EventOf("ce-borders", $"a.{stream}")
            .Replace("\"ce-borders-1\"", "\"b c\"", StringComparison.Ordinal);
        string other = one.Replace("\"b c\"", "\"c\"", StringComparison.Ordinal)
            .Replace("\"/t\"", "\"/t b\"", StringComparison.Ordinal);

        Answer answer = await host.PostAsync(
            "/v1/cloudevents",
            $"[{one},{other}]",
            mediaType: Batched
        );

        ((int)answer.Json["accepted"]!).ShouldBe(2, answer.Text);
    }

    [Theory]
    [InlineData(Limits.EventIdMax - 3, 1, false, null)]
    [InlineData(Limits.EventIdMax - 2, 1, true, null)]
    [InlineData(1, Limits.EventIdMax, true, null)]
    [InlineData(1, Limits.EventIdMax + 1, false, "limit_exceeded")]
    public async Task A_source_may_be_of_any_length_and_an_id_as_long_as_an_event_id(
        int source,
        int id,
        bool hashed,
        string? code
    )
    {
        string user = $"ce-long-{source}-{id}";
        string from = "/" + new string('s', source);
        string named = user.PadRight(id, 'x')[..id];
        string sent = EventOf(user)
            .Replace($"\"{user}-1\"", $"\"{named}\"", StringComparison.Ordinal)
            .Replace("\"/t\"", $"\"{from}\"", StringComparison.Ordinal);

        Answer answer = await host.PostAsync("/v1/cloudevents", sent, mediaType: Structured);
        Answer again = await host.PostAsync("/v1/cloudevents", sent, mediaType: Structured);

        ((string?)answer.Json["quarantined"]!.AsArray().SingleOrDefault()?["code"]).ShouldBe(code);
        if (code is null)
        {
            ((int)again.Json["duplicates"]!).ShouldBe(1, again.Text);
            JsonNode profile = await host.ProfileAsync("userId", user);
            string shown = (string)profile["traits"]!["firstName"]!["eventId"]!;
            shown.Length.ShouldBeLessThanOrEqualTo(Limits.EventIdMax);
            (shown == $"{from} {named}").ShouldBe(!hashed, shown);
        }
    }

    /// <summary>Envelopes that are none, what points at why, and whether they name a stream.</summary>
    public static TheoryData<string, string, string?, bool> BadEnvelopes =>
        new()
        {
            { "no-id", """{"specversion":"1.0","source":"/t","type":"a.#"}""", "/id", true },
            {
                "number",
                """{"specversion":"1.0","id":1,"source":"/t","type":"a.#"}""",
                "/id",
                true
            },
            {
                "empty",
                """{"specversion":"1.0","id":"","source":"/t","type":"a.#"}""",
                "/id",
                true
            },
            { "source", """{"specversion":"1.0","id":"1","type":"a.#"}""", "/source", true },
            { "no-type", """{"specversion":"1.0","id":"1","source":"/t"}""", "/type", false },
            { "none", """{"id":"1","source":"/t","type":"a.#"}""", "/specversion", true },
            {
                "old",
                """{"specversion":"0.1","id":"1","source":"/t","type":"a.#"}""",
                "/specversion",
                true
            },
            {
                "time",
                """{"specversion":"1.0","id":"1","source":"/t","type":"a.#","time":"noon"}""",
                null,
                true
            },
            {
                "uri",
                """{"specversion":"1.0","id":"1","source":"http://[","type":"a.#"}""",
                null,
                true
            },
            {
                "base64",
                """{"specversion":"1.0","id":"1","source":"/t","type":"a.#","data_base64":"!"}""",
                null,
                true
            },
            {
                "surrogate",
                """{"specversion":"1.0","id":"1\ud800","source":"/t","type":"a.#"}""",
                "/id",
                true
            },
            { "seven", "7", null, false },
            { "list", "[]", null, false },
        };

    [Theory]
    [MemberData(nameof(BadEnvelopes))]
    public async Task A_bad_envelope_is_quarantined_and_its_neighbours_go_on(
        string name,
        string envelope,
        string? pointer,
        bool named
    )
    {
        string stream = "ce-" + name;
        await host.DefineAsync(stream, ShippedDefinitions.All["web"]);
        string bad = envelope.Replace("#", stream, StringComparison.Ordinal);
        string first = EventOf($"{stream}-1", $"a.{stream}");
        string last = EventOf($"{stream}-2", $"a.{stream}");
        long before = (await host.QuarantineAsync(IQuarantineGrain.NoStream)).Count;

        Answer answer = await host.PostAsync(
            "/v1/cloudevents",
            $"[{first},{bad},{last}]",
            mediaType: Batched
        );

        answer.Status.ShouldBe(202, answer.Text);
        ((int)answer.Json["accepted"]!).ShouldBe(2, answer.Text);
        JsonNode refusal = answer.Json["quarantined"]!.AsArray().ShouldHaveSingleItem()!;
        ((int)refusal["index"]!).ShouldBe(1);
        ((string)refusal["code"]!).ShouldBe("malformed");
        ((string?)refusal["pointer"]).ShouldBe(pointer);
        JsonNode kept = named
            ? (await host.QuarantineAsync(stream)).ShouldHaveSingleItem()
            : (await host.QuarantineAsync(IQuarantineGrain.NoStream)).Skip((int)before).Single();
        ((string)kept["message"]!).ShouldBe((string)refusal["message"]!);
        JsonNode expected = bad.Contains("\\ud8", StringComparison.Ordinal)
            ? JsonValue.Create(bad)
            : JsonNode.Parse(bad)!;
        JsonNode.DeepEquals(kept["payload"], expected).ShouldBeTrue(kept.ToJsonString());
        await host.ProfileAsync("userId", $"{stream}-1");
        await host.ProfileAsync("userId", $"{stream}-2");
        Counts counts = await host.CountsAsync(stream, received: named ? 3 : 2);
        counts[stream, "quarantined"].ShouldBe(named ? 1 : 0);
        await ShouldStayAsync((long)kept["id"]!);
    }

    [Fact]
    public async Task An_event_of_an_unknown_stream_is_quarantined_and_its_neighbours_go_on()
    {
        string lost = EventOf("ce-lost", "io.example.nobodys");

        Answer answer = await host.PostAsync(
            "/v1/cloudevents",
            $"[{EventOf("ce-lost-1")},{lost}]",
            mediaType: Batched
        );

        answer.Status.ShouldBe(202, answer.Text);
        ((int)answer.Json["accepted"]!).ShouldBe(1, answer.Text);
        JsonNode refusal = answer.Json["quarantined"]!.AsArray().ShouldHaveSingleItem()!;
        ((int)refusal["index"]!).ShouldBe(1);
        ((string)refusal["code"]!).ShouldBe("unknown_stream");
        IReadOnlyList<JsonNode> kept = await host.QuarantineAsync(
            IQuarantineGrain.NoStream,
            "&code=unknown_stream"
        );
        kept.ShouldContain(item => JsonNode.DeepEquals(item["payload"], JsonNode.Parse(lost)));
    }

    [Fact]
    public async Task A_bad_envelope_of_an_address_that_states_the_stream_is_kept_under_it()
    {
        await host.DefineAsync("ce-stated", ShippedDefinitions.All["web"]);

        Answer answer = await host.PostAsync(
            "/v1/cloudevents?stream=ce-stated",
            $"[{{}},{EventOf("ce-stated-1", "io.example.nobodys")}]",
            mediaType: Batched
        );

        ((int)answer.Json["accepted"]!).ShouldBe(1, answer.Text);
        (await host.QuarantineAsync("ce-stated")).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_key_of_another_source_sends_nothing_of_a_batch_and_quarantines_nothing_there()
    {
        await host.DefineAsync("ce-foreign", ShippedDefinitions.All["web"]);
        (_, string key) = await host.MakeKeyAsync(Scopes.Ingest, "another");
        string good = EventOf("ce-foreign-1", "a.ce-foreign");
        string bad = """{"specversion":"1.0","source":"/t","type":"a.ce-foreign"}""";

        Answer whole = await host.PostAsync("/v1/cloudevents", $"[{bad},{good}]", key, Batched);
        Answer alone = await host.PostAsync("/v1/cloudevents", $"[{bad}]", key, Batched);

        whole.ShouldBeProblem(403, "source_not_allowed");
        alone.Status.ShouldBe(202, alone.Text);
        (await host.QuarantineAsync("ce-foreign")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("7")]
    public async Task A_batch_is_a_list(string body) =>
        (await host.PostAsync("/v1/cloudevents", body, mediaType: Batched)).ShouldBeProblem(
            400,
            "malformed"
        );

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

    /// <summary>A replay under today's definitions finds the same fault, and no defect.</summary>
    private async Task ShouldStayAsync(long id)
    {
        Answer replay = await host.PostAsync("/v1/quarantine/replay", $$"""{"ids":[{{id}}]}""");
        replay.Status.ShouldBe(200, replay.Text);
        ((int)replay.Json["replayed"]!).ShouldBe(0, replay.Text);
        replay.Json["stillRefused"]!.AsArray().Count.ShouldBe(1, replay.Text);
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
