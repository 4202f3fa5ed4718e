using System.Text;
using System.Text.Json.Nodes;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>Rulesets over HTTP: put, read, named by streams, and what their guards keep out.</summary>
[Collection(GatewayCollection.Name)]
public sealed class RulesetTests(GatewayHost host)
{
    private const string Desk = """
        description: The service desk
        guards:
          blocked:
            email: ["void@*"]
        """;

    [Fact]
    public async Task A_ruleset_is_put_and_read_as_a_stream_is()
    {
        Answer first = await PutAsync("ruleset/desk-read", Desk);
        Answer same = await PutAsync("ruleset/desk-read", Desk);
        Answer second = await PutAsync("ruleset/desk-read", Desk + "\n# 2");

        first.Status.ShouldBe(200, first.Text);
        ((bool)first.Json["changed"]!).ShouldBeTrue();
        ((bool)same.Json["changed"]!).ShouldBeFalse();
        ((int)second.Json["version"]!).ShouldBe(2);
        JsonNode read = (await host.GetAsync("/v1/definitions/ruleset/desk-read")).Json;
        ((string)read["kind"]!).ShouldBe("ruleset");
        ((string)read["text"]!).ShouldBe(Desk + "\n# 2");
        (await host.GetAsync("/v1/definitions/ruleset/desk-read/versions")).Json["data"]!
            .AsArray()
            .Count.ShouldBe(2);
    }

    [Fact]
    public async Task The_shipped_rulesets_are_there_and_listed()
    {
        JsonNode list = (await host.GetAsync("/v1/definitions")).Json;

        string[] rulesets =
        [
            .. list["data"]!
                .AsArray()
                .Where(d => (string)d!["kind"]! == "ruleset")
                .Select(d => (string)d!["name"]!),
        ];
        ShippedRulesets.All.Keys.Except(rulesets).ShouldBeEmpty();
        (await host.GetAsync("/v1/definitions/ruleset/nobody")).ShouldBeProblem(
            404,
            "unknown_definition"
        );
    }

    [Fact]
    public async Task A_ruleset_that_does_not_compile_is_refused_with_its_places()
    {
        Answer refused = await PutAsync(
            "ruleset/desk-bad",
            "guards:\n  blocked: { email: ['/(/'] }"
        );

        refused.ShouldBeProblem(422, "does_not_compile");
        JsonNode error = refused.Json["errors"]!.AsArray().ShouldHaveSingleItem()!;
        ((int)error["line"]!).ShouldBe(2);
        ((string)error["pointer"]!).ShouldBe("guards.blocked.email");
    }

    [Fact]
    public async Task A_stream_that_names_no_ruleset_there_is_is_refused_where_it_does()
    {
        string notes = ShippedDefinitions.All["web"] + "\nruleset: nobody\n";

        Answer refused = await PutAsync("stream/desk-lost", notes);

        refused.ShouldBeProblem(422, "does_not_compile");
        JsonNode error = refused.Json["errors"]!.AsArray().ShouldHaveSingleItem()!;
        ((string)error["message"]!).ShouldStartWith("There is no ruleset `nobody`.");
    }

    [Fact]
    public async Task What_a_stream_s_guards_leave_out_is_counted_by_reason_and_the_events_go_on()
    {
        (await PutAsync("ruleset/desk-guard", Desk)).Status.ShouldBe(200);
        await host.DefineAsync(
            "desk-guarded",
            ShippedDefinitions.All["web"] + "\nruleset: desk-guard\n"
        );

        await host.PostAsync(
            "/v1/streams/desk-guarded",
            """
            [
              {"type":"identify","userId":"dg-1","traits":{"email":"void@example.com"}},
              {"type":"identify","userId":"dg-2","traits":{"email":"no address","phone":"call me"}},
              {"type":"identify","userId":"dg-3","traits":{"email":"real@desk.example"}}
            ]
            """
        );
        await host.CountsAsync("desk-guarded", received: 3);

        (await CountsOfAsync("desk-guarded")).ShouldBe([
            "applied  3",
            "identifiersLeftOut identifier_blocked 1",
            "identifiersLeftOut identifier_invalid 2",
            "received  3",
        ]);
        (await host.GetAsync("/v1/individuals/email/void@example.com")).Status.ShouldBe(404);
        JsonNode guarded = await host.ProfileAsync("userId", "dg-1");
        ((string)guarded["traits"]!["email"]!["value"]!).ShouldBe("void@example.com");
        await host.ProfileAsync("email", "real@desk.example");
    }

    [Fact]
    public async Task A_new_version_does_not_match_by_itself_and_both_are_shown()
    {
        const string fuzzy = """

            fuzzy:
              matchRate: 0.0001
              fields:
                email: { type: email, from: [email, identifier.email] }
            """;
        const string path = "ruleset/desk-live";
        await PutAsync(path, Desk + fuzzy);
        (await host.GetAsync($"/v1/definitions/{path}")).Json["live"].ShouldBeNull();
        await host.DefineAsync(
            "desk-lively",
            ShippedDefinitions.All["web"] + "\nruleset: desk-live\n"
        );
        await host.PostAsync(
            "/v1/streams/desk-lively",
            """{"type":"identify","anonymousId":"dl-1","traits":{"email":"ada@live.example"}}"""
        );
        JsonNode? live = null;
        await Eventually.BeAsync(
            async () =>
                (live = (await host.GetAsync($"/v1/definitions/{path}")).Json["live"]) is not null,
            "the ruleset has compared a record"
        );
        ((int)live!["version"]!).ShouldBe(1);
        ((bool)live["matchesAsActive"]!).ShouldBeTrue();

        Answer reworded = await PutAsync(path, Desk + fuzzy + "\n# reworded");
        string changed = fuzzy.Replace("0.0001", "0.0002", StringComparison.Ordinal);
        Answer rematched = await PutAsync(path, Desk + changed);

        ((bool)reworded.Json["live"]!["matchesAsActive"]!).ShouldBeTrue();
        ((bool)rematched.Json["live"]!["matchesAsActive"]!).ShouldBeFalse();
        JsonNode both = (await host.GetAsync($"/v1/definitions/{path}")).Json;
        ((int)both["version"]!).ShouldBe(3);
        ((string)both["text"]!).ShouldContain("0.0002");
        ((int)both["live"]!["version"]!).ShouldBe(1);
        ((string)both["live"]!["text"]!).ShouldBe(Desk + fuzzy);
    }

