using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Activation;

/// <summary>What waits to be written into the CRM though no event comes: because of time, a new version, a new model.</summary>
public sealed class WriteBackTests : IAsyncLifetime
{
    private const string Field = "{ object: Contact, field: Recent__c }";
    private readonly GatewayHost host = new() { Clock = new SettableClock() };

    private SettableClock Clock => (SettableClock)host.Clock!;

    public Task InitializeAsync() => host.InitializeAsync();

    public Task DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_value_that_changes_without_an_event_is_written()
    {
        await OrderAsync("o1");
        (await WalkAsync()).ShouldBeNull();

        // A first version is written for whoever bought before it was made.
        await PutAsync("insight", "recent", Recent("window: 10 minutes"));
        await WrittenAsync("1");
        await Eventually.BeAsync(async () => (await WalkAsync())?["endedAt"] is not null);
        JsonNode walk = (await WalkAsync())!;
        ((long)walk["individuals"]!).ShouldBe(
            await host.Database.NumberAsync(
                "select count(*) from cdp.snapshot where id like 'ind\\_%'"
            )
        );
        ((long)walk["putOff"]!, (string?)walk["trouble"]).ShouldBe((0, null));

        // Time passes.
        Clock.Advance(TimeSpan.FromMinutes(11));
        await WrittenAsync("0");
        await Eventually.BeAsync(async () =>
            await host.Database.NumberAsync("select count(*) from cdp.due") == 0
        );

        // A new version looks further back.
        await PutAsync("insight", "recent", Recent("window: 30 days"));
        await WrittenAsync("1");
    }

    [Fact]
    public async Task A_prediction_is_written_when_its_model_comes_and_when_it_changes()
    {
        await OrderAsync("o1");
        await PutAsync(
            "insight",
            "alive",
            """
            source: SalesOrder
            measure: noPurchase
            horizon: 90 days
            writes: { object: Contact, field: Recent__c }
            """
        );
        await Eventually.BeAsync(async () => (await WalkAsync())?["endedAt"] is not null);
        (await WrittenAsync()).ShouldBeNull();

        await PutAsync("model", "default", Model("0.243"));
        string? first = null;
        await Eventually.BeAsync(async () => (first = await WrittenAsync()) is not null);

        await PutAsync("model", "default", Model("0.9"));
        await Eventually.BeAsync(async () => await WrittenAsync() != first);
    }

    private static string Recent(string window) =>
        $"source: SalesOrder\nmeasure: count\n{window}\nwrites: {Field}";

    private static string Model(string r) =>
        $"unit: week\npurchases: {{ r: {r}, alpha: 4.414, a: 0.793, b: 2.426 }}";

    private Task WrittenAsync(string value)
    {
        string? written = null;
        return Eventually.BeAsync(
            async () => (written = await WrittenAsync()) == value,
            $"{value} is to be written",
            () => $"It is {written}."
        );
    }

    private async Task<string?> WrittenAsync() =>
        (
            await host.Database.RowsAsync(
                """
                select convert_from(payload, 'UTF8')::jsonb ->> 'value' from cdp.outbox
                where topic = 'enrichments/Contact/Recent__c'
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

    private async Task OrderAsync(string id)
    {
        string now = Clock.GetUtcNow().ToString("o", CultureInfo.InvariantCulture);
        Answer sent = await host.PostAsync(
            "/v1/streams/commerce-order",
            $$"""
            {"orderId":"{{id}}","customerId":"c1","total":10,"currency":"EUR","orderedAt":"{{now}}"}
            """
        );
        sent.Status.ShouldBe(202, sent.Text);
        await host.Api.DrainAsync();
    }
}
