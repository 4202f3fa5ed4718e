using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Insights;

/// <summary>Insights over HTTP: defined, computed for a moment, explained, and told of the past when they are new.</summary>
[Collection(GatewayCollection.Name)]
public sealed class InsightTests(GatewayHost host)
{
    [Fact]
    public async Task Shipped_insights_say_what_somebody_bought_did_and_asked_for()
    {
        await OrderAsync("ship-1", "in-1", 40, "2026-03-01T10:00:00Z", "EUR");
        await OrderAsync("ship-2", "in-1", 2.5m, "2026-04-01T10:00:00Z", "EUR");
        await host.Api.DrainAsync();

        JsonNode insights = await InsightsAsync("customerId/in-1");

        ((decimal)insights["lifetime_value"]!["value"]!).ShouldBe(42.5m);
        ((string)insights["lifetime_value"]!["amounts"]![0]!["currency"]!).ShouldBe("EUR");
        ((string)insights["lifetime_value"]!["unit"]!).ShouldBe("money");
        ((int)insights["lifetime_value"]!["version"]!).ShouldBe(1);
        ((int)insights["lifetime_value"]!["items"]!).ShouldBe(2);
        ((decimal)insights["average_order_value"]!["value"]!).ShouldBe(21.25m);
        ((string)insights["last_order_at"]!["value"]!).ShouldBe("2026-04-01T10:00:00Z");
        ((decimal)insights["open_cases"]!["value"]!).ShouldBe(0);
        insights["hours_to_resolution"]!["value"].ShouldBeNull();
    }

    [Fact]
    public async Task Amounts_of_several_currencies_are_not_added_up()
    {
        await OrderAsync("cur-1", "in-2", 40, "2026-03-01T10:00:00Z", "EUR");
        await OrderAsync("cur-2", "in-2", 7, "2026-03-02T10:00:00Z", "USD");
        await host.Api.DrainAsync();

        JsonNode value = (await InsightsAsync("customerId/in-2"))["lifetime_value"]!;

        value["value"].ShouldBeNull();
        ((string)value["why"]!).ShouldBe("several_currencies");
        value["amounts"]!
            .ToJsonString()
            .ShouldBe("""[{"currency":"EUR","amount":40},{"currency":"USD","amount":7}]""");
    }

    [Fact]
    public async Task A_value_is_computed_for_the_moment_it_is_asked_at()
    {
        await OrderAsync("at-1", "in-3", 10, "2026-03-01T10:00:00Z", "EUR");
        await OrderAsync("at-2", "in-3", 5, "2026-06-01T10:00:00Z", "EUR");
        await host.Api.DrainAsync();

        (await ValueAsync("lifetime_value", "2026-05-01T00:00:00Z")).ShouldBe(10);
        (await ValueAsync("spent_365_days", "2027-03-01T09:59:59Z")).ShouldBe(15);
        (await ValueAsync("spent_365_days", "2027-03-01T10:00:00Z")).ShouldBe(5);
        (await ValueAsync("spent_365_days", "2027-06-01T10:00:00Z")).ShouldBe(0);
        (
            await host.GetAsync("/v1/individuals/customerId/in-3/insights?at=yesterday")
        ).ShouldBeProblem(400, "bad_at");

        async Task<decimal> ValueAsync(string name, string at)
        {
            JsonNode value = (await InsightsAsync("customerId/in-3", $"?at={at}&name={name}"))[
                name
            ]!;
            return (decimal?)value["value"] ?? 0;
        }
    }

    [Fact]
    public async Task Explaining_lists_the_formula_and_what_counts()
    {
        await OrderAsync("ex-1", "in-4", 10, "2026-03-01T10:00:00Z", "EUR");
        await OrderAsync("ex-2", "in-4", 5, "2026-06-01T10:00:00Z", "EUR");
        await host.Api.DrainAsync();

        JsonNode value = (
            await InsightsAsync("customerId/in-4", "?explain=true&name=lifetime_value")
        )["lifetime_value"]!;

        JsonNode source = value["formula"]!["sources"]![0]!;
        ((string)value["formula"]!["measure"]!).ShouldBe("sum");
        ((string)source["source"]!).ShouldBe("SalesOrder");
        ((string)source["value"]!).ShouldBe("order.total");
        value["contributions"]!
            .AsArray()
            .Select(one => ((string)one!["id"]!, (decimal)one["value"]!))
            .ShouldBe([("ex-2", 5), ("ex-1", 10)]);
    }

