using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Insights;

/// <summary>Insights of accounts over their people: told, explained, moved, taken back and written into the CRM.</summary>
[Collection(GatewayCollection.Name)]
public sealed class AccountInsightTests(GatewayHost host)
{
    private const string Spent = "account_lifetime_value";

    [Fact]
    public async Task What_people_buy_counts_at_their_account_and_is_explained_person_by_person()
    {
        await ContactAsync("003ra1", "001ra");
        await ContactAsync("003ra2", "001ra");
        await OrderAsync("ra-1", "003ra1", 40);
        await OrderAsync("ra-2", "003ra2", 2);
        await OrderAsync("ra-3", "003ra2", 0.5m);

        JsonNode value = await ValueAsync("001ra", Spent, 42.5m);
        ((int)value["items"]!, (int)value["people"]!).ShouldBe((3, 2));

        JsonNode explained = await InsightAsync("001ra", Spent, "&explain=true");
        explained["ofPeople"]!
            .AsArray()
            .Select(one => ((decimal)one!["value"]!, (int)one["items"]!))
            .ShouldBe([(40, 1), (2.5m, 2)]);
        ((int)explained["peopleNotListed"]!).ShouldBe(0);
        string first = (string)explained["ofPeople"]![0]!["individual"]!;
        first.ShouldBe(await IndividualAsync("003ra1"));
    }

    [Fact]
    public async Task Who_goes_to_another_account_takes_along_what_they_bought()
    {
        await ContactAsync("003rb1", "001rb");
        await ContactAsync("003rb2", "001rb");
        await OrderAsync("rb-1", "003rb1", 40);
        await OrderAsync("rb-2", "003rb2", 2);
        await ValueAsync("001rb", Spent, 42);

        await ContactAsync("003rb1", "001rb-next", "2026-05-01T00:00:00Z");

        await ValueAsync("001rb", Spent, 2);
        await ValueAsync("001rb-next", Spent, 40);
    }

    [Fact]
    public async Task An_order_that_is_amended_or_cancelled_counts_as_it_is_now()
    {
        await ContactAsync("003rc1", "001rc");
        await OrderAsync("rc-1", "003rc1", 40);
        await OrderAsync("rc-2", "003rc1", 7);
        await ValueAsync("001rc", Spent, 47);

        await OrderAsync("rc-1", "003rc1", 30, "open", "2026-04-01T00:00:00Z");
        await ValueAsync("001rc", Spent, 37);
        await OrderAsync("rc-1", "003rc1", 30, "cancelled", "2026-04-02T00:00:00Z");
        await ValueAsync("001rc", Spent, 7);
    }

    [Fact]
    public async Task Merged_people_count_once_and_after_an_unmerge_as_before()
    {
        await ContactAsync("003rd1", "001rd");
        await ContactAsync("003rd2", "001rd-other", "2026-02-01T00:00:00Z");
        await OrderAsync("rd-1", "003rd1", 40);
        await OrderAsync("rd-2", "003rd2", 2);
        await ValueAsync("001rd", Spent, 40);
        await ValueAsync("001rd-other", Spent, 2);
        string survivor = await IndividualAsync("003rd1");
        string merged = await IndividualAsync("003rd2");

        Answer merge = await StewardAsync(
            "merge",
            $$"""{"survivor":"{{survivor}}","other":"{{merged}}","reason":"the same"}"""
        );
        merge.Status.ShouldBe(200, merge.Text);

        // Who is one person now belongs where that was said last.
        await ValueAsync("001rd-other", Spent, 42);
        await ValueAsync("001rd", Spent, 0);

        (
            await StewardAsync(
                "unmerge",
                $$"""{"decision":{{merge.Json["decision"]!.ToJsonString()}},"reason":"not the same"}"""
            )
        ).Status.ShouldBe(200);

        await ValueAsync("001rd", Spent, 40);
        await ValueAsync("001rd-other", Spent, 2);
    }

