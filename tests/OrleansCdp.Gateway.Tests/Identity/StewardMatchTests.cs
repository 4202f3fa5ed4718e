using System.Text.Json.Nodes;

namespace OrleansCdp.Identity;

/// <summary>A person's word about a record that no anchor names is stronger than what it says.</summary>
[Collection(GatewayCollection.Name)]
public sealed class StewardMatchTests(GatewayHost host)
{
    [Fact]
    public async Task A_case_that_is_taken_from_a_contact_does_not_come_back_and_may_be_given_by_hand()
    {
        await host.PostAsync(
            "/v1/streams/salesforce-contact",
            """
            [{"Id":"nv1","FirstName":"Nora","LastName":"Vale","Email":"nora.vale@steward.example",
              "CreatedDate":"2026-02-01T10:00:00Z","SystemModstamp":"2026-02-01T10:00:00Z"}]
            """
        );
        await host.Api.DrainAsync();
        await SendCaseAsync("New");
        JsonNode linked = await LinkAsync();
        string nora = (string)linked["individual"]!;

        (
            await PostAsync("unmerge", """{"link":"salesforce/Case/nv9","reason":"her mother"}""")
        ).Status.ShouldBe(200);

        JsonNode moved = (await host.GetAsync($"/v1/identity/history/{nora}")).Json["data"]!
            .AsArray()
            .First(row => (string?)row!["link"] == "salesforce/Case/nv9")!;
        ((string)moved["rule"]!, (string)moved["reason"]!).ShouldBe(("steward", "her mother"));
        ((string)moved["author"]!).ShouldNotBeEmpty();
        (await LinkAsync())["individual"].ShouldBeNull();
        ((string)(await LinkAsync())["kind"]!).ShouldBe("unresolved");
        await SendCaseAsync("Closed");
        (await LinkAsync())["individual"].ShouldBeNull();

        string record = SubjectIds.RecordOf(new LinkKey("salesforce", "Case", "nv9"));
        JsonObject merge = new()
        {
            ["survivor"] = nora,
            ["other"] = record,
            ["reason"] = "it was her after all",
        };
        (await PostAsync("merge", merge.ToJsonString())).Status.ShouldBe(200);

        ((string)(await LinkAsync())["individual"]!).ShouldBe(nora);
        JsonNode context = (await host.Api.ContextAsync("contactId", "nv1"))!;
        context["cases"]!.ToJsonString().ShouldContain("nv9");
    }

    [Fact]
    public async Task A_case_that_is_taken_from_a_contact_goes_to_the_next_one_and_never_back()
    {
        await host.PostAsync(
            "/v1/streams/salesforce-contact",
            """
            [{"Id":"ow1","FirstName":"Olga","LastName":"Wirth","Email":"olga.wirth@steward.example",
              "CreatedDate":"2026-02-01T10:00:00Z","SystemModstamp":"2026-02-01T10:00:00Z"},
             {"Id":"ow2","FirstName":"Paul","LastName":"Xaver","Email":"paul.xaver@steward.example",
              "CreatedDate":"2026-02-01T10:00:00Z","SystemModstamp":"2026-02-01T10:00:00Z"}]
            """
        );
        await SendAsync(10, contact: null);
        ((string)(await LinkAsync("ow9"))["kind"]!).ShouldBe("linked");
        (
            await PostAsync("unmerge", """{"link":"salesforce/Case/ow9","reason":"her son"}""")
        ).Status.ShouldBe(200);

        await SendAsync(11, contact: "ow1");
        (await LinkAsync("ow9"))["individual"].ShouldBeNull();
        JsonNode open = (await OpenAsync("ow9")).ShouldHaveSingleItem();
        ((string)open["reason"]!).ShouldBe("overruled");
        ((string)open["eventId"]!).ShouldNotBeEmpty();
        ((string)open["individual"]!).ShouldBe(
            SubjectIds.RecordOf(new LinkKey("salesforce", "Case", "ow9"))
        );

        await SendAsync(12, contact: "ow2");
        (await OpenAsync("ow9")).ShouldBeEmpty();
        (await host.Api.ContextAsync("contactId", "ow2"))!["cases"]!
            .ToJsonString()
            .ShouldContain("ow9");

        await SendAsync(13, contact: "ow1");
        (await host.Api.ContextAsync("contactId", "ow2"))!["cases"]!
            .ToJsonString()
            .ShouldContain("ow9");
        (await host.Api.ContextAsync("contactId", "ow1"))!["cases"]!
            .ToJsonString()
            .ShouldNotContain("ow9");

        async Task SendAsync(int hour, string? contact)
        {
            JsonObject record = new()
            {
                ["Id"] = "ow9",
                ["Status"] = "New",
                ["CreatedDate"] = "2026-03-01T10:00:00Z",
                ["SystemModstamp"] = $"2026-03-01T{hour}:00:00Z",
                ["SuppliedName"] = "Olga Wirth",
                ["SuppliedEmail"] = "olga.wirth@steward.example",
            };
            if (contact is not null)
            {
                record["ContactId"] = contact;
            }

            await host.PostAsync(
                "/v1/streams/salesforce-case",
                new JsonArray(record).ToJsonString()
            );
            await host.Api.DrainAsync();
        }
    }

    private async Task SendCaseAsync(string status)
    {
        int hour = status == "New" ? 10 : 11;
        await host.PostAsync(
            "/v1/streams/salesforce-case",
            $$"""
            [{"Id":"nv9","Status":"{{status}}","CreatedDate":"2026-03-01T10:00:00Z",
              "SystemModstamp":"2026-03-01T{{hour}}:00:00Z","SuppliedName":"Nora Vale",
              "SuppliedEmail":"nora.vale@steward.example"}]
            """
        );
        await host.Api.DrainAsync();
    }

    private async Task<JsonNode[]> OpenAsync(string id) =>
        [
            .. (await host.GetAsync("/v1/identity/open?limit=200")).Json["data"]!
                .AsArray()
                .Where(one => (string)one!["link"]! == $"salesforce/Case/{id}")
                .Select(one => one!),
        ];

    private Task<Answer> PostAsync(string what, string json) =>
        host.PostAsync($"/v1/identity/{what}", json);

    private async Task<JsonNode> LinkAsync(string id = "nv9")
    {
        Answer lines = await host.GetAsync("/v1/identity/links?source=salesforce&ruleset=service");
        return lines
            .Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonNode.Parse(line)!)
            .Single(link => (string)link["link"]! == $"salesforce/Case/{id}");
    }
}