    [Fact]
    public async Task A_definition_that_does_not_compile_is_refused_with_its_place()
    {
        Answer put = await PutAsync("wrong", "source: SalesOrder\nmeasure: sum\nvalue: totl");

        put.Status.ShouldBe(422);
        JsonNode error = put.Json["errors"]![0]!;
        ((string)error["message"]!).ShouldContain("Did you mean `total`?");
        ((int)error["line"]!, (int)error["column"]!).ShouldBe((3, 8));
    }

    [Fact]
    public async Task A_stream_keeps_what_insights_need()
    {
        const string Stream = "insight-needs";
        const string Fields = "source: needs\nfields: { id: { type: text, required: true }";
        const string Rest =
            "object: Entitlement\nrecordId: id\nsubject: { object: needs, id: id, of: individual }\nkind: created\n";
        await host.DefineAsync(
            Stream,
            $"{Fields}, level: number }}\n{Rest}record: {{ needsLevel: level }}"
        );
        (
            await PutAsync("needs_level", "source: Entitlement\nmeasure: max\nvalue: needsLevel")
        ).Status.ShouldBe(200);

        Answer put = await host.SendAsync(
            HttpMethod.Put,
            $"/v1/definitions/stream/{Stream}",
            new StringContent($"{Fields} }}\n{Rest}", Encoding.UTF8, "application/yaml")
        );

        put.Status.ShouldBe(422);
        put.Text.ShouldContain("needs_level");
    }

    [Fact]
    public async Task Accounts_have_insights_of_their_own()
    {
        await PostAsync(
            "salesforce-account",
            """{"Id":"001in1","Name":"Initrode","SystemModstamp":"2026-01-01T00:00:00Z"}"""
        );
        await PostAsync(
            "salesforce-opportunity",
            """
            {"Id":"006in1","AccountId":"001in1","Amount":100,"StageName":"Closed Won","IsClosed":true,
             "IsWon":true,"SystemModstamp":"2026-03-01T00:00:00Z","CreatedDate":"2026-02-01T00:00:00Z"}
            """
        );
        await PostAsync(
            "salesforce-opportunity",
            """
            {"Id":"006in2","AccountId":"001in1","Amount":30,"StageName":"Proposal","IsClosed":false,
             "SystemModstamp":"2026-03-01T00:00:00Z","CreatedDate":"2026-02-01T00:00:00Z"}
            """
        );
        await host.Api.DrainAsync();

        JsonNode insights = (await host.GetAsync("/v1/accounts/001in1/insights")).Json["insights"]!;

        ((decimal)insights["open_pipeline"]!["value"]!).ShouldBe(30);
        ((decimal)insights["win_rate"]!["value"]!).ShouldBe(1);
        insights.AsObject().ContainsKey("lifetime_value").ShouldBeFalse();
    }

    [Fact]
    public async Task A_new_version_learns_of_the_past_while_the_old_one_serves()
    {
        await VisitAsync("in-5", "Searched", "s1");
        await VisitAsync("in-5", "Asked", "a1");
        await VisitAsync("in-6", "Searched", "s2");
        await host.Api.DrainAsync();
        (
            await PutAsync(
                "searches",
                "source: Engagement\nmeasure: count\nwhere: name = 'Searched'"
            )
        ).Status.ShouldBe(200);
        await VisitAsync("in-5", "Searched", "s3");
        await host.Api.DrainAsync();
        await CompleteAsync("searches", 1);

        (await SearchesAsync("in-5")).ShouldBe((2, 1));
        (await SearchesAsync("in-6")).ShouldBe((1, 1));

        (
            await PutAsync(
                "searches",
                "source: Engagement\nmeasure: count\nwhere: name != 'Viewed'"
            )
        ).Status.ShouldBe(200);
        (decimal Value, int Version) meanwhile = await SearchesAsync("in-5");
        new (decimal, int)[] { (2, 1), (3, 2) }.ShouldContain(meanwhile);
        await VisitAsync("in-6", "Asked", "a2");
        await host.Api.DrainAsync();
        await CompleteAsync("searches", 2);

        (await SearchesAsync("in-5")).ShouldBe((3, 2));
        (await SearchesAsync("in-6")).ShouldBe((2, 2));
    }