    [Fact]
    public async Task New_guards_are_in_force_once_they_are_put()
    {
        (await PutAsync("ruleset/desk-new", Desk)).Status.ShouldBe(200);
        await host.DefineAsync(
            "desk-renewed",
            ShippedDefinitions.All["web"] + "\nruleset: desk-new\n"
        );

        string user = """{"type":"page","userId":"robot"}""";
        Answer before = await host.PostAsync("/v1/streams/desk-renewed", user);
        string renewed = Desk.Replace(
            "email:",
            "userId: [robot]\n    email:",
            StringComparison.Ordinal
        );
        (await PutAsync("ruleset/desk-new", renewed)).Status.ShouldBe(200);
        Answer after = await host.PostAsync("/v1/streams/desk-renewed", user);

        ((int)before.Json["accepted"]!).ShouldBe(1);
        JsonNode refused = after.Json["quarantined"]!.AsArray().ShouldHaveSingleItem()!;
        ((string)refused["code"]!).ShouldBe("identifier_blocked");
        JsonNode kept = (await host.QuarantineAsync("desk-renewed")).ShouldHaveSingleItem();
        kept.ToJsonString().ShouldContain("robot");
    }

    [Theory]
    [InlineData("dg-null", "null", "identifier_blocked")]
    [InlineData("dg-blank", "   ", "no_subject")]
    [InlineData("dg-zeros", "000000", "identifier_blocked")]
    [InlineData("dg-anonymous", "Anonymous", "identifier_blocked")]
    public async Task A_record_of_nobody_lies_in_quarantine_under_the_shipped_guards(
        string stream,
        string user,
        string code
    )
    {
        await host.DefineAsync(stream, ShippedDefinitions.All["web"]);

        await host.PostAsync($"/v1/streams/{stream}", $$"""{"type":"page","userId":"{{user}}"}""");
        await host.CountsAsync(stream, received: 1);

        (await CountsOfAsync(stream)).ShouldBe([$"quarantined {code} 1", "received  1"]);
        ((string)(await host.QuarantineAsync(stream))[0]["code"]!).ShouldBe(code);
    }

    [Fact]
    public async Task Identifiers_of_every_sort_are_kept_refused_or_left_out_and_each_is_counted()
    {
        const string stream = "dg-sorts";
        await host.DefineAsync(stream, ShippedDefinitions.All["web"]);
        string longest = new('x', Limits.IdentifierMax);
        string[] records =
        [
            """{"type":"identify","userId":"dgs-1","traits":{"email":""}}""",
            """{"type":"identify","userId":"dgs-2","traits":{"email":"\u0001\u0002"}}""",
            """{"type":"identify","userId":"dgs-3","traits":{"email":"пётр@пример.рф"}}""",
            """{"type":"identify","userId":"فاطمة","traits":{"phone":"+١ ٦٥٠ ٢٥٣ ٠٠٠١"}}""",
            """{"type":"identify","userId":"山田太郎👩‍👧","traits":{"phone":"👍"}}""",
            $$"""{"type":"identify","userId":"dgs{{longest[3..]}}"}""",
            $$"""{"type":"identify","userId":"dgs{{longest[3..]}}x"}""",
            """{"type":"identify","userId":"dgs-8","traits":{"email":"#@example.com"}}""".Replace(
                "#",
                new string('x', 488),
                StringComparison.Ordinal
            ),
        ];

        await host.PostAsync($"/v1/streams/{stream}", $"[{string.Join(',', records)}]");
        await host.CountsAsync(stream, received: records.Length);

        (await CountsOfAsync(stream)).ShouldBe([
            "applied  6",
            "identifiersLeftOut identifier_invalid 2",
            "quarantined limit_exceeded 2",
            "received  8",
        ]);
        await host.ProfileAsync("email", "пётр@пример.рф");
        await host.ProfileAsync("phone", "+16502530001");
        await host.ProfileAsync("userId", "فاطمة");
        await host.ProfileAsync("userId", "山田太郎👩‍👧");
        (await host.QuarantineAsync(stream)).Count.ShouldBe(2);
    }

    private async Task<string[]> CountsOfAsync(string stream) =>
        [
            .. (await host.GetAsync("/v1/status")).Json["counts"]!
                .AsArray()
                .Where(count => (string)count!["stream"]! == stream)
                .Select(count => $"{count!["kind"]} {count["reason"]} {count["count"]}")
                .Order(StringComparer.Ordinal),
        ];

    private Task<Answer> PutAsync(string path, string yaml) =>
        host.SendAsync(
            HttpMethod.Put,
            $"/v1/definitions/{path}",
            new StringContent(yaml, Encoding.UTF8, "application/yaml")
        );
}
