using System.Text;
using System.Text.Json.Nodes;
using OrleansCdp.Segments;

namespace OrleansCdp.Governance;

/// <summary>What would come of definitions that belong together.</summary>
[Collection(GatewayCollection.Name)]
public sealed class PlanTests(GatewayHost host)
{
    private const string Address = "/v1/definitions/plan";

    [Fact]
    public async Task One_may_name_another_also_a_later_one_and_nothing_is_stored()
    {
        JsonArray planned = await PlannedAsync(
            ("segment", "pt_gold", "criteria: in segment pt_buyers and insights.pt_cases > 1"),
            ("segment", "pt_buyers", "criteria: count(SalesOrder)>=2"),
            ("insight", "pt_cases", "source: Case\nmeasure: count")
        );

        planned
            .Select(one => $"{one!["name"]} {one["version"]} {one["changed"]}")
            .ShouldBe(["pt_gold 1 true", "pt_buyers 1 true", "pt_cases 1 true"]);
        ((string)planned[1]!["planned"]!["normalForm"]!).ShouldBe("count(SalesOrder) >= 2");
        ((string)planned[1]!["state"]!).ShouldBe("draft");
        ((string)planned[2]!["hash"]!).Length.ShouldBe(64);
        foreach (JsonNode? one in planned)
        {
            (await host.GetAsync($"/v1/definitions/{one!["kind"]}/{one["name"]}")).Status.ShouldBe(
                404
            );
        }
    }

    [Fact]
    public async Task What_is_wrong_with_one_keeps_nobody_from_the_others()
    {
        JsonArray planned = await PlannedAsync(
            ("segment", "pt_wrong", "criteria: count(SalesOrders) > 3"),
            ("segment", "pt_after", "criteria: in segment pt_wrong"),
            ("segment", "pt_one", "criteria: in segment pt_other"),
            ("segment", "pt_other", "criteria: in segment pt_one"),
            ("sgement", "pt_kind", "criteria: title = 'x'"),
            ("segment", "PT name", "criteria: title = 'x'"),
            ("stream", "pt_stream", "source: 1"),
            ("segment", "pt_right", "criteria: title = 'x'")
        );

        planned
            .Where(one => one!["errors"] is null)
            .Select(one => (string)one!["name"]!)
            .ShouldBe(["pt_right"]);
        JsonNode error = planned[0]!["errors"]!.AsArray().ShouldHaveSingleItem()!;
        ((int)error["line"]!, (int)error["column"]!).ShouldBe((1, 17));
        ((string)error["message"]!).ShouldContain("Did you mean `SalesOrder`?");
        MessageOf(1).ShouldContain("There is no segment `pt_wrong`.");
        MessageOf(2).ShouldContain("pt_other");
        MessageOf(4).ShouldContain("Unknown kind");
        MessageOf(5).ShouldContain("lower-case letters");
        ((string)planned[6]!["code"]!).ShouldBe("does_not_compile");

        string MessageOf(int place) => (string)planned[place]!["errors"]![0]!["message"]!;
    }

    [Fact]
    public async Task A_segment_is_compared_with_the_active_version()
    {
        Reviewed segments = new(host);
        await segments.ActivateAsync("pt_stands", "criteria: title = 'pt-x'");

        JsonArray planned = await PlannedAsync(
            ("segment", "pt_stands", "criteria: title   = 'pt-x'"),
            ("segment", "pt_stands", "criteria: title = 'pt-y'")
        );

        planned.Select(one => (bool)one!["sameMeaning"]!).ShouldBe([true, false]);
        planned
            .Select(one => (string)one!["active"]!["text"]!)
            .ShouldBe(["criteria: title = 'pt-x'", "criteria: title = 'pt-x'"]);
        planned.Select(one => (int)one!["version"]!).ShouldBe([2, 3]);
    }

