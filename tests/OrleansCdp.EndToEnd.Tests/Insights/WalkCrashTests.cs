using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Insights;

/// <summary>
/// Everybody is looked at after new versions, and the program is killed in the middle of it: it goes on where it was, accounts
/// know what all of their people add as soon as the new version is shown, and what is to be written is what they come to.
/// </summary>
public sealed class WalkCrashTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    /// <summary>Each is stored under two ids, their contact's and their orders': three pages.</summary>
    private const int People = 600;
    private const int Accounts = 20;
    private const int Late = 30;
    private const string OfPerson = "orders_made";
    private const string OfAccount = "orders_of_people";
    private const string Setting = "Cdp:Insights:WorkShare";

    [Fact]
    public async Task Everybody_is_looked_at_and_told_of_though_the_program_is_killed_meanwhile()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await using RunningHost host = new() { ConnectionString = database.ConnectionString };
        host.Settings[Setting] = "0.4"; // Slowly enough to be killed in the middle.
        await host.StartAsync();
        await DefineAsync(host.Api, "measure: count");
        await UntilCompleteAsync(host, version: 1);
        Dictionary<int, decimal> spent = await BuyAsync(host);

        await DefineAsync(host.Api, "measure: sum\nvalue: order.total");
        JsonNode killedAt = await KillInTheMiddleAsync(host);
        host.Settings[Setting] = "1";
        await host.StartAsync();
        JsonNode list = (await host.Api.GetAsync("/v1/insights"))!;
        if (!(bool)OfList(list, OfAccount)["complete"]!)
        {
            ((string)list["walk"]!["startedAt"]!).ShouldBe((string)killedAt["startedAt"]!);
            ((long)list["walk"]!["individuals"]!).ShouldBeGreaterThanOrEqualTo(
                (long)killedAt["individuals"]!
            );
        }

        Dictionary<int, decimal> had = new(spent);
        await OrderLateAsync(host, spent);
        await UntilCompleteAsync(host, version: 2);
        await CheckAccountsAsync(host, had, spent);
        await CheckWrittenAsync(database, spent);
        await LogOracle.CheckAsync(host);
        await FoldedInsights.CheckAsync(
            database.ConnectionString,
            host.Api,
            (OfPerson, 2, TextOf(OfPerson, "measure: sum\nvalue: order.total"))
        );
    }

    /// <summary>People of accounts, and an order of each.</summary>
    private static async Task<Dictionary<int, decimal>> BuyAsync(RunningHost host)
    {
        await SendAsync(
            host,
            "salesforce-contact",
            Enumerable
                .Range(0, People)
                .Select(person => new JsonObject
                {
                    ["Id"] = ContactOf(person),
                    ["AccountId"] = $"001w{person % Accounts}",
                    ["LastName"] = $"L{person}",
                    ["Email"] = $"w{person}@example.com",
                    ["SystemModstamp"] = "2026-01-01T00:00:00Z",
                })
        );
        await host.Api.DrainAsync();
        Dictionary<int, decimal> spent = Enumerable
            .Range(0, People)
            .ToDictionary(person => person, person => 1 + (person / 4m));
        await SendAsync(
            host,
            "commerce-order",
            spent.Select(one => OrderOf($"first-{one.Key}", one.Key, one.Value))
        );
        await host.Api.DrainAsync();
        return spent;
    }

    /// <summary>Some order again: by then some of them were looked at, and some were not.</summary>
    private static async Task OrderLateAsync(RunningHost host, Dictionary<int, decimal> spent)
    {
        int[] late = [.. Enumerable.Range(0, Late).Select(i => i * (People / Late) + i % 7)];
        await SendAsync(
            host,
            "commerce-order",
            late.Select(person => OrderOf($"late-{person}", person, 1_000))
        );
        await host.Api.DrainAsync();
        foreach (int person in late)
        {
            spent[person] += 1_000;
        }
    }

    /// <summary>Kills it when some were looked at and some were not.</summary>
    /// <returns>The walk, as it was shown last.</returns>
    private static async Task<JsonNode> KillInTheMiddleAsync(RunningHost host)
    {
        JsonNode? list = null;
        await Eventually.BeAsync(
            async () =>
            {
                list = (await host.Api.GetAsync("/v1/insights"))!;
                return OfList(list, OfAccount)["making"]?["walk"] is not null
                    && (long)list["walk"]!["individuals"]! > 0
                    && list["walk"]!["endedAt"] is null;
            },
            "some were looked at",
            () => $"{list}"
        );
        await host.KillAsync();
        return list!["walk"]!;
    }

    /// <summary>As soon as it is shown an account knows all that its people had; what came late follows within moments.</summary>
    private static async Task CheckAccountsAsync(
        RunningHost host,
        Dictionary<int, decimal> had,
        Dictionary<int, decimal> spent
    )
    {
        for (int account = 0; account < Accounts; account++)
        {
            JsonNode value = await ValueAsync(account);
            ((int)value["version"]!, (int)value["people"]!).ShouldBe((2, People / Accounts));
            ((decimal)value["value"]!).ShouldBeGreaterThanOrEqualTo(SumOf(had, account));
            await Eventually.BeAsync(
                async () => (decimal)(await ValueAsync(account))["value"]! == SumOf(spent, account),
                $"account {account} knows what came late"
            );
        }

        async Task<JsonNode> ValueAsync(int account) =>
            (await host.Api.GetAsync($"/v1/accounts/{IdOf(account)}/insights?name={OfAccount}"))![
                "insights"
            ]![OfAccount]!;
    }

    /// <summary>The field of every person and account has the value that it must have; who is absorbed has bought nothing.</summary>
    private static async Task CheckWrittenAsync(
        TestDatabase database,
        Dictionary<int, decimal> spent
    )
    {
        string[] expected =
        [
            .. spent.Select(one =>
                Row(
                    SubjectIds.IndividualOf(
                        new Identifier(
                            IdentifierTypes.ContactId,
                            ContactOf(one.Key),
                            Verified: true
                        )
                    ),
                    "Contact",
                    one.Value
                )
            ),
            .. Enumerable
                .Range(0, Accounts)
                .Select(account => Row(IdOf(account), "Account", SumOf(spent, account))),
        ];
        string[] written = [];
        await Eventually.BeAsync(
            async () =>
            {
                written = await database.RowsAsync(
                    """
                    select id, topic, convert_from(payload, 'UTF8')::jsonb ->> 'value' from cdp.outbox
                    where topic like 'enrichments/%/Bought__c'
                        and convert_from(payload, 'UTF8')::jsonb ->> 'value' <> '0'
                    """
                );
                return written.ToHashSet(StringComparer.Ordinal).SetEquals(expected);
            },
            "all fields are as they should be",
            () =>
                $"missing {string.Join(' ', expected.Except(written).Take(9))}, "
                + $"found {string.Join(' ', written.Except(expected).Take(9))}"
        );
    }

    private static async Task DefineAsync(Api api, string measure)
    {
        foreach (string name in new[] { OfPerson, OfAccount })
        {
            await api.DefineAsync(name, "insight", TextOf(name, measure));
        }
    }

    private static string TextOf(string name, string measure) =>
        name == OfPerson
            ? $"source: SalesOrder\n{measure}\nwrites: {{ object: Contact, field: Bought__c }}"
            : $"of: account\npeople: true\nsource: SalesOrder\n{measure}\n"
                + "writes: { object: Account, field: Bought__c }";

    private static Task UntilCompleteAsync(RunningHost host, int version)
    {
        JsonNode? list = null;
        return Eventually.BeAsync(
            async () =>
            {
                list = (await host.Api.GetAsync("/v1/insights"))!;
                JsonNode insight = OfList(list, OfAccount);
                return (bool)insight["complete"]! && (int)insight["shown"]! == version;
            },
            $"version {version} is complete",
            () => $"{list}"
        );
    }

    private static JsonNode OfList(JsonNode list, string name) =>
        list["data"]!.AsArray().First(one => (string)one!["name"]! == name)!;

    private static decimal SumOf(Dictionary<int, decimal> spent, int account) =>
        spent.Where(one => one.Key % Accounts == account).Sum(one => one.Value);

    private static string Row(string id, string of, decimal value) =>
        $"{id}|enrichments/{of}/Bought__c|{value.ToString("0.####", CultureInfo.InvariantCulture)}";

    private static string IdOf(int account) =>
        SubjectIds.AccountOf(new LinkKey("salesforce", "Account", $"001w{account}"));

    private static string ContactOf(int person) => $"003w{person}";

    private static JsonObject OrderOf(string order, int person, decimal total) =>
        new()
        {
            ["orderId"] = order,
            ["email"] = $"w{person}@example.com",
            ["emailVerified"] = true,
            ["total"] = total,
            ["currency"] = "EUR",
            ["orderedAt"] = "2026-03-01T00:00:00Z",
        };

    private static async Task SendAsync(
        RunningHost host,
        string stream,
        IEnumerable<JsonObject> records
    )
    {
        JsonArray body = [.. records.Cast<JsonNode>()];
        var (status, json) = await host.Api.PostAsync(
            $"/v1/streams/{stream}",
            body.ToJsonString(),
            "application/json"
        );
        status.ShouldBe(HttpStatusCode.Accepted, json?.ToJsonString());
        json!["quarantined"]!.AsArray().ShouldBeEmpty();
    }
}
