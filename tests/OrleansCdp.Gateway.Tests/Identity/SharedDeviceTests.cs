using System.Text.Json.Nodes;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>One device, several people: who has the visitor's history, by each strategy, over HTTP.</summary>
[Collection(GatewayCollection.Name)]
public sealed class SharedDeviceTests(GatewayHost host)
{
    [Theory]
    [InlineData("conversion", "ada", true)]
    [InlineData("conversion", "ada", false)]
    [InlineData("link", "bob", true)]
    [InlineData("link", "bob", false)]
    [InlineData("bestMatch", "cleo", true)]
    [InlineData("bestMatch", "cleo", false)]
    public async Task One_of_those_who_signed_in_has_the_visitor_with_all_its_history(
        string strategy,
        string owner,
        bool inOrder
    )
    {
        string at = $"sd-{strategy}-{inOrder}".ToLowerInvariant();
        await DefineAsync(at, strategy);
        string[] events =
        [
            Visit(at, 0),
            SignIn(at, "ada", 1),
            SignIn(at, "cleo", 2, contactId: $"{at}-contact"),
            SignIn(at, "bob", 3),
            Visit(at, 4),
        ];
        foreach (string e in inOrder ? events : events.Reverse())
        {
            (await host.PostAsync($"/v1/streams/{at}", e)).Status.ShouldBe(202);
            await host.Api.DrainAsync();
        }

        foreach (string who in (string[])["ada", "bob", "cleo"])
        {
            JsonNode profile = await host.ProfileAsync(
                "userId",
                $"{at}-{who}",
                shown => Has(shown, at) == (who == owner)
            );
            int visits = who == owner ? 2 : 0;
            ((int)profile["insights"]!["engagementCount"]!).ShouldBe(1 + visits, $"{profile}");
        }

        (await host.CountsAsync(at, received: 5))[at, "applied"].ShouldBe(5);
    }

    [Fact]
    public async Task In_isolation_nobody_has_the_visitor_and_the_visitor_is_somebody_of_its_own()
    {
        const string at = "sd-isolation";
        await DefineAsync(at, "isolation");
        foreach (string e in (string[])[Visit(at, 0), SignIn(at, "ada", 1), Visit(at, 2)])
        {
            (await host.PostAsync($"/v1/streams/{at}", e)).Status.ShouldBe(202);
        }

        await host.CountsAsync(at, received: 3);

        JsonNode ada = await host.ProfileAsync("userId", $"{at}-ada");
        JsonNode visitor = await host.ProfileAsync("anonymousId", $"{at}-v");
        Has(ada, at).ShouldBeFalse($"{ada}");
        Has(visitor, at).ShouldBeTrue($"{visitor}");
        ((string)visitor["id"]!).ShouldNotBe((string)ada["id"]!);
        visitor["links"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_strategy_that_there_is_not_is_refused_where_it_stands()
    {
        string yaml = DefinitionOf("sd-none", "bestmatch");

        Answer refused = await host.SendAsync(
            HttpMethod.Put,
            "/v1/definitions/stream/sd-none",
            new StringContent(yaml, System.Text.Encoding.UTF8, "application/yaml")
        );

        refused.ShouldBeProblem(422, "does_not_compile");
        JsonNode error = refused.Json["errors"]!.AsArray().ShouldHaveSingleItem()!;
        ((string)error["pointer"]!).ShouldBe("sameAs.anonymous");
        ((string)error["message"]!).ShouldContain("Did you mean `bestMatch`?");
    }

    private static bool Has(JsonNode profile, string at) =>
        profile["links"]!
            .AsArray()
            .Any(link => link!.ToJsonString().Contains($"{at}-v", StringComparison.Ordinal));

    private static string Visit(string at, int minute) =>
        $$"""{"visitor":"{{at}}-v","at":"2026-06-01T12:0{{minute}}:00Z"}""";

    private static string SignIn(string at, string who, int minute, string? contactId = null) =>
        $$"""
            {"user":"{{at}}-{{who}}","visitor":"{{at}}-v","contact":"{{contactId}}",
             "at":"2026-06-01T12:0{{minute}}:00Z"}
            """;

    private Task DefineAsync(string name, string strategy) =>
        host.DefineAsync(name, DefinitionOf(name, strategy));

    private static string DefinitionOf(string source, string strategy) =>
        $$"""
            source: {{source}}
            nulls: ['']
            fields: { user: text, visitor: text, contact: text, at: timestamp }
            object: Engagement
            subject:
              - { object: user, id: user }
              - { object: visitor, id: visitor }
            sameAs: { object: visitor, id: visitor, anonymous: {{strategy}} }
            identifiers:
              - { type: contactId, field: contact, verified: true }
              - { type: userId, field: user, verified: true }
              - { type: anonymousId, field: visitor }
            record: { name: { constant: visit } }
            occurredAt: at
            """;
}