    [Fact]
    public async Task Whoever_puts_has_turns_between_the_texts_of_a_long_plan()
    {
        Task<Answer> plan = PlanAsync([
            .. Enumerable
                .Range(0, 300)
                .Select(i => ("segment", $"pt_long_{i}", $"criteria: title = '{i}'")),
        ]);
        for (int i = 0; i < 5; i++)
        {
            StringContent yaml = new(
                $"source: Case\nmeasure: count # {i}",
                Encoding.UTF8,
                "application/yaml"
            );
            Answer put = await host.SendAsync(
                HttpMethod.Put,
                "/v1/definitions/insight/pt_between",
                yaml
            );
            put.Status.ShouldBe(200, put.Text);
        }

        plan.IsCompleted.ShouldBeFalse();
        (await plan).Status.ShouldBe(200);
    }

    [Fact]
    public async Task It_takes_the_scope_of_authors()
    {
        string reader = await new Reviewed(host).KeyAsync("pt-reader", "read");

        (await host.PostAsync(Address, "{\"definitions\":[]}", reader)).ShouldBeProblem(
            403,
            "scope_missing"
        );
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public async Task A_text_has_as_many_bytes_as_one_that_is_put(int more, bool may)
    {
        string text = "source: Case\nmeasure: count\n#" + new string('é', 1000);
        text += new string('x', Limits.DefinitionMax - Encoding.UTF8.GetByteCount(text) + more);

        JsonArray planned = await PlannedAsync(("insight", "pt_bytes", text));

        (planned[0]!["errors"] is null).ShouldBe(may, planned.ToJsonString());
    }

    [Fact]
    public async Task A_text_that_stands_already_changes_nothing()
    {
        JsonArray planned = await PlannedAsync(
            ("stream", "web", ShippedDefinitions.All["web"]),
            ("stream", "web", ShippedDefinitions.All["web"] + "# another\n"),
            ("stream", "web", ShippedDefinitions.All["web"] + "# another\n")
        );

        planned.Select(one => (bool)one!["changed"]!).ShouldBe([false, true, false]);
    }

    [Theory]
    [InlineData(IDefinitionsGrain.PlannedMax, 200)]
    [InlineData(IDefinitionsGrain.PlannedMax + 1, 413)]
    public async Task So_many_are_planned_together(int count, int status)
    {
        Answer plan = await PlanAsync([.. Enumerable.Repeat(("none", "pt", ""), count)]);

        plan.Status.ShouldBe(status, plan.Text);
        if (status == 413)
        {
            plan.ShouldBeProblem(413, "too_many_items");
        }
    }

    [Theory]
    [InlineData(0, 400, "malformed")]
    [InlineData(1, 413, "body_too_large")]
    public async Task So_large_is_what_is_read(int more, int status, string code)
    {
        byte[] body = new byte[PlanEndpoints.BodyBytesMax + more];
        Array.Fill(body, (byte)' ');

        (await host.PostAsync(Address, body, "application/json")).ShouldBeProblem(status, code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"definitions\":[null]}")]
    [InlineData("{\"definitions\":[{\"kind\":\"segment\",\"name\":\"pt\"}]}")]
    [InlineData("{\"definitions\":[{\"kind\":\"segment\",\"name\":\"pt\",\"text\":1}]}")]
    [InlineData("{\"definitions\":[{\"kind\":\"segment\",\"name\":\"pt\",\"text\":\"\\ud800\"}]}")]
    public async Task What_is_no_plan_is_refused(string body) =>
        (
            await host.PostAsync(Address, Encoding.UTF8.GetBytes(body), "application/json")
        ).ShouldBeProblem(400, "malformed");

    private async Task<JsonArray> PlannedAsync(params (string, string, string)[] definitions)
    {
        Answer plan = await PlanAsync(definitions);
        plan.Status.ShouldBe(200, plan.Text);
        JsonArray data = plan.Json["data"]!.AsArray();
        data.Select(one => (string)one!["name"]!).ShouldBe(definitions.Select(one => one.Item2));
        return data;
    }

    private Task<Answer> PlanAsync((string Kind, string Name, string Text)[] definitions)
    {
        JsonObject body = new()
        {
            ["definitions"] = new JsonArray([
                .. definitions.Select(one => new JsonObject
                {
                    ["kind"] = one.Kind,
                    ["name"] = one.Name,
                    ["text"] = one.Text,
                }),
            ]),
        };
        return host.PostAsync(
            Address,
            Encoding.UTF8.GetBytes(body.ToJsonString()),
            "application/json"
        );
    }
}
