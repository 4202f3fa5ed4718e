using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace OrleansCdp.Governance;

/// <summary>What the system says about itself.</summary>
[Collection(GatewayCollection.Name)]
public sealed partial class StatusTests(GatewayHost host)
{
    [Fact]
    public async Task Health_answers_without_a_key()
    {
        (await host.GetAsync("/health/live", key: null)).Status.ShouldBe(200);
        (await host.GetAsync("/health/ready", key: null)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_status_shows_every_partition_and_what_became_of_every_event()
    {
        await host.DefineAsync("counted", ShippedDefinitions.All["web"]);
        await host.PostAsync(
            "/v1/streams/counted",
            """[{"type":"page","userId":"counted"},{"type":"page"}]"""
        );
        await host.CountsAsync("counted", received: 2);

        JsonNode status = (await host.GetAsync("/v1/status")).Json;

        status["partitions"]!.AsArray().Count.ShouldBe(2 * host.Database.Shape.PartitionCount);
        foreach (JsonNode? lane in status["partitions"]!.AsArray())
        {
            ((string)lane!["lane"]!).ShouldBeOneOf("normal", "low");
            ((long)lane["lag"]!).ShouldBe((long)lane["head"]! - (long)lane["checkpoint"]!);
        }

        ((long)status["individuals"]!).ShouldBeGreaterThan(0);
        ((long)status["totals"]!["received"]!).ShouldBeGreaterThanOrEqualTo(2);
        status["silos"]!.AsArray().Count.ShouldBe(1);
        ((long)status["definitions"]!["active"]!).ShouldBe((long)status["definitions"]!["here"]!);
        status["counts"]!
            .AsArray()
            .Where(count => (string)count!["stream"]! == "counted")
            .Select(count => $"{count!["kind"]} {count["reason"]} {count["count"]}")
            .Order(StringComparer.Ordinal)
            .ShouldBe(["applied  1", "quarantined no_subject 1", "received  2"]);
    }

    [Fact]
    public async Task The_metrics_are_text_that_Prometheus_reads()
    {
        await host.GetAsync("/v1/status");

        Answer answer = await host.GetAsync("/metrics");

        answer.Status.ShouldBe(200);
        answer.MediaType.ShouldBe("text/plain");
        string[] lines = answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.ShouldAllBe(line => Comment().IsMatch(line) || Sample().IsMatch(line));
        answer.Text.ShouldContain("http_server_request_duration_seconds_count");
        answer.Text.ShouldContain("orleans_");
        answer.Text.ShouldContain("dotnet_");
    }

    [GeneratedRegex(@"^# (TYPE|HELP|UNIT|EOF)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Comment();

    [GeneratedRegex(
        @"^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*=""(\\.|[^""\\])*"",?)*\})? (NaN|[+-]?Inf|[-+0-9.eE]+)( \d+)?$",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Sample();
}