    [Fact]
    public async Task What_people_do_fades_at_their_account_too()
    {
        await ContactAsync("003re1", "001re");
        await host.Api.DrainAsync();
        (
            await host.PostAsync(
                "/v1/track",
                """{"userId":"re1","event":"Viewed","messageId":"re-1","context":{"traits":{"email":"003re1@example.com"}}}"""
            )
        ).Status.ShouldBeLessThan(300);
        await host.Api.DrainAsync();

        JsonNode? value = null;
        await Eventually.BeAsync(
            async () =>
            {
                value = await InsightAsync("001re", "account_engagement_score");
                return (int)value["items"]! == 1 && (decimal)value["value"]! is > 0.9m and <= 1;
            },
            "one thing was done just now",
            () => value?.ToJsonString() ?? ""
        );
    }

    [Fact]
    public async Task A_field_that_is_written_because_of_people_follows_them()
    {
        (
            await PutAsync(
                "account_orders_written",
                "of: account\npeople: true\nsource: SalesOrder\nmeasure: count\n"
                    + "writes: { object: Account, field: Orders__c }"
            )
        ).Status.ShouldBe(200);
        await ContactAsync("003rf1", "001rf");
        await OrderAsync("rf-1", "003rf1", 40);
        await OrderAsync("rf-2", "003rf1", 2);

        await Eventually.BeAsync(
            async () =>
                (
                    await host.Database.RowsAsync(
                        """
                        select convert_from(payload, 'UTF8')::jsonb ->> 'value' from cdp.outbox
                        where topic = 'enrichments/Account/Orders__c'
                        """
                    )
                ).Contains("2"),
            "the account's field has both orders"
        );
    }

    private async Task<JsonNode> ValueAsync(string account, string name, decimal expected)
    {
        await host.Api.DrainAsync();
        JsonNode? value = null;
        await Eventually.BeAsync(
            async () =>
            {
                value = await InsightAsync(account, name);
                return ((decimal?)value["value"] ?? 0) == expected; // Money of nothing has no currency.
            },
            $"{name} of {account} is {expected}",
            () => value?.ToJsonString() ?? ""
        );
        return value!;
    }

    private async Task<JsonNode> InsightAsync(string account, string name, string query = "")
    {
        Answer answer = await host.GetAsync($"/v1/accounts/{account}/insights?name={name}{query}");
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Json["insights"]![name]!;
    }

    private async Task<string> IndividualAsync(string contact) =>
        (string)(await host.GetAsync($"/v1/individuals/contactId/{contact}")).Json["id"]!;

    private Task<Answer> StewardAsync(string path, string body) =>
        host.PostAsync($"/v1/identity/{path}", body);

    private Task<Answer> PutAsync(string name, string yaml) =>
        host.SendAsync(
            HttpMethod.Put,
            $"/v1/definitions/insight/{name}",
            new StringContent(yaml, Encoding.UTF8, "application/yaml")
        );

    private async Task ContactAsync(string id, string account, string at = "2026-01-01T00:00:00Z")
    {
        await PostAsync(
            "salesforce-account",
            $$"""{"Id":"{{account}}","Name":"{{account}}","SystemModstamp":"2026-01-01T00:00:00Z"}"""
        );
        await PostAsync(
            "salesforce-contact",
            $$"""
            {"Id":"{{id}}","AccountId":"{{account}}","LastName":"L{{id}}","Email":"{{id}}@example.com",
             "SystemModstamp":"{{at}}"}
            """
        );
        await host.Api.DrainAsync();
    }

    private Task OrderAsync(
        string id,
        string contact,
        decimal total,
        string status = "open",
        string? updatedAt = null
    ) =>
        PostAsync(
            "commerce-order",
            $$"""
            {"orderId":"{{id}}","email":"{{contact}}@example.com","emailVerified":true,"total":{{total}},
             "currency":"EUR","status":"{{status}}","orderedAt":"2026-03-01T00:00:00Z"
             {{(updatedAt is null ? "" : $",\"updatedAt\":\"{updatedAt}\"")}}}
            """
        );

    private async Task PostAsync(string stream, string body)
    {
        Answer sent = await host.PostAsync($"/v1/streams/{stream}", body);
        sent.Status.ShouldBe(202, sent.Text);
    }
}
