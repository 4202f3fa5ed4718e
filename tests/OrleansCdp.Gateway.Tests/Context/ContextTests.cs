using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace OrleansCdp.Context;

/// <summary>Who is this, right now?</summary>
[Collection(GatewayCollection.Name)]
public sealed class ContextTests(GatewayHost host)
{
    [Fact]
    public async Task The_default_graph_holds_all_that_is_known_of_somebody()
    {
        await SendAsync(
            "salesforce-account",
            """{"Id":"001C","Name":"Initech","Industry":"Software","SystemModstamp":"2026-01-01T00:00:00Z"}"""
        );
        await SendAsync(
            "salesforce-contact",
            """
            {"Id":"003C","AccountId":"001C","FirstName":"Ada","Email":"ada@context.example",
             "SystemModstamp":"2026-01-01T00:00:00Z"}
            """
        );
        await SendAsync(
            "salesforce-case",
            """
            [{"Id":"500C1","ContactId":"003C","Status":"New","Subject":"Open","SystemModstamp":"2026-01-02T00:00:00Z"},
             {"Id":"500C2","ContactId":"003C","Status":"New","SystemModstamp":"2026-01-02T00:00:00Z"},
             {"Id":"500C2","ContactId":"003C","Status":"Closed","SystemModstamp":"2026-01-03T00:00:00Z"}]
            """
        );
        await SendAsync(
            "commerce-order",
            """
            {"orderId":"o-c","customerId":"c-c","email":"ada@context.example","emailVerified":true,
             "currency":"EUR","total":12.50,"orderedAt":"2026-01-04T00:00:00Z",
             "lines":[{"productId":"p-1","category":"music","quantity":1,"amount":12.50}]}
            """
        );
        await SendAsync(
            "web",
            string.Join('\n', Enumerable.Range(0, 25).Select(Visit)),
            "x-ndjson"
        );
        await host.Api.DrainAsync();

        Answer answer = await host.GetAsync("/v1/context/contactId/003C");

        answer.Status.ShouldBe(200, answer.Text);
        answer.MediaType.ShouldBe("application/json");
        JsonNode graph = answer.Json;
        ((string)graph["traits"]!["firstName"]!).ShouldBe("Ada");
        graph["identifiers"]!.AsArray().Count.ShouldBeGreaterThanOrEqualTo(2);
        ((int)graph["insights"]!["orderCount"]!).ShouldBe(1);
        graph["insights"]!["revenue"]![0]!["amount"]!.GetValue<decimal>().ShouldBe(12.50m);
        ((string)graph["insights"]!["firstOrderAt"]!).ShouldBe("2026-01-04T00:00:00Z");
        ((string)graph["insights"]!["lastOrderAt"]!).ShouldBe("2026-01-04T00:00:00Z");
        ((string)graph["insights"]!["lastEngagementAt"]!).ShouldBe("2026-02-01T00:24:00Z");
        ((int)graph["insights"]!["openCases"]!).ShouldBe(1);
        ((string)graph["cases"]!["open"]![0]!["id"]!).ShouldBe("500C1");
        ((string)graph["cases"]!["recent"]![0]!["id"]!).ShouldBe("500C2");
        ((string)graph["orders"]![0]!["lines"]![0]!["product"]!).ShouldBe("p-1");
        graph["interactions"]!.AsArray().Count.ShouldBe(Limits.InteractionsMax);
        ((string)graph["interactions"]![0]!["name"]!).ShouldBe("Visit 24");
        ((string)graph["account"]!["traits"]!["name"]!).ShouldBe("Initech");
        DateTimeOffset
            .Parse(answer.Header("Cdp-As-Of")!, null)
            .ShouldBeGreaterThan(DateTimeOffset.UtcNow.AddHours(-1));
    }

    [Fact]
    public async Task A_tag_saves_the_answer_until_something_changes()
    {
        await IdentifyAsync("x-tag", "Ada");
        await host.ProfileAsync("userId", "x-tag");
        Answer first = await TaggedAsync("x-tag", []);
        string tag = first.Header("ETag").ShouldNotBeNull();

        foreach (string asked in new[] { tag, "W/" + tag, $"\"other\", {tag}", "*" })
        {
            Answer unchanged = await TaggedAsync("x-tag", [asked]);
            unchanged.Status.ShouldBe(304, asked);
            unchanged.Text.ShouldBeEmpty();
            unchanged.Header("ETag").ShouldBe(tag);
            unchanged.Header("Cdp-As-Of").ShouldBe(first.Header("Cdp-As-Of"));
        }

        (await TaggedAsync("x-tag", ["\"other\""])).Status.ShouldBe(200);
        (await TaggedAsync("x-tag", ["nonsense"])).Status.ShouldBe(200);
        await IdentifyAsync("x-tag", "Grace");
        Answer? changed = null;
        await Eventually.BeAsync(
            async () => (changed = await TaggedAsync("x-tag", [tag])).Status == 200,
            "the change is visible"
        );
        changed!.Header("ETag").ShouldNotBe(tag);
    }

