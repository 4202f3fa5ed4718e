using System.Globalization;
using System.Text.Json.Nodes;

namespace OrleansCdp.Segments;

/// <summary>Why somebody is in a segment, and why not.</summary>
[Collection(GatewayCollection.Name)]
public sealed class WhyTests(GatewayHost host)
{
    private const string Criteria =
        "count(SalesOrder within last 30 days where total > 100) >= 1 and title is null";

    private readonly Reviewed segments = new(host);

    [Fact]
    public async Task Why_and_why_not_show_every_part_with_its_value_and_when_it_changes()
    {
        await segments.ActivateAsync("why", $"criteria: {Criteria}");
        DateTimeOffset at = DateTimeOffset.UtcNow.AddDays(-1);
        at = new DateTimeOffset(at.Ticks - (at.Ticks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
        await OrderAsync("why-1", "why-a", 150, at);
        await OrderAsync("why-2", "why-b", 50, at);
        await segments.CountedAsync("why", 1);

        JsonNode why = await segments.GetAsync("/v1/segments/why/why/customerId/why-a");

        ((bool)why["in"]!).ShouldBeTrue(why.ToJsonString());
        ((bool)why["decided"]!["in"]!).ShouldBeTrue();
        ((bool)why["ready"]!).ShouldBeTrue();
        ((int)why["version"]!).ShouldBe(1);
        ((int)why["sinceVersion"]!).ShouldBe(1);
        ((string)why["lastChange"]!["change"]!).ShouldBe("entered");
        ((int)why["lastChange"]!["sequence"]!).ShouldBe((int)why["sequence"]!);
        string leaves = at.AddDays(30)
            .ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        ((string)why["changesAt"]!).ShouldBe(leaves);
        ((string)why["until"]!).ShouldBe(leaves);
        ((string)why["forecast"]!).ShouldBe($"Leaves {leaves} unless something happens.");
        JsonNode condition = why["tiers"]![0]!["condition"]!;
        ((bool)condition["holds"]!).ShouldBeTrue();
        JsonNode compared = condition["parts"]![0]!;
        ((string)compared["text"]!).ShouldBe(
            "count(SalesOrder within last 30 days where total > 100) >= 1"
        );
        ((int)compared["parts"]![0]!["value"]!).ShouldBe(1);
        JsonNode asked = why["asked"]!
            .AsArray()
            .Single(one => ((string)one!["asked"]!).StartsWith("count", StringComparison.Ordinal))!;
        ((string)asked["measured"]![0]!["contributions"]![0]!["id"]!).ShouldBe("why-1");

        JsonNode not = await segments.GetAsync("/v1/segments/why/why/customerId/why-b");
        ((bool)not["in"]!).ShouldBeFalse();
        not["lastChange"].ShouldBeNull();
        JsonNode holds = not["tiers"]![0]!["condition"]!;
        ((bool)holds["holds"]!).ShouldBeFalse();
        ((bool)holds["parts"]![0]!["holds"]!).ShouldBeFalse();
        ((int)holds["parts"]![0]!["parts"]![0]!["value"]!).ShouldBe(0);
        ((bool)holds["parts"]![1]!["holds"]!).ShouldBeTrue();
        ((string)not["forecast"]!).ShouldBe("Not in it for as long as nothing happens.");
        (await host.GetAsync("/v1/segments/why/why/customerId/nobody")).ShouldBeProblem(
            404,
            "not_found"
        );
    }

    private async Task OrderAsync(string id, string customer, int total, DateTimeOffset at)
    {
        Answer sent = await host.PostAsync(
            "/v1/streams/commerce-order",
            $$"""
            {"orderId":"{{id}}","customerId":"{{customer}}","total":{{total}},"currency":"EUR",
             "orderedAt":"{{at:yyyy-MM-ddTHH:mm:ssZ}}"}
            """
        );
        sent.Status.ShouldBe(202, sent.Text);
        await host.Api.DrainAsync();
    }
}
