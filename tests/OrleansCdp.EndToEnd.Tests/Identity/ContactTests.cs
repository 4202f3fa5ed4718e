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
        await SendAsync(host.Api, rows);
        await host.Api.DrainAsync();
        Dictionary<string, string> ids = await IdsAsync(host.Api, rows);
        ids.Values.Distinct().Count().ShouldBe(700);
        (await IndividualsAsync(host.Api)).ShouldBe(700);

        Random random = new(3);
        Dictionary<string, string>[] shuffled = [.. rows.OrderBy(_ => random.Next())];
        await SendAsync(host.Api, shuffled);
        await host.Api.DrainAsync();
        (await IdsAsync(host.Api, rows)).ShouldBe(ids);

        await using RunningHost other = await RunningHost.AnotherAsync();
        await other.Api.DefineAsync(Stream);
        await SendAsync(other.Api, shuffled);
        await other.Api.DrainAsync();
        (await IdsAsync(other.Api, rows)).ShouldBe(ids);
        (await IndividualsAsync(other.Api)).ShouldBe(700);

        await SendAsync(host.Api, [.. rows.Select(EverythingElseChanged)]);
        await host.Api.DrainAsync();

        (await IdsAsync(host.Api, rows)).ShouldBe(ids);
        (await IndividualsAsync(host.Api)).ShouldBe(700);
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

    private static async Task SendAsync(Api api, IEnumerable<Dictionary<string, string>> rows)
    {
        JsonArray body =
        [
            .. rows.Select(row => new JsonObject(
                row.Where(field => field.Value.Length > 0)
                    .Select(field => KeyValuePair.Create(field.Key, (JsonNode?)field.Value))
            )),
        ];
        var (status, json) = await api.PostAsync(
            $"/v1/streams/{Stream}",
            body.ToJsonString(),
            "application/json"
        );
        status.ShouldBe(System.Net.HttpStatusCode.Accepted, json?.ToJsonString());
        json!["quarantined"]!.AsArray().ShouldBeEmpty();
    }

    private static async Task<Dictionary<string, string>> IdsAsync(
        Api api,
        IReadOnlyList<Dictionary<string, string>> rows
    )
    {
        Dictionary<string, string> ids = [];
        foreach (string contact in rows.Select(row => row["referenceId"]))
        {
            ids[contact] = (string)(await api.ProfileAsync("contactId", contact))!["id"]!;
        }

        return ids;
    }

    private static async Task<long> IndividualsAsync(Api api) =>
        (long)(await api.GetAsync("/v1/status"))!["individuals"]!;
}
