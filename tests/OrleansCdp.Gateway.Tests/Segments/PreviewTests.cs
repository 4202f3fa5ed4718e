using System.Text.Json.Nodes;
using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>Whom a version would move, before it is activated, over HTTP.</summary>
[Collection(GatewayCollection.Name)]
public sealed class PreviewTests(GatewayHost host)
{
    private readonly Reviewed segments = new(host);

    [Fact]
    public async Task A_preview_names_who_would_enter_and_leave_with_what_the_criteria_are_told()
    {
        await segments.SayAsync("003pv1", "pv-one");
        await segments.SayAsync("003pv2", "pv-two");
        await segments.ActivateAsync("previewed", "criteria: title = 'pv-one'");
        await segments.ActivateAsync("uses_previewed", "criteria: in segment previewed");
        await segments.CountedAsync("uses_previewed", 1);
        int version = await segments.DraftAsync("previewed", "criteria: title = 'pv-two'");

        JsonNode preview = await segments.PreviewedAsync("previewed", version);

        ((string)preview["state"]!).ShouldBe("done");
        ((int)preview["base"]!).ShouldBe(1);
        (Long("entering"), Long("leaving"), Long("changingTier"), Long("moves")).ShouldBe(
            (1, 1, 0, 2)
        );
        (Long("members"), Long("membersThen"), Long("damaged")).ShouldBe((1, 1, 0));
        ((decimal)preview["share"]!).ShouldBe(2m / Long("individuals"));
        ((int)preview["cost"]!).ShouldBe((int)preview["baseCost"]!);
        preview["usedBy"]!.ToJsonString().ShouldBe("""["uses_previewed"]""");
        preview["bySegment"]!
            .AsArray()
            .Select(flow => $"{flow!["segment"]} +{flow["entering"]} -{flow["leaving"]}")
            .ShouldBe(["previewed +1 -1", "uses_previewed +1 -1"]);
        JsonNode entering = preview["samples"]!["entering"]!.AsArray().ShouldHaveSingleItem()!;
        ((string)entering["individual"]!).ShouldBe(await segments.IndividualAsync("003pv2"));
        entering["values"]!.ToJsonString().ShouldBe("""[{"asked":"title","value":"pv-two"}]""");
        JsonNode leaving = preview["samples"]!["leaving"]!.AsArray().ShouldHaveSingleItem()!;
        ((string)leaving["individual"]!).ShouldBe(await segments.IndividualAsync("003pv1"));

        await segments.CountedAsync("previewed", 1);
        (await segments.GetAsync("/v1/segments/previewed/changes"))["data"]!
            .AsArray()
            .Count.ShouldBe(1, "nobody enters by a preview");

        long Long(string name) => (long)preview[name]!;
    }

    [Fact]
    public async Task Without_a_preview_nothing_is_activated_and_what_moves_many_is_confirmed()
    {
        await segments.SayAsync("003pc1", "pc");
        int version = await segments.ApproveAsync(
            "confirmed",
            "criteria: title = 'pc'\nconfirmAbove: 0"
        );
        (await segments.ActivateAsync("confirmed", version)).ShouldBeProblem(409, "not_previewed");

        JsonNode preview = await segments.PreviewedAsync("confirmed", version);
        ((bool)preview["needsConfirmation"]!).ShouldBeTrue();
        Answer refused = await segments.ActivateAsync("confirmed", version);
        refused.ShouldBeProblem(409, "confirmation_needed");
        ((string)refused.Json["detail"]!).ShouldContain("`confirmMoves`: 1");
        (await segments.ActivateAsync("confirmed", version, moves: 2)).ShouldBeProblem(
            409,
            "confirmation_needed"
        );
        (await host.GetAsync("/v1/segments/confirmed")).Status.ShouldBe(404);

        (await segments.ActivateAsync("confirmed", version, moves: 1)).Status.ShouldBe(200);

        await segments.CountedAsync("confirmed", 1);
        JsonArray steps = (await segments.GetAsync("/v1/definitions/segment/confirmed/versions"))[
            "data"
        ]![0]!["steps"]!.AsArray();
        ((long)steps[^1]!["previewed"]!["entering"]!).ShouldBe(1);
        steps[0]!["previewed"].ShouldBeNull();
    }