    [Fact]
    public async Task What_was_done_is_not_known_of_the_past()
    {
        await VisitAsync("in-7", "Searched", "s4");
        await host.Api.DrainAsync();

        JsonNode value = (
            await InsightsAsync("userId/in-7", "?at=2026-01-01T00:00:00Z&name=last_engaged_at")
        )["last_engaged_at"]!;

        value["value"].ShouldBeNull();
        ((string)value["why"]!).ShouldBe("not_kept");
    }

    [Fact]
    public async Task A_field_that_an_insight_writes_has_one_row_in_the_outbox_with_the_newest_value()
    {
        const string Yaml =
            "source: Entitlement\nmeasure: count\nwrites: { object: Contact, field: Entitlements__c }";
        (await PutAsync("entitlements", Yaml)).Status.ShouldBe(200);
        Answer second = await PutAsync("entitlements_again", Yaml);
        second.Status.ShouldBe(422);
        ((string)second.Json["errors"]![0]!["message"]!).ShouldBe(
            "Contact.Entitlements__c is written by the insight `entitlements`."
        );
        foreach (string id in new[] { "e1", "e2" })
        {
            await PostAsync(
                "entitlement",
                $$"""
                {"id":"{{id}}-in-8","userId":"in-8","status":"active","updatedAt":"2026-03-01T00:00:00Z"}
                """
            );
            await host.Api.DrainAsync();
        }

        string[] rows = await host.Database.RowsAsync(
            """
            select convert_from(payload, 'UTF8')::jsonb ->> 'value' from cdp.outbox
            where topic = 'enrichments/Contact/Entitlements__c'
                and convert_from(payload, 'UTF8')::jsonb ->> 'value' = '2'
            """
        );
        rows.ShouldBe(["2"]);
    }

    [Fact]
    public async Task Nobody_has_no_insights() =>
        (await host.GetAsync("/v1/individuals/customerId/in-nobody/insights")).ShouldBeProblem(
            404,
            "not_found"
        );

    private async Task<(decimal Value, int Version)> SearchesAsync(string user)
    {
        JsonNode value = (await InsightsAsync($"userId/{user}", "?name=searches"))["searches"]!;
        return ((decimal)value["value"]!, (int)value["version"]!);
    }

    private async Task CompleteAsync(string name, int version)
    {
        JsonNode? insight = null;
        await Eventually.BeAsync(
            async () =>
            {
                insight = (await host.GetAsync("/v1/insights")).Json["data"]!
                    .AsArray()
                    .First(one => (string)one!["name"]! == name);
                return (bool)insight!["complete"]! && (int)insight["shown"]! == version;
            },
            $"version {version} of {name} knows the past",
            () => insight?.ToJsonString() ?? ""
        );
    }

    private async Task<JsonNode> InsightsAsync(string identifier, string query = "")
    {
        Answer answer = await host.GetAsync($"/v1/individuals/{identifier}/insights{query}");
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Json["insights"]!;
    }

    private Task<Answer> PutAsync(string name, string yaml) =>
        host.SendAsync(
            HttpMethod.Put,
            $"/v1/definitions/insight/{name}",
            new StringContent(yaml, Encoding.UTF8, "application/yaml")
        );

    private Task OrderAsync(
        string id,
        string customer,
        decimal total,
        string at,
        string currency
    ) =>
        PostAsync(
            "commerce-order",
            $$"""
            {"orderId":"{{id}}","customerId":"{{customer}}","total":{{total}},"currency":"{{currency}}",
             "orderedAt":"{{at}}"}
            """
        );

    private async Task VisitAsync(string user, string name, string id) =>
        (
            await host.PostAsync(
                "/v1/track",
                $$"""{"userId":"{{user}}","event":"{{name}}","messageId":"{{id}}-{{user}}"}"""
            )
        ).Status.ShouldBeLessThan(300);

    private async Task PostAsync(string stream, string body)
    {
        Answer sent = await host.PostAsync($"/v1/streams/{stream}", body);
        sent.Status.ShouldBe(202, sent.Text);
    }
}
