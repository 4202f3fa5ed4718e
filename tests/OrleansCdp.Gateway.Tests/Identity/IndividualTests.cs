using System.Text.Json.Nodes;

namespace OrleansCdp.Identity;

/// <summary>Profiles say where every value comes from; accounts say who belongs to them.</summary>
[Collection(GatewayCollection.Name)]
public sealed class IndividualTests(GatewayHost host)
{
    [Fact]
    public async Task A_profile_says_where_a_value_comes_from_and_on_demand_what_lost()
    {
        await SendAsync(
            "salesforce-contact",
            """
            {"Id":"003I","FirstName":"Ada","Email":"ada@profile.example","SystemModstamp":"2026-01-01T00:00:00Z"}
            """
        );
        await host.PostAsync(
            "/v1/identify",
            """
            {"userId":"i-web","messageId":"i-web-1","timestamp":"2026-02-01T00:00:00Z",
             "traits":{"firstName":"Countess","email":"ada@profile.example"}}
            """
        );
        await host.Api.DrainAsync();
        string path = "/v1/individuals/contactId/003I";

        JsonNode plain = (await host.GetAsync(path)).Json;
        JsonNode explained = (await host.GetAsync(path + "?explain=true")).Json;

        plain["links"]!.AsArray().Count.ShouldBe(2);
        plain["traits"]!["firstName"]!.AsObject().ContainsKey("lost").ShouldBeFalse();
        JsonNode won = explained["traits"]!["firstName"]!;
        JsonNode lost = won["lost"]!.AsArray().ShouldHaveSingleItem()!;
        ShouldSay(won, "Countess", "web", "web/user/i-web", "2026-02-01");
        ShouldSay(lost, "Ada", "salesforce", "salesforce/Contact/003I", "2026-01-01");
        (await host.GetAsync("/v1/individuals/userId/i-web")).Json["id"]!
            .ToString()
            .ShouldBe((string)plain["id"]!);
    }

    [Fact]
    public async Task An_account_is_found_by_our_id_and_by_its_sources()
    {
        await SendAsync(
            "salesforce-account",
            """{"Id":"001I","Name":"Initech","SystemModstamp":"2026-01-01T00:00:00Z"}"""
        );
        await SendAsync(
            "salesforce-contact",
            """{"Id":"003J","AccountId":"001I","SystemModstamp":"2026-01-01T00:00:00Z"}"""
        );
        JsonNode? account = null;
        await Eventually.BeAsync(
            async () =>
                (account = await host.Api.GetAsync("/v1/accounts/001I"))
                    ?["members"]!.AsArray()
                    .Count == 1,
            "the account has its member",
            () => account?.ToJsonString() ?? "none"
        );

        ((string)account!["traits"]!["name"]!).ShouldBe("Initech");
        string member = (string)(await host.ProfileAsync("contactId", "003J"))["id"]!;
        ((string)account["members"]![0]!).ShouldBe(member);
        Answer byId = await host.GetAsync("/v1/accounts/" + (string)account["id"]!);
        byId.Json.ToJsonString().ShouldBe(account.ToJsonString());
    }

    [Theory]
    [InlineData("001-nobodys")]
    [InlineData("acc_0000000000000000000000")]
    public async Task An_account_that_is_none_is_not_found(string id) =>
        (await host.GetAsync("/v1/accounts/" + id)).ShouldBeProblem(404, "not_found");

    private static void ShouldSay(
        JsonNode trait,
        string value,
        string source,
        string link,
        string day
    )
    {
        ((string)trait["value"]!).ShouldBe(value);
        ((string)trait["source"]!).ShouldBe(source);
        ((string)trait["link"]!).ShouldBe(link);
        ((string)trait["at"]!).ShouldStartWith(day);
    }

    private async Task SendAsync(string stream, string body)
    {
        Answer answer = await host.PostAsync($"/v1/streams/{stream}", body);
        ((int)answer.Json["accepted"]!).ShouldBe(1, answer.Text);
    }
}