    [Fact]
    public async Task A_text_is_planned_and_nothing_is_stored()
    {
        await segments.SayAsync("003pl1", "pl");
        string author = await segments.KeyAsync("planner", "author");

        Answer plan = await PlanAsync("planned", "criteria: title='pl'", GatewayHost.AdminKey);

        plan.Status.ShouldBe(200, plan.Text);
        ((bool)plan.Json["dryRun"]!).ShouldBeTrue();
        ((bool)plan.Json["changed"]!).ShouldBeTrue();
        ((string)plan.Json["planned"]!["normalForm"]!).ShouldBe("title = 'pl'");
        plan.Json["active"].ShouldBeNull();
        ((long)plan.Json["preview"]!["entering"]!).ShouldBe(1);
        plan.Json["preview"]!["samples"]!["entering"]!.AsArray().Count.ShouldBe(1);
        plan = await PlanAsync("planned", "criteria: title='pl'", author);
        plan.Json["preview"].ShouldBeNull("who may not read cannot ask who somebody is by counts");
        (await host.GetAsync("/v1/definitions/segment/planned")).Status.ShouldBe(404);

        await segments.ActivateAsync("planned", "criteria: title='pl'");
        plan = await PlanAsync("planned", "criteria: title   = 'pl'", author);
        ((bool)plan.Json["sameMeaning"]!).ShouldBeTrue();
        ((bool)plan.Json["changed"]!).ShouldBeTrue();
        plan = await PlanAsync("planned", "criteria: title='pl'", author);
        ((bool)plan.Json["changed"]!).ShouldBeFalse();
        plan = await PlanAsync("planned", "criteria: title='pl'", GatewayHost.AdminKey);
        plan.Json["preview"].ShouldBeNull("what is active moves nobody");
        plan = await PlanAsync("plans", "criteria: in segment plan_base", GatewayHost.AdminKey);
        plan.ShouldBeProblem(422, "does_not_compile");
        await segments.DraftAsync("plan_base", "criteria: title='pl'");
        plan = await PlanAsync("plans", "criteria: in segment plan_base", GatewayHost.AdminKey);
        ((string)plan.Json["preview"]!["state"]!).ShouldBe("doesNotCompile");
        ((string)plan.Json["preview"]!["errors"]![0]!["message"]!).ShouldContain("plan_base");
        (await PlanAsync("planned", "criteria: tilte = 'pl'", author)).ShouldBeProblem(
            422,
            "does_not_compile"
        );
    }

    [Fact]
    public async Task What_waits_for_somebody_is_listed_until_it_is_active_or_outrun()
    {
        int first = await segments.ApproveAsync("waits", "criteria: title = 'w1'");
        int second = await segments.DraftAsync("waits", "criteria: title = 'w2'");
        (await OpenAsync("")).ShouldBe([$"{first} approved", $"{second} draft"]);
        (await OpenAsync("?state=draft")).ShouldBe([$"{second} draft"]);
        (await OpenAsync("?state=submitted")).ShouldBeEmpty();
        (await host.GetAsync("/v1/definitions/segment?state=active")).ShouldBeProblem(
            400,
            "bad_state"
        );

        await segments.PreviewedAsync("waits", first);
        (await segments.ActivateAsync("waits", first)).Status.ShouldBe(200);

        (await OpenAsync("")).ShouldBeEmpty("the draft was written beside what is not active now");

        async Task<string[]> OpenAsync(string query) =>
            [
                .. (await segments.GetAsync($"/v1/definitions/segment{query}"))["data"]!
                    .AsArray()
                    .Where(one => (string)one!["name"]! == "waits")
                    .Select(one => $"{one!["version"]} {one["state"]}"),
            ];
    }

    [Fact]
    public async Task Other_definitions_are_tried_too_and_nothing_is_stored()
    {
        const string address = "/v1/definitions/insight/tried?dryRun=true";

        Answer tried = await PutAsync(address, "source: Case\nmeasure: count");

        tried.Status.ShouldBe(200, tried.Text);
        ((int)tried.Json["version"]!).ShouldBe(1);
        ((bool)tried.Json["changed"]!).ShouldBeTrue();
        (await host.GetAsync("/v1/definitions/insight/tried")).Status.ShouldBe(404);
        (await PutAsync(address, "source: Case\nmeasure: cuont")).ShouldBeProblem(
            422,
            "does_not_compile"
        );
        string web = ShippedDefinitions.All["web"];
        tried = await PutAsync("/v1/definitions/stream/web?dryRun=true", web + "# another\n");
        ((bool)tried.Json["changed"]!).ShouldBeTrue(tried.Text);
        ((string)(await segments.GetAsync("/v1/definitions/stream/web"))["text"]!).ShouldBe(web);
    }

    [Fact]
    public async Task What_cannot_be_previewed_says_why()
    {
        int version = await segments.DraftAsync(
            "unready",
            "criteria: count(Engagement where name = 'unready') >= 1"
        );
        string path = $"/v1/definitions/segment/unready/versions/{version}/preview";
        Answer unready = await host.GetAsync(path);
        unready.ShouldBeProblem(409, "not_ready");
        ((string)unready.Json["detail"]!).ShouldContain("once the version is submitted");
        (await host.GetAsync("/v1/definitions/segment/unready/versions/9/preview")).ShouldBeProblem(
            404,
            "unknown_definition"
        );
        (await host.GetAsync($"{path}?wait=31")).ShouldBeProblem(400, "bad_wait");
        (await host.GetAsync($"{path}?wait=-1")).ShouldBeProblem(400, "bad_wait");
        (await host.GetAsync($"{path}?wait=30")).ShouldBeProblem(409, "not_ready");

        int late = await segments.DraftAsync("outrun", "criteria: title = 'late'");
        await segments.ActivateAsync("outrun", "criteria: title = 'first'");
        (
            await host.GetAsync($"/v1/definitions/segment/outrun/versions/{late}/preview")
        ).ShouldBeProblem(409, "stale_version");
    }

    private Task<Answer> PlanAsync(string name, string yaml, string key) =>
        segments.PutAsync(name, yaml, key, "?dryRun=true&wait=30");

    private Task<Answer> PutAsync(string address, string yaml) =>
        host.SendAsync(
            HttpMethod.Put,
            address,
            new StringContent(yaml, System.Text.Encoding.UTF8, "application/yaml")
        );
}
