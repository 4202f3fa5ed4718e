using System.Net;
using System.Text.Json.Nodes;

namespace OrleansCdp.Identity;

/// <summary>Who has an email that several state: the contact that proves it, whoever came first.</summary>
public sealed class OneEmailTests
{
    private const string Customers = "shop-customers";
    private const string Contacts = "coral-contacts";

    [Fact]
    public async Task A_customer_known_by_email_goes_on_as_the_contact_that_proves_it()
    {
        await using RunningHost host = await RunningHost.AnotherAsync();
        await host.Api.DefineAsync(Customers);
        await host.Api.DefineAsync(Contacts);
        await SendAsync(host.Api, Customers, Customer("c1", "ada@example.com", "Rome"));
        await host.Api.DrainAsync();
        JsonNode before = (await host.Api.ProfileAsync("email", "ada@example.com"))!;

        await SendAsync(host.Api, Contacts, Contact("003A", "ada@example.com"));
        await SendAsync(host.Api, Customers, Customer("c2", "ada@example.com", "Oslo"));
        await host.Api.DrainAsync();

        await ShouldBeOneAsync(host.Api, (string)before["id"]!);
        await LogOracle.CheckAsync(host);

        await host.KillAsync();
        await host.StartAsync();
        await ShouldBeOneAsync(host.Api, (string)before["id"]!);
        await LogOracle.CheckAsync(host);
    }

    [Fact]
    public async Task Two_contacts_that_state_one_email_at_once_on_two_silos_end_as_in_any_order()
    {
        const int rounds = 20;
        await using RunningCluster cluster = await RunningCluster.StartAsync(silos: 2, gateways: 2);
        Api other = new(cluster.Gateways[1].Address, CdpProcess.AdminKey);
        await cluster.Api.DefineAsync(Customers);
        await cluster.Api.DefineAsync(Contacts);

        for (int i = 0; i < rounds; i++)
        {
            string email = $"m{i}@example.com";
            await Task.WhenAll(
                SendAsync(cluster.Api, Contacts, Contact($"003B{i}", email)),
                SendAsync(other, Contacts, Contact($"003A{i}", email)),
                SendAsync(other, Customers, Customer($"c{i}", email, "Rome"))
            );
        }

        await cluster.Api.DrainAsync();
        for (int i = 0; i < rounds; i++)
        {
            JsonNode low = (await cluster.Api.ProfileAsync("contactId", $"003A{i}"))!;
            JsonNode high = (await cluster.Api.ProfileAsync("contactId", $"003B{i}"))!;
            JsonNode bearer = (await cluster.Api.ProfileAsync("email", $"m{i}@example.com"))!;
            ((string)bearer["id"]!).ShouldBe((string)low["id"]!);
            ((string)high["id"]!).ShouldNotBe((string)low["id"]!);
            ((string)low["traits"]!["city"]!["value"]!).ShouldBe("Rome");
        }

        (
            await cluster.Database.RowsAsync(
                """
                select distinct reason, count(*) over () from cdp.merge_conflict
                where settled_at is null
                """
            )
        ).ShouldBe([$"{MergeConflict.TwoContacts}|{rounds}"]);
        await LogOracle.CheckAsync(cluster.Database.ConnectionString, cluster.Api);
    }

    private static async Task ShouldBeOneAsync(Api api, string former)
    {
        JsonNode contact = (await api.ProfileAsync("contactId", "003A"))!;
        JsonNode byEmail = (await api.ProfileAsync("email", "ada@example.com"))!;
        JsonNode byFormer = (await api.ProfileAsync("individual", former))!;
        string id = (string)contact["id"]!;
        id.ShouldNotBe(former);
        ((string)byEmail["id"]!).ShouldBe(id);
        ((string)byFormer["id"]!).ShouldBe(id, "the old id answers");
        string[] links = [.. contact["links"]!.AsArray().Select(LinkOf).Order()];
        links.ShouldBe(["coral/Contact/003A", "shop/customer/c1", "shop/customer/c2"]);
    }

    private static string LinkOf(JsonNode? link) =>
        $"{link!["source"]}/{link["object"]}/{link["id"]}";

    private static JsonObject Contact(string id, string email) =>
        new()
        {
            ["referenceId"] = id,
            ["FirstName"] = "Ada",
            ["Email"] = email,
        };

    private static JsonObject Customer(string id, string email, string city) =>
        new()
        {
            ["id"] = id,
            ["email"] = email,
            ["city"] = city,
        };

    private static async Task SendAsync(Api api, string stream, JsonObject record)
    {
        var (status, json) = await api.PostAsync(
            $"/v1/streams/{stream}",
            record.ToJsonString(),
            "application/json"
        );
        status.ShouldBe(HttpStatusCode.Accepted, json?.ToJsonString());
        ((int)json!["accepted"]!).ShouldBe(1, json.ToJsonString());
    }
}
