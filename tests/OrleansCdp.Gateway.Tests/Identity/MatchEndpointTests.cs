using System.Text.Json.Nodes;

namespace OrleansCdp.Identity;

/// <summary>What was decided about records, as people and programs list it.</summary>
[Collection(GatewayCollection.Name)]
public sealed class MatchEndpointTests(GatewayHost host)
{
    private const string Links = "/v1/identity/links";
    private const string Unresolved = "/v1/identity/unresolved";

    [Theory]
    [InlineData(Links + "?ruleset=servcie")]
    [InlineData(Links + "?ruleset=servcie&format=csv")]
    [InlineData(Links + "/salesforce/Case/1?ruleset=servcie")]
    [InlineData(Unresolved + "?ruleset=servcie")]
    public async Task A_ruleset_that_there_is_not_is_said_and_is_no_empty_list(string path) =>
        (await host.GetAsync(path)).ShouldBeProblem(404, "unknown_ruleset");

    [Fact]
    public async Task A_ruleset_that_compares_nothing_has_an_empty_list()
    {
        (await host.GetAsync(Links + "?ruleset=sales")).Text.ShouldBeEmpty();
        (await host.GetAsync(Unresolved + "?ruleset=sales")).Json["data"]!
            .AsArray()
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task Why_a_case_is_somebodys_is_said_with_levels_weights_and_every_decision()
    {
        const string path = Links + "/salesforce/Case/w1?ruleset=service";
        (await host.GetAsync(path)).Status.ShouldBe(404);
        await host.PostAsync(
            "/v1/streams/salesforce-case",
            """
            [{"Id":"w1","Status":"New","CreatedDate":"2026-03-01T10:00:00Z",
              "SuppliedName":"Wanda Yule","SuppliedEmail":"wanda.yule@match.example"}]
            """
        );
        await host.Api.DrainAsync();
        JsonNode alone = (await host.GetAsync(path)).Json;
        alone["reasons"]!.AsArray().ShouldBeEmpty();
        alone["decisions"]!.AsArray().Single()!["with"].ShouldBeNull();

        await host.PostAsync(
            "/v1/streams/salesforce-contact",
            """
            [{"Id":"wy1","FirstName":"Wanda","LastName":"Yule","Email":"wanda.yule@match.example",
              "CreatedDate":"2026-02-01T10:00:00Z","SystemModstamp":"2026-02-01T10:00:00Z"}]
            """
        );
        await host.Api.DrainAsync();

        JsonNode linked = (await host.GetAsync(path)).Json;
        string wanda = (string)linked["individual"]!;
        ((string)linked["kind"]!).ShouldBe("linked");
        ((int)linked["version"]!).ShouldBeGreaterThan(0);
        JsonNode email = linked["reasons"]!
            .AsArray()
            .Single(reason => (string)reason!["field"]! == "email")!;
        ((string)email["agreement"]!).ShouldBe("equal");
        ((double)email["weight"]!).ShouldBeGreaterThan(0);
        ShouldAddUp(linked);
        linked["parts"]!
            .AsArray()
            .Select(part => (string)part!["part"]!)
            .ShouldBe(["prior", "household"]);
        JsonNode last = linked["decisions"]!.AsArray()[0]!;
        ((string)last["to"]!["individual"]!).ShouldBe(wanda);
        last["from"]!["individual"].ShouldBeNull();
        ((string)last["with"]!).ShouldBe(wanda);
        ((string)last["rule"]!).ShouldBe($"service@{linked["version"]}");
        ((string)last["reason"]!).ShouldBe("matched");
        ((string)last["causedBy"]!).ShouldBe(wanda);
        last["eventId"].ShouldNotBeNull();
        last["reasons"]!
            .AsArray()
            .Select(reason => (string)reason!["field"]!)
            .ShouldContain("email");
        ShouldAddUp(last);

        (await host.GetAsync(Links + "/salesforce/Case/w1")).Status.ShouldBe(400);
        (await host.GetAsync(Links + "/salesforce/Case/w?ruleset=service")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Records_are_listed_as_lines_of_JSON_and_as_CSV_that_scores_read()
    {
        await host.PostAsync(
            "/v1/streams/salesforce-case",
            """
            [
              {"Id":"m1","Status":"New","CreatedDate":"2026-03-01T10:00:00Z",
                "SuppliedName":"Mira Quint","SuppliedEmail":"mira.quint@match.example"},
              {"Id":"m2","Status":"New","CreatedDate":"2026-03-01T10:00:00Z",
                "SuppliedName":"Mira Quint","SuppliedEmail":"mira.quint@match.example"},
              {"Id":"m,\"3","Status":"New","CreatedDate":"2026-03-01T10:00:00Z",
                "SuppliedName":"Otto Brand","SuppliedEmail":"otto@match.example"}
            ]
            """
        );
        await host.Api.DrainAsync();

        Answer lines = await host.GetAsync(Links + "?source=salesforce&ruleset=service");

        (lines.Status, lines.MediaType).ShouldBe((200, "application/x-ndjson"));
        JsonNode[] all =
        [
            .. lines
                .Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonNode.Parse(line)!),
        ];
        JsonNode first = Of("salesforce/Case/m1");
        JsonNode second = Of("salesforce/Case/m2");
        ((string)first["group"]!).ShouldBe((string)second["group"]!);
        ((string)first["kind"]!).ShouldBe("unresolved");
        ((string)first["with"]!).ShouldBe("salesforce/Case/m2");
        ((double)first["score"]!).ShouldBe((double)second["score"]!);
        first["eventId"].ShouldNotBeNull();
        Of("salesforce/Case/m,\"3")["score"].ShouldBeNull();

        Answer csv = await host.GetAsync(Links + "?ruleset=service&kind=unresolved&format=csv");
        csv.MediaType.ShouldBe("text/csv");
        string[] rows = csv.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        rows[0].ShouldBe("record_id,cluster_id,link,individual,group,kind,rule,score");
        string group = (string)first["group"]!;
        rows.ShouldContain(row =>
            row.StartsWith($"m1,{group},salesforce/Case/m1,,{group},unresolved,service,")
        );
        rows.ShouldContain(row => row.StartsWith("\"m,\"\"3\",grp_"));

        JsonNode pool = (await host.GetAsync(Unresolved + "?ruleset=service&limit=1000")).Json;
        pool["data"]!.AsArray().Single(one => (string)one!["group"]! == group)!["members"]!
            .AsArray()
            .Count.ShouldBe(2);
        JsonNode page = (await host.GetAsync(Unresolved + "?ruleset=service&limit=1")).Json;
        page["data"]!.AsArray().Count.ShouldBe(1);
        string cursor = (string)page["cursor"]!;
        JsonNode next = (
            await host.GetAsync(Unresolved + $"?ruleset=service&limit=1&cursor={cursor}")
        ).Json;
        ((string)next["data"]![0]!["group"]!).ShouldNotBe((string)page["data"]![0]!["group"]!);

        JsonNode Of(string link) => all.Single(one => (string)one["link"]! == link);
    }

    [Fact]
    public async Task A_case_with_nothing_to_compare_is_listed_with_that_reason_until_an_anchor_comes()
    {
        const string path = Links + "/salesforce/Case/n1?ruleset=service";
        const string both = """
            {"Id":"n1","Status":"New","CreatedDate":"2026-03-01T10:00:00Z"},
            {"Id":"n2","Status":"New","CreatedDate":"2026-03-01T10:00:00Z","SuppliedName":"Nora Ulm"}
            """;
        await host.PostAsync("/v1/streams/salesforce-case", $"[{both}]");
        await host.Api.DrainAsync();

        JsonNode waiting = (await host.GetAsync(path)).Json;
        ((string)waiting["kind"]!, (string)waiting["reason"]!).ShouldBe(
            ("unresolved", "nothing_to_compare")
        );
        ((string)waiting["decisions"]!.AsArray().Single()!["reason"]!).ShouldBe(
            "nothing_to_compare"
        );
        JsonNode[] pool =
        [
            .. (await host.GetAsync(Unresolved + "?ruleset=service&limit=1000")).Json["data"]!
                .AsArray()
                .SelectMany(group => group!["members"]!.AsArray())
                .Select(member => member!),
        ];
        ((string)Of("n1")["reason"]!).ShouldBe("nothing_to_compare");
        Of("n2")["reason"].ShouldBeNull();
        (await host.GetAsync(Links + "?ruleset=service&kind=unresolved")).Text.ShouldContain(
            "\"reason\":\"nothing_to_compare\""
        );

        await host.PostAsync(
            "/v1/streams/salesforce-case",
            """
            [{"Id":"n1","Status":"New","ContactId":"003Nora","CreatedDate":"2026-03-01T10:00:00Z"}]
            """
        );
        await host.Api.DrainAsync();

        (await host.GetAsync(path)).Status.ShouldBe(404);

        JsonNode Of(string id) =>
            pool.Single(member => (string)member["link"]! == $"salesforce/Case/{id}");
    }

    private static void ShouldAddUp(JsonNode scored) =>
        scored["reasons"]!
            .AsArray()
            .Concat(scored["parts"]!.AsArray())
            .Sum(part => (double)part!["weight"]!)
            .ShouldBe((double)scored["score"]!, 1e-6);

    [Theory]
    [InlineData(Links + "?kind=maybe", "bad_filter")]
    [InlineData(Links + "?source=", "bad_filter")]
    [InlineData(Links + "?source=a%00b", "bad_filter")]
    [InlineData(Links + "?ruleset=a%00b", "bad_filter")]
    [InlineData(Links + "?format=xml", "bad_format")]
    [InlineData(Unresolved, "ruleset_missing")]
    [InlineData(Unresolved + "?ruleset=service&limit=0", "bad_limit")]
    [InlineData(Unresolved + "?ruleset=service&limit=1001", "bad_limit")]
    [InlineData(Unresolved + "?ruleset=service&cursor=x", "bad_cursor")]
    public async Task What_makes_no_sense_is_refused_and_says_why(string path, string code) =>
        (await host.GetAsync(path)).ShouldBeProblem(400, code);

    [Fact]
    public async Task Lists_are_for_keys_that_may_read()
    {
        (_, string secret) = await host.MakeKeyAsync("ingest");

        (await host.GetAsync(Links, secret)).Status.ShouldBe(403);
        (await host.GetAsync(Unresolved + "?ruleset=service", secret)).Status.ShouldBe(403);
        (await host.GetAsync(Links, key: null)).Status.ShouldBe(401);
    }
}
