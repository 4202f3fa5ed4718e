using System.Net;
using System.Text.Json.Nodes;

namespace OrleansCdp.Identity;

/// <summary>
/// A case that is created without a contact and closed with one ends at that contact, once: in whatever order and however
/// often its events come, whoever its author seems to be, and when the program dies in between.
/// </summary>
public sealed class CaseClosureTests(RunningHost host) : IClassFixture<RunningHost>
{
    private const string Created = "created";
    private const string Closed = "closed";

    /// <summary>Orders of arrival; to be closed once more is another event, all others are sent as they were.</summary>
    private static readonly string[][] Orders =
    [
        [Created, Closed],
        [Closed, Created],
        [Created, Created, Closed, Closed],
        [Closed, Created, Closed, Created],
        [Closed, Closed, Created],
        [Created, Closed, Created],
        [Created, Closed, "closed once more"],
        ["closed once more", Created, Closed],
    ];

    [Theory]
    [InlineData("together")]
    [InlineData("drained")]
    [InlineData("killed")]
    public async Task A_case_ends_at_the_contact_it_is_closed_with_once(string between)
    {
        (string Id, string[] Order, bool IsLikeAda)[] cases =
        [
            .. Orders.SelectMany(
                (order, i) =>
                    new[] { ($"{between}{i}k", order, true), ($"{between}{i}u", order, false) }
            ),
        ];
        await SendAsync(
            "salesforce-contact",
            [Ada(between), .. cases.Select(one => Contact($"003-{one.Id}"))]
        );
        long received = cases.Sum(one => one.Order.Length);
        Counts before = await host.Api.DrainAsync();

        for (int step = 0; step < Orders.Max(order => order.Length); step++)
        {
            await SendAsync(
                "salesforce-case",
                [
                    .. cases
                        .Where(one => step < one.Order.Length)
                        .Select(one => Case(one.Id, one.Order[step], one.IsLikeAda, between)),
                ]
            );
            if (between == "killed")
            {
                await host.KillAsync();
                await host.StartAsync();
            }
            else if (between == "drained")
            {
                await host.Api.DrainAsync();
            }
        }

        Counts after = await host.Api.DrainAsync();
        (after["salesforce-case", "received"] - before["salesforce-case", "received"]).ShouldBe(
            received
        );
        await ShouldBeClosedOnceAsync(between, cases);
        await LogOracle.CheckAsync(host);
    }

    private async Task ShouldBeClosedOnceAsync(
        string between,
        (string Id, string[] Order, bool IsLikeAda)[] cases
    )
    {
        await new IdentityTables(await host.DatabaseAsync()).UntilSettledAsync();
        Dictionary<string, JsonNode> links = await LinksAsync();
        foreach ((string id, _, _) in cases)
        {
            JsonNode owner = (await host.Api.ContextAsync("contactId", $"003-{id}"))!;
            JsonNode one = owner["cases"]!["recent"]!.AsArray().ShouldHaveSingleItem()!;
            ((string)one["id"]!).ShouldBe(id);
            ((string)one["createdAt"]!).ShouldStartWith("2026-03-01");
            ((string)one["status"]!).ShouldBe("Closed");
            owner["cases"]!["open"]!.AsArray().ShouldBeEmpty(id);
            JsonNode profile = (await host.Api.ProfileAsync("contactId", $"003-{id}"))!;
            profile["links"]!.AsArray().Count.ShouldBe(2, id);
            ((string)links[id]["individual"]!).ShouldBe((string)owner["id"]!);
            ((string)links[id]["rule"]!).ShouldBe("anchor");
        }

        JsonNode ada = (await host.Api.ContextAsync("contactId", $"003-{between}"))!;
        ada["cases"]!["open"]!.AsArray().ShouldBeEmpty();
        ada["cases"]!["recent"]!.AsArray().ShouldBeEmpty();
        (await host.Api.ProfileAsync("contactId", $"003-{between}"))!["links"]!
            .AsArray()
            .Count.ShouldBe(1);
    }

    /// <summary>Whom an author who names no contact is taken for.</summary>
    private static JsonObject Ada(string name)
    {
        JsonObject contact = Contact($"003-{name}");
        contact["FirstName"] = "Ada";
        contact["LastName"] = $"Lovelace{name}";
        contact["Email"] = $"ada.{name}@mail.example";
        return contact;
    }

    private static JsonObject Contact(string id) =>
        new() { ["Id"] = id, ["SystemModstamp"] = "2026-02-01T10:00:00Z" };

    private static JsonObject Case(string id, string what, bool isLikeAda, string between)
    {
        JsonObject record = new()
        {
            ["Id"] = id,
            ["Status"] = "New",
            ["CreatedDate"] = "2026-03-01T10:00:00Z",
            ["SystemModstamp"] = "2026-03-01T10:00:00Z",
            ["SuppliedName"] = isLikeAda ? $"Ada Lovelace{between}" : $"Zed Zabel{id}",
            ["SuppliedEmail"] = isLikeAda ? $"ada.{between}@mail.example" : $"zed@{id}.example",
        };
        if (what == Created)
        {
            return record;
        }

        record["Status"] = "Closed";
        record["ContactId"] = $"003-{id}";
        record["ClosedDate"] = "2026-03-02T10:00:00Z";
        record["SystemModstamp"] = what == Closed ? "2026-03-02T10:00:00Z" : "2026-03-03T10:00:00Z";
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
        ((int)json!["accepted"]! + (int)json["duplicates"]!).ShouldBe(
            records.Length,
            json.ToJsonString()
        );
    }

    private async Task<Dictionary<string, JsonNode>> LinksAsync()
    {
        string lines = await host.Api.TextAsync(
            "/v1/identity/links?source=salesforce&ruleset=service"
        );
        return lines
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonNode.Parse(line)!)
            .Where(link =>
                ((string)link["link"]!).StartsWith("salesforce/Case/", StringComparison.Ordinal)
            )
            .ToDictionary(link => ((string)link["link"]!).Split('/')[2]);
    }
}
