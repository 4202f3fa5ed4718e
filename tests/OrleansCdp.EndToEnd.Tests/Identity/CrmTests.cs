using System.Globalization;
using System.Text.Json.Nodes;

namespace OrleansCdp.Identity;

/// <summary>Accounts, contacts and opportunities of a CRM, joined by their references.</summary>
public sealed class CrmTests(RunningHost host) : IClassFixture<RunningHost>
{
    [SkippableFact]
    public async Task Accounts_have_their_people_and_opportunities_and_people_see_their_account()
    {
        await ImportAsync("sfdemo-contacts", "crm/salesforce_contacts.csv");
        await ImportAsync("sfdemo-opportunities", "crm/salesforce_opportunities.csv");
        await ImportAsync("sfdemo-accounts", "crm/salesforce_accounts.csv");
        await host.Api.DrainAsync();

        var contacts = RealData.Rows("crm/salesforce_contacts.csv");
        var opportunities = RealData.Rows("crm/salesforce_opportunities.csv");
        foreach (var row in RealData.Rows("crm/salesforce_accounts.csv"))
        {
            string id = row["referenceId"];
            JsonNode account = (await host.Api.GetAsync($"/v1/accounts/{id}"))!;
            ((string)account["traits"]!["name"]!).ShouldBe(row["Name"]);
            ((int)account["people"]!).ShouldBe(contacts.Count(c => c["AccountId"] == "@" + id));
            account["opportunities"]!
                .AsArray()
                .Sum(o => (decimal)o!["amount"]!)
                .ShouldBe(
                    opportunities
                        .Where(o => o["AccountId"] == "@" + id)
                        .Sum(o => decimal.Parse(o["Amount"], CultureInfo.InvariantCulture))
                );
        }

        foreach (var row in contacts.Where(c => c["AccountId"].Length > 0))
        {
            JsonNode context = (await host.Api.ContextAsync("contactId", row["referenceId"]))!;
            context["account"]!["identifiers"]!
                .AsArray()
                .Select(identifier => (string)identifier!["value"]!)
                .ShouldContain(row["AccountId"].TrimStart('@'));
        }
    }

    private async Task ImportAsync(string stream, string file)
    {
        await host.Api.DefineAsync(stream);
        var rows = RealData.Rows(file);
        JsonArray body =
        [
            .. rows.Select(row => new JsonObject(
                row.Where(field => field.Value.Length > 0)
                    .Select(field => KeyValuePair.Create(field.Key, (JsonNode?)field.Value))
            )),
        ];
        var (status, json) = await host.Api.PostAsync(
            $"/v1/streams/{stream}",
            body.ToJsonString(),
            "application/json"
        );
        status.ShouldBe(System.Net.HttpStatusCode.Accepted, json?.ToJsonString());
        ((int)json!["accepted"]!).ShouldBe(rows.Count, json.ToJsonString());
    }
}
