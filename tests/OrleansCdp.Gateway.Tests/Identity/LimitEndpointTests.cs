using System.Globalization;
using System.Text.Json.Nodes;

namespace OrleansCdp.Identity;

/// <summary>Which limits are met operators see, and what is over a limit names nobody.</summary>
[Collection(GatewayCollection.Name)]
public sealed class LimitEndpointTests(GatewayHost host)
{
    private const string Limits = "/v1/identity/limits";

    [Theory]
    [InlineData("?kind=nothing", "bad_filter")]
    [InlineData("?limit=0", "bad_limit")]
    [InlineData("?limit=1001", "bad_limit")]
    [InlineData("?cursor=1:2", "bad_cursor")]
    [InlineData("?kind=growth&cursor=x", "bad_cursor")]
    [InlineData("?kind=closedKey&cursor=1:x", "bad_cursor")]
    [InlineData("?kind=component&cursor=1:%00", "bad_cursor")]
    public async Task What_is_no_list_is_refused(string query, string code) =>
        (await host.GetAsync(Limits + query)).ShouldBeProblem(400, code);

    [Theory]
    [InlineData("")]
    [InlineData("?limit=1000&kind=sharedIdentifier")]
    [InlineData("?limit=1&kind=closedKey&cursor=1:-7")]
    [InlineData("?kind=component&cursor=0:x")]
    [InlineData("?kind=growth&cursor=0:x")]
    public async Task Every_list_has_an_answer(string query) =>
        (await host.GetAsync(Limits + query)).Json["data"]!.AsArray().Count.ShouldBeLessThan(1_001);

    /// <summary>The shipped rulesets let twenty phone numbers name somebody.</summary>
    [Fact]
    public async Task The_last_phone_numbers_name_somebody_and_one_that_was_stated_before_them_does_not()
    {
        for (int i = 0; i < 20; i++)
        {
            await SayAsync(i);
        }

        await host.Api.DrainAsync();
        (await FindAsync(0)).Status.ShouldBe(200);
        (await FindAsync(19)).Status.ShouldBe(200);

        await SayAsync(20);
        await host.Api.DrainAsync();

        await Eventually.BeAsync(
            async () => (await FindAsync(0)).Status == 404,
            "the number stated longest ago names nobody",
            () => "somebody"
        );
        (await FindAsync(1)).Status.ShouldBe(200);
        (await FindAsync(20)).Status.ShouldBe(200);
        JsonNode? profile = (await host.GetAsync("/v1/individuals/contactId/003Limit")).Json;
        profile!
            .ToJsonString()
            .ShouldContain(Phone(0)[1..], Case.Sensitive, "what was said stays said");
        string id = (string)profile["id"]!;
        await Eventually.BeAsync(
            async () =>
                (await host.GetAsync(Limits + "?kind=identifiers")).Json["data"]!
                    .AsArray()
                    .Any(one =>
                        (string)one!["subject"]! == id
                        && (long)one["amount"]! == 1
                        && (string)one["detail"]! == "phone"
                    ),
            "operators see whose it is",
            () => id
        );
    }

    /// <summary>The shipped rulesets let an email be five individuals'.</summary>
    [Fact]
    public async Task A_case_that_only_a_mailbox_gave_to_somebody_is_given_back_when_too_many_have_it()
    {
        const string desk = "desk@limit.example";
        await host.PostAsync(
            "/v1/streams/salesforce-case",
            $$"""
            {"Id":"500Limit","Status":"New","CreatedDate":"2026-03-01T10:00:00Z",
             "SuppliedName":"Berenike Quast","SuppliedEmail":"{{desk}}"}
            """
        );
        string[] names = ["Quast", "Imhoff", "Zobel", "Yorck", "Drawe"];
        foreach (string name in names)
        {
            await ContactAsync(name);
        }

        await host.Api.DrainAsync();
        await ShouldBelongAsync(somebody: true);

        await ContactAsync("Onegin");
        await host.Api.DrainAsync();

        await ShouldBelongAsync(somebody: false);
        JsonNode why = (
            await host.GetAsync("/v1/identity/links/salesforce/Case/500Limit?ruleset=service")
        ).Json;
        ((string)why["decisions"]![0]!["reason"]!).ShouldBe("identifier_shared");
        JsonNode met = (await host.GetAsync(Limits + "?kind=sharedIdentifier")).Json["data"]!
            .AsArray()
            .Single(one => (string)one!["subject"]! == desk)!;
        ((string)met["ruleset"]!, (string)met["detail"]!, (int)met["amount"]!).ShouldBe(
            ("service", "email", names.Length + 1)
        );
        met["at"].ShouldNotBeNull();

        Task ShouldBelongAsync(bool somebody) =>
            Eventually.BeAsync(
                async () =>
                {
                    Answer lines = await host.GetAsync(
                        "/v1/identity/links?source=salesforce&ruleset=service"
                    );
                    JsonNode link = lines
                        .Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                        .Select(line => JsonNode.Parse(line)!)
                        .Single(one => (string)one["link"]! == "salesforce/Case/500Limit");
                    return link["individual"] is not null == somebody;
                },
                $"the case is somebody's: {somebody}"
            );

        async Task ContactAsync(string name) =>
            (
                await host.PostAsync(
                    "/v1/streams/salesforce-contact",
                    $$"""
                    {"Id":"003{{name}}","FirstName":"{{(name == names[0] ? "Berenike" : "Karl")}}",
                     "LastName":"{{name}}","Email":"{{desk}}","SystemModstamp":"2026-01-01T00:00:00Z"}
                    """
                )
            ).Status.ShouldBe(202);
    }

    private static string Phone(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"+49301234{500 + number}");

    private Task<Answer> FindAsync(int number) =>
        host.GetAsync($"/v1/individuals/phone/{Uri.EscapeDataString(Phone(number))}");

    private async Task SayAsync(int number) =>
        (
            await host.PostAsync(
                "/v1/streams/salesforce-contact",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $$"""
                    {"Id":"003Limit","LastName":"Limes","Phone":"{{Phone(number)}}",
                     "SystemModstamp":"2026-01-01T00:00:{{number:D2}}Z"}
                    """
                )
            )
        ).Status.ShouldBe(202);
}
