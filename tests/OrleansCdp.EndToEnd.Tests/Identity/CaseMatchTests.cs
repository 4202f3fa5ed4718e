using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace OrleansCdp.Identity;

/// <summary>Cases that name no contact: whose they are is told by what their authors wrote, or later by an anchor.</summary>
public sealed class CaseMatchTests(RunningHost host) : IClassFixture<RunningHost>
{
    private const string Cases = "salesforce-case";

    [Fact]
    public async Task A_case_goes_to_whom_it_matches_or_waits_and_ends_at_its_contact_once()
    {
        await SendAsync("salesforce-contact", Contact("0031", "Ada", "Lovelace"));
        await host.Api.DrainAsync();

        await SendAsync(
            Cases,
            Case("5001", "New", "Ada Lovelace", "ada.lovelace@example.com"),
            Case("5002", "New", "Zed Zabel", "zed@nowhere.example"),
            Case("5003", "New", "Zed Zabel", "zed@nowhere.example"),
            Case("5004", "New", "", "")
        );
        await host.Api.DrainAsync();

        JsonNode ada = (await host.Api.ContextAsync("contactId", "0031"))!;
        IdsOf(ada, "open").ShouldBe(["5001"]);
        (await IndividualsAsync()).ShouldBe(1);
        (await host.Api.GetAsync("/v1/individuals/email/zed@nowhere.example")).ShouldBeNull();
        Dictionary<string, JsonNode> links = await LinksAsync();
        string individual = (string)ada["id"]!;
        ((string)links["5001"]["individual"]!).ShouldBe(individual);
        ((string)links["5001"]["kind"]!).ShouldBe("linked");
        ((string)links["5001"]["rule"]!).ShouldBe("service");
        ((string)links["5002"]["kind"]!).ShouldBe("unresolved");
        links["5002"]["individual"].ShouldBeNull();
        ((string)links["5002"]["group"]!).ShouldBe((string)links["5003"]["group"]!);
        JsonNode pool = (await host.Api.GetAsync("/v1/identity/unresolved?ruleset=service"))!;
        pool["data"]!
            .AsArray()
            .Select(group => group!["members"]!.AsArray().Count)
            .ShouldBe([2, 1], ignoreOrder: true);
        ((string)links["5004"]["reason"]!).ShouldBe("nothing_to_compare");

        // One is closed with its contact; what was written of its author brings the other one along.
        await SendAsync(Cases, Case("5002", "Closed", "Zed Zabel", "zed@nowhere.example", "0031"));
        await SendAsync(Cases, Case("5004", "Closed", "", "", "0031"));
        await host.Api.DrainAsync();

        ada = (await host.Api.ContextAsync("contactId", "0031"))!;
        IdsOf(ada, "open").ShouldBe(["5001", "5003"], ignoreOrder: true);
        IdsOf(ada, "recent").ShouldBe(["5002", "5004"], ignoreOrder: true);
        JsonNode closed = ada["cases"]!["recent"]!
            .AsArray()
            .First(c => (string)c!["id"]! == "5002")!;
        ((string)closed["createdAt"]!).ShouldStartWith("2026-03-01");
        (await IndividualsAsync()).ShouldBe(1);
        links = await LinksAsync();
        ((string)links["5002"]["rule"]!).ShouldBe("anchor");
        links.ShouldNotContainKey("5004");

        // What matches somebody is another's as soon as its contact is named.
        await SendAsync("salesforce-contact", Contact("0032", "Bert", "Bloom"));
        await SendAsync(
            Cases,
            Case("5001", "Closed", "Ada Lovelace", "ada.lovelace@example.com", "0032")
        );
        await host.Api.DrainAsync();
        JsonNode bert = (await host.Api.ContextAsync("contactId", "0032"))!;
        IdsOf(bert, "recent").ShouldBe(["5001"]);
        ada = (await host.Api.ContextAsync("contactId", "0031"))!;
        IdsOf(ada, "open").ShouldBe(["5003"]);
        (await IndividualsAsync()).ShouldBe(2);
        await LogOracle.CheckAsync(host);

        await host.KillAsync();
        await host.StartAsync();
        await LogOracle.CheckAsync(host);
    }

    private static string[] IdsOf(JsonNode context, string which) =>
        [.. context["cases"]![which]!.AsArray().Select(one => (string)one!["id"]!)];

    private static JsonObject Contact(string id, string firstName, string lastName) =>
        new()
        {
            ["Id"] = id,
            ["FirstName"] = firstName,
            ["LastName"] = lastName,
            ["Email"] = $"{firstName}.{lastName}@example.com".ToLower(CultureInfo.InvariantCulture),
            ["CreatedDate"] = "2026-02-01T10:00:00Z",
            ["SystemModstamp"] = "2026-02-01T10:00:00Z",
        };

    private static JsonObject Case(
        string id,
        string status,
        string name,
        string email,
        string? contact = null
    )
    {
        JsonObject record = new()
        {
            ["Id"] = id,
            ["Status"] = status,
            ["Type"] = "Question",
            ["CreatedDate"] = "2026-03-01T10:00:00Z",
            ["SystemModstamp"] = status == "New" ? "2026-03-01T10:00:00Z" : "2026-03-02T10:00:00Z",
        };
        if (name.Length > 0)
        {
            record["SuppliedName"] = name;
            record["SuppliedEmail"] = email;
        }

        if (contact is not null)
        {
            record["ContactId"] = contact;
        }

        return record;
    }

    private async Task SendAsync(string stream, params JsonObject[] records)
    {
        var (status, json) = await host.Api.PostAsync(
            $"/v1/streams/{stream}",
            new JsonArray([.. records]).ToJsonString(),
            "application/json"
        );
        status.ShouldBe(HttpStatusCode.Accepted, json?.ToJsonString());
        ((int)json!["accepted"]!).ShouldBe(records.Length, json.ToJsonString());
    }

    private async Task<Dictionary<string, JsonNode>> LinksAsync()
    {
        string lines = await host.Api.TextAsync(
            "/v1/identity/links?source=salesforce&ruleset=service"
        );
        return lines
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonNode.Parse(line)!)
            .ToDictionary(link => ((string)link["link"]!).Split('/')[2]);
    }

    private async Task<long> IndividualsAsync() =>
        (long)(await host.Api.GetAsync("/v1/status"))!["individuals"]!;
}
