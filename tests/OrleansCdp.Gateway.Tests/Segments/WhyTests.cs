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

    [Fact]
    public async Task At_a_moment_that_is_over_what_was_decided_then_is_told()
    {
        await segments.SayAsync("003wp1", "wp-in");
        DateTimeOffset before = DateTimeOffset.UtcNow;
        await segments.ActivateAsync("past", "criteria: title = 'wp-in'");
        await segments.CountedAsync("past", 1);
        DateTimeOffset within = DateTimeOffset.UtcNow;
        await segments.SayAsync("003wp1", "wp-out", minute: 1);
        await segments.CountedAsync("past", 0);
        await segments.ActivateAsync("past", "criteria: title = 'wp-other'");

        JsonNode was = await AtAsync(within);
        ((bool)was["known"]!).ShouldBeTrue();
        ((bool)was["in"]!).ShouldBeTrue();
        ((int)was["activeVersion"]!).ShouldBe(1);
        ((string)was["decidedBy"]!["cause"]!).ShouldBe("version");
        JsonNode condition = was["tiers"]![0]!["condition"]!;
        ((string)condition["text"]!).ShouldBe("title = 'wp-in'");
        ((bool)condition["holds"]!).ShouldBeTrue();
        ((string)condition["parts"]![0]!["value"]!).ShouldBe("wp-in");
        ((string)was["nextChange"]!["change"]!).ShouldBe("exited");

        was = await AtAsync(DateTimeOffset.UtcNow);
        ((bool)was["in"]!).ShouldBeFalse();
        ((int)was["activeVersion"]!).ShouldBe(2);
        ((bool)was["tiers"]![0]!["condition"]!["holds"]!).ShouldBeFalse();
        ((string)was["tiers"]![0]!["condition"]!["parts"]![0]!["value"]!).ShouldBe("wp-out");

        was = await AtAsync(before);
        ((bool)was["in"]!).ShouldBeFalse();
        was["activeVersion"].ShouldBeNull();
        was["decidedBy"].ShouldBeNull();
        ((bool)(await AtAsync(before.AddDays(-89)))["known"]!).ShouldBeTrue();
        was = await AtAsync(before.AddDays(-91));
        ((bool)was["known"]!).ShouldBeFalse();
        was["in"].ShouldBeNull();
        (await AskAsync(DateTimeOffset.UtcNow.AddDays(1))).ShouldBeProblem(400, "bad_moment");
        (
            await host.GetAsync("/v1/segments/never/why/contactId/003wp1?at=2026-01-01T00:00:00Z")
        ).ShouldBeProblem(404, "unknown_segment");

        async Task<JsonNode> AtAsync(DateTimeOffset at)
        {
            Answer answer = await AskAsync(at);
            answer.Status.ShouldBe(200, answer.Text);
            return answer.Json;
        }

        Task<Answer> AskAsync(DateTimeOffset at) =>
            host.GetAsync(
                $"/v1/segments/past/why/contactId/003wp1?at={at:yyyy-MM-ddTHH:mm:ss.fffffffZ}"
            );
    }

    [Fact]
    public async Task Another_version_tells_what_it_would_decide_now()
    {
        await segments.SayAsync("003wv1", "wv");
        await segments.ActivateAsync("versioned", "criteria: title = 'wv-old'");
        int draft = await segments.DraftAsync("versioned", "criteria: title = 'wv'");
        const string path = "/v1/segments/versioned/why/contactId/003wv1";

        JsonNode why = await segments.GetAsync($"{path}?version={draft}");

        ((int)why["version"]!).ShouldBe(draft);
        ((bool)why["in"]!).ShouldBeFalse("nothing is decided by a draft");
        ((bool)why["decided"]!["in"]!).ShouldBeTrue();
        ((bool)why["tiers"]![0]!["condition"]!["holds"]!).ShouldBeTrue();
        ((bool)(await segments.GetAsync($"{path}?version=1"))["decided"]!["in"]!).ShouldBeFalse();
        (await host.GetAsync($"{path}?version=9")).ShouldBeProblem(404, "unknown_version");
        await segments.DraftAsync("not_active", "criteria: title is null");
        int early = await segments.DraftAsync("versioned", "criteria: in segment not_active");
        (await host.GetAsync($"{path}?version={early}")).ShouldBeProblem(422, "does_not_compile");
        (await host.GetAsync($"{path}?version=1&at=2026-01-01T00:00:00Z")).ShouldBeProblem(
            400,
            "bad_moment"
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