    [Fact]
    public async Task Every_identifier_of_somebody_finds_the_same_answer()
    {
        await host.PostAsync(
            "/v1/identify",
            """
            {"userId":"x-many","anonymousId":"x-visitor",
             "traits":{"email":"Many@Context.example","phone":"+1 650-253-0000"}}
            """
        );
        string id = (string)(await host.ProfileAsync("userId", "x-many"))["id"]!;
        await host.Api.DrainAsync();

        foreach (
            string path in new[]
            {
                "userId/x-many",
                "anonymousId/x-visitor",
                "email/many@context.example",
                "email/MANY%40context.example",
                "phone/%2B16502530000",
                "phone/%2B1%20650%20253%200000",
                "individual/" + id,
            }
        )
        {
            Answer answer = await host.GetAsync("/v1/context/" + path);
            answer.Status.ShouldBe(200, path + answer.Text);
            ((string)answer.Json["id"]!).ShouldBe(id, path);
        }
    }

    [Theory]
    [InlineData("userId/nobody")]
    [InlineData("shoeSize/38")]
    [InlineData("individual/nobody")]
    [InlineData("individual/ind_0000000000000000000000")]
    [InlineData("email/no-address")]
    [InlineData("phone/none")]
    public async Task Nobody_is_not_found(string path)
    {
        (await host.GetAsync("/v1/context/" + path)).ShouldBeProblem(404, "not_found");
        (await host.GetAsync("/v1/individuals/" + path)).ShouldBeProblem(404, "not_found");
    }

    [Fact]
    public async Task An_unknown_graph_is_not_found()
    {
        await IdentifyAsync("x-graph", "Ada");
        await host.ProfileAsync("userId", "x-graph");

        (await host.GetAsync("/v1/context/userId/x-graph?graph=service")).Status.ShouldBe(200);
        (await host.GetAsync("/v1/context/userId/x-graph?graph=sails")).ShouldBeProblem(
            404,
            "unknown_graph"
        );
    }

    [Fact]
    public async Task An_identifier_that_two_people_bear_is_ambiguous_even_when_it_was_not_before()
    {
        await PhoneAsync("x-first", "+49 30 901820");
        string first = (string)(await host.ProfileAsync("userId", "x-first"))["id"]!;
        await host.Api.DrainAsync();
        Answer alone = await host.GetAsync("/v1/context/phone/%2B4930901820");
        ((string)alone.Json["id"]!).ShouldBe(first, alone.Text);

        await PhoneAsync("x-second", "+49 30 901820");
        string second = (string)(await host.ProfileAsync("userId", "x-second"))["id"]!;
        Answer? both = null;
        await Eventually.BeAsync(
            async () =>
                (both = await host.GetAsync("/v1/context/phone/%2B4930901820")).Status == 409,
            "the second bearer is noticed"
        );

        both!.ShouldBeProblem(409, "ambiguous_identifier").Json["candidates"]!
            .AsArray()
            .Select(candidate => (string)candidate!)
            .Order(StringComparer.Ordinal)
            .ShouldBe(new[] { first, second }.Order(StringComparer.Ordinal));
        (await host.GetAsync("/v1/individuals/phone/%2B4930901820")).ShouldBeProblem(
            409,
            "ambiguous_identifier"
        );
    }

    private static string Visit(int number) =>
        $$$$"""
            {"type":"track","event":"Visit {{{{number}}}}","userId":"c-web","messageId":"c-web-{{{{number}}}}",
             "timestamp":"2026-02-01T00:{{{{number:D2}}}}:00Z","context":{"traits":{"email":"ada@context.example"}}}
            """.ReplaceLineEndings("");

    private async Task SendAsync(string stream, string body, string kind = "json")
    {
        Answer answer = await host.PostAsync(
            $"/v1/streams/{stream}",
            body,
            mediaType: "application/" + kind
        );
        answer.Json["quarantined"]!.AsArray().ShouldBeEmpty(answer.Text);
    }

    private Task<Answer> IdentifyAsync(string user, string name) =>
        host.PostAsync(
            "/v1/identify",
            $$$"""{"userId":"{{{user}}}","traits":{"firstName":"{{{name}}}"}}"""
        );

    private Task<Answer> PhoneAsync(string user, string phone) =>
        host.PostAsync(
            "/v1/identify",
            $$$"""{"userId":"{{{user}}}","traits":{"phone":"{{{phone}}}"}}"""
        );

    private Task<Answer> TaggedAsync(string user, string[] tags)
    {
        HttpRequestMessage request = new(HttpMethod.Get, "/v1/context/userId/" + user);
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            GatewayHost.AdminKey
        );
        foreach (string tag in tags)
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", tag);
        }

        return host.SendAsync(request);
    }
}
