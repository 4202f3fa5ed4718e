using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Segments;

/// <summary>Segments that ask for the account somebody belongs to, over HTTP.</summary>
[Collection(GatewayCollection.Name)]
public sealed class AccountSegmentTests(GatewayHost host)
{
    private readonly Reviewed segments = new(host);

    [Fact]
    public async Task What_is_known_of_an_account_makes_its_people_enter_and_leave()
    {
        await AccountAsync("001sa", "Banking");
        await ContactAsync("003sa1", "001sa");
        await ContactAsync("003sa2", "001sa");
        await ContactAsync("003sa3", "001sa-other");
        int version = await segments.ApproveAsync(
            "bankers",
            "criteria: account.industry = 'Banking' and not account.insights.account_open_cases > 0"
        );
        JsonNode preview = await segments.PreviewedAsync("bankers", version);
        ((long)preview["moves"]!).ShouldBe(2, "accounts are asked before they tell anybody");
        (await segments.ActivateAsync("bankers", version, moves: 2)).Status.ShouldBe(200);
        await segments.CountedAsync("bankers", 2);
        string one = await segments.IndividualAsync("003sa1");
        await LastAsync(one, "bankers", "entered", "version");

        await AccountAsync("001sa-other", "Banking");
        await segments.CountedAsync("bankers", 3);
        string third = await segments.IndividualAsync("003sa3");
        await LastAsync(third, "bankers", "entered", "account");
        JsonNode why = await segments.GetAsync("/v1/segments/bankers/why/contactId/003sa3");
        ((bool)why["ready"]!).ShouldBeTrue();
        JsonNode asked = why["asked"]!
            .AsArray()
            .Single(part => (string)part!["asked"]! == "account.industry")!;
        ((string)asked["value"]!).ShouldBe("Banking");
        ((string)asked["account"]!).ShouldStartWith("acc_");

        // A case of one person, which counts at the account, has all its people leave.
        await PostAsync(
            "salesforce-case",
            """
            {"Id":"500sa","ContactId":"003sa2","AccountId":"001sa","Status":"New",
             "CreatedDate":"2026-01-02T00:00:00Z","SystemModstamp":"2026-01-02T00:00:00Z"}
            """
        );
        await segments.CountedAsync("bankers", 1);
        await LastAsync(one, "bankers", "exited", "account");

        // Who goes to another account is told by that one.
        await ContactAsync("003sa1", "001sa-other", "2026-02-01T00:00:00Z");
        await segments.CountedAsync("bankers", 2);
        await LastAsync(one, "bankers", "entered", "account");
    }

    [Fact]
    public async Task Time_alone_changes_what_is_known_of_an_account()
    {
        (
            await host.SendAsync(
                HttpMethod.Put,
                "/v1/definitions/insight/recent_deals",
                new StringContent(
                    "of: account\nsource: Opportunity\nmeasure: count\nwindow: 30 days",
                    Encoding.UTF8,
                    "application/yaml"
                )
            )
        ).Status.ShouldBe(200);
        await ContactAsync("003sb1", "001sb");
        await segments.ActivateAsync("dealing", "criteria: account.insights.recent_deals > 0");
        JsonNode? why = null;
        await Eventually.BeAsync(
            async () =>
            {
                why = await segments.GetAsync("/v1/segments/dealing/why/contactId/003sb1");
                return (bool)why["ready"]!;
            },
            "the account has told what is asked",
            () => why?.ToJsonString() ?? ""
        );
        string until = DateTimeOffset
            .UtcNow.AddDays(-30)
            .AddSeconds(30)
            .ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
        await PostAsync(
            "salesforce-opportunity",
            $$"""
            {"Id":"006sb","AccountId":"001sb","StageName":"Open","Amount":5,"CreatedDate":"{{until}}",
             "SystemModstamp":"{{until}}"}
            """
        );
        string one = await segments.IndividualAsync("003sb1");
        await LastAsync(one, "dealing", "entered", "account");

        await LastAsync(one, "dealing", "exited", "account");
    }

    private async Task LastAsync(string individual, string segment, string change, string cause)
    {
        JsonNode? last = null;
        await Eventually.BeAsync(
            async () =>
            {
                JsonNode all = await segments.GetAsync($"/v1/segments/{segment}/changes");
                last = all["data"]!
                    .AsArray()
                    .LastOrDefault(one => (string)one!["individual"]! == individual);
                return last is not null && (string)last["change"]! == change;
            },
            $"{individual} {change} {segment}",
            () => last?.ToJsonString() ?? ""
        );
        ((string)last!["cause"]!).ShouldBe(cause, last.ToJsonString());
    }

    private Task AccountAsync(string id, string industry) =>
        PostAsync(
            "salesforce-account",
            $$"""
            {"Id":"{{id}}","Name":"{{id}}","Industry":"{{industry}}","SystemModstamp":"2026-01-01T00:00:00Z"}
            """
        );

    private Task ContactAsync(string id, string account, string at = "2026-01-01T00:00:00Z") =>
        PostAsync(
            "salesforce-contact",
            $$"""
            {"Id":"{{id}}","AccountId":"{{account}}","LastName":"L{{id}}","SystemModstamp":"{{at}}"}
            """
        );

    private async Task PostAsync(string stream, string body)
    {
        Answer sent = await host.PostAsync($"/v1/streams/{stream}", body);
        sent.Status.ShouldBe(202, sent.Text);
        await host.Api.DrainAsync();
    }
}
