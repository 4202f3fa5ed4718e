using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Activation;

/// <summary>What waits to be written into the CRM though no event comes: because of a new version, a new model.</summary>
[Collection(GatewayCollection.Name)]
public sealed class WriteBackTests(GatewayHost host)
{
    [Fact]
    public async Task A_value_that_a_version_changes_is_written_without_an_event()
    {
        const string Text =
            "source: SalesOrder\nmeasure: count\nwrites: { object: Contact, field: Recent__c }\n";
        string who = await OrderAsync("wb1");

        // A first version is written for whoever bought before it was made.
        await PutAsync("insight", "wb_recent", $"{Text}window: 1 minutes");
        await WrittenAsync(who, "Recent__c", "0");
        await Eventually.BeAsync(async () => (await WalkAsync())?["endedAt"] is not null);
        JsonNode walk = (await WalkAsync())!;
        ((long)walk["individuals"]!).ShouldBeGreaterThan(0);
        walk["trouble"].ShouldBeNull();

        // A new version looks further back.
        await PutAsync("insight", "wb_recent", $"{Text}window: 30 days");
        await WrittenAsync(who, "Recent__c", "1");
    }

    [Fact]
    public async Task A_prediction_is_written_when_its_model_comes_and_when_it_changes()
    {
        string who = await OrderAsync("wb2");
        await PutAsync(
            "insight",
            "wb_alive",
            """
            source: SalesOrder
            measure: noPurchase
            model: wb-model
            horizon: 90 days
            writes: { object: Contact, field: Alive__c }
            """
        );
        await Eventually.BeAsync(async () => (await WalkAsync())?["endedAt"] is not null);
        (await WrittenAsync(who, "Alive__c")).ShouldBeNull();

        await PutAsync("model", "wb-model", Model("0.243"));
        string? first = null;
        await Eventually.BeAsync(async () =>
            (first = await WrittenAsync(who, "Alive__c")) is not null
        );

        await PutAsync("model", "wb-model", Model("0.9"));
        await Eventually.BeAsync(async () => await WrittenAsync(who, "Alive__c") != first);
    }

    private static string Model(string r) =>
        $"unit: week\npurchases: {{ r: {r}, alpha: 4.414, a: 0.793, b: 2.426 }}";

    private Task WrittenAsync(string who, string field, string value)
    {
        string? written = null;
        return Eventually.BeAsync(
            async () => (written = await WrittenAsync(who, field)) == value,
            $"{value} is to be written",
            () => $"It is {written}."
        );
    }

    private async Task<string?> WrittenAsync(string who, string field) =>
        (
            await host.Database.RowsAsync(
                $"""
                select convert_from(payload, 'UTF8')::jsonb ->> 'value' from cdp.outbox
                where topic = 'enrichments/Contact/{field}' and id = '{who}'
                """
            )
        ).SingleOrDefault();

    private async Task<JsonNode?> WalkAsync() => (await host.GetAsync("/v1/insights")).Json["walk"];

    private async Task PutAsync(string kind, string name, string yaml)
    {
        Answer put = await host.SendAsync(
            HttpMethod.Put,
            $"/v1/definitions/{kind}/{name}",
            new StringContent(yaml, Encoding.UTF8, "application/yaml")
        );
        put.Status.ShouldBe(200, put.Text);
    }

    /// <summary>Somebody bought an hour ago.</summary>
    private async Task<string> OrderAsync(string customer)
    {
        string at = DateTimeOffset.UtcNow.AddHours(-1).ToString("o", CultureInfo.InvariantCulture);
        Answer sent = await host.PostAsync(
            "/v1/streams/commerce-order",
            $$"""
            {"orderId":"o-{{customer}}","customerId":"{{customer}}","total":10,"currency":"EUR",
             "orderedAt":"{{at}}"}
            """
        );
        sent.Status.ShouldBe(202, sent.Text);
        await host.Api.DrainAsync();
        return (string)(await host.GetAsync($"/v1/individuals/customerId/{customer}")).Json["id"]!;
    }
}
