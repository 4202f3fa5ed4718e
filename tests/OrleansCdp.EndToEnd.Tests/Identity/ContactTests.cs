using System.Text.Json.Nodes;

namespace OrleansCdp.Identity;

/// <summary>Real contacts: who somebody is depends on anchors alone.</summary>
public sealed class ContactTests(RunningHost host) : IClassFixture<RunningHost>
{
    private const string Stream = "coral-contacts";

    [SkippableFact]
    public async Task Seven_hundred_contacts_keep_their_ids_whatever_else_changes()
    {
        IReadOnlyList<Dictionary<string, string>> rows = RealData.Rows("crm/coral_contacts.csv");
        await host.Api.DefineAsync(Stream);
        await SendAsync(rows);
        await host.Api.DrainAsync();
        Dictionary<string, string> ids = await IdsAsync(rows);
        ids.Values.Distinct().Count().ShouldBe(700);
        (await IndividualsAsync()).ShouldBe(700);

        Random random = new(3);
        await SendAsync([.. rows.OrderBy(_ => random.Next())]);
        await host.Api.DrainAsync();
        (await IdsAsync(rows)).ShouldBe(ids);

        await SendAsync([.. rows.Select(EverythingElseChanged)]);
        await host.Api.DrainAsync();

        (await IdsAsync(rows)).ShouldBe(ids);
        (await IndividualsAsync()).ShouldBe(700);
        JsonNode first = (await host.Api.ProfileAsync("contactId", rows[0]["referenceId"]))!;
        ((string)first["traits"]!["lastName"]!["value"]!).ShouldBe("Changed 1");
        ((string)first["traits"]!["lastName"]!["source"]!).ShouldBe("coral");
    }

    private static Dictionary<string, string> EverythingElseChanged(
        Dictionary<string, string> row,
        int at
    ) =>
        row.ToDictionary(
            field => field.Key,
            field =>
                field.Key switch
                {
                    "referenceId" => field.Value,
                    "Email" => $"changed.{at}@example.org",
                    "LastName" => $"Changed {at + 1}",
                    "MobilePhone" => $"+1 650 253 {at:D4}",
                    "Birthdate" => "1990-01-01",
                    "Next_Check_in_Date__c" => field.Value,
                    _ => "x" + at,
                }
        );

    private async Task SendAsync(IEnumerable<Dictionary<string, string>> rows)
    {
        JsonArray body =
        [
            .. rows.Select(row => new JsonObject(
                row.Where(field => field.Value.Length > 0)
                    .Select(field => KeyValuePair.Create(field.Key, (JsonNode?)field.Value))
            )),
        ];
        var (status, json) = await host.Api.PostAsync(
            $"/v1/streams/{Stream}",
            body.ToJsonString(),
            "application/json"
        );
        status.ShouldBe(System.Net.HttpStatusCode.Accepted, json?.ToJsonString());
        json!["quarantined"]!.AsArray().ShouldBeEmpty();
    }

    private async Task<Dictionary<string, string>> IdsAsync(
        IReadOnlyList<Dictionary<string, string>> rows
    )
    {
        Dictionary<string, string> ids = [];
        foreach (string contact in rows.Select(row => row["referenceId"]))
        {
            ids[contact] = (string)(await host.Api.ProfileAsync("contactId", contact))!["id"]!;
        }

        return ids;
    }

    private async Task<long> IndividualsAsync() =>
        (long)(await host.Api.GetAsync("/v1/status"))!["individuals"]!;
}
