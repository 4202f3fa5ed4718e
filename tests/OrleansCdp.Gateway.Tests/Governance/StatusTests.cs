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
            ((long)lane["redelivered"]!).ShouldBeGreaterThanOrEqualTo(0);
            ((long)lane["fences"]!).ShouldBeGreaterThanOrEqualTo(0);
            ((string?)lane["reader"]).ShouldNotBeNull();
        }

        ((long)status["individuals"]!).ShouldBeGreaterThan(0);
        ((long)status["totals"]!["received"]!).ShouldBeGreaterThanOrEqualTo(2);
        status["silos"]!.AsArray().Count.ShouldBe(1);
        JsonNode member = status["members"]!.AsArray().ShouldHaveSingleItem()!;
        ((string)member["address"]!).ShouldBe((string)status["silos"]![0]!);
        ((string)member["name"]!).ShouldBe((string)status["partitions"]![0]!["reader"]!);
        ((long)member["definitions"]!).ShouldBe((long)status["definitions"]!["here"]!);
        ((int)member["savesWaiting"]!).ShouldBeGreaterThanOrEqualTo(0);
        ((int)status["backlog"]!["due"]!).ShouldBeGreaterThanOrEqualTo(0);
        ((int)status["backlog"]!["countedTo"]!).ShouldBe(ClusterStatus.BacklogCountMax);
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

    [Fact]
    public async Task The_metrics_show_for_every_partition_and_lane_what_the_status_does()
    {
        await host.DefineAsync("measured", ShippedDefinitions.All["web"]);
        await host.PostAsync("/v1/streams/measured", """[{"type":"page","userId":"measured"}]""");
        string expected = "";
        string seen = "";
        await Eventually.BeAsync(
            async () =>
            {
                await host.Api.DrainAsync();
                JsonNode status = (await host.GetAsync("/v1/status")).Json;
                expected = Lines(status["partitions"]!.AsArray());
                seen = Lines((await host.GetAsync("/metrics")).Text);
                return seen == expected;
            },
            "the metrics say what the status says",
            () => $"\n{expected}\nbut\n{seen}"
        );
    }

    private static string Lines(JsonArray partitions) =>
        string.Join(
            '\n',
            partitions
                .SelectMany(lane =>
                    new (string Name, string Key)[]
                    {
                        ("head", "head"),
                        ("checkpoint", "checkpoint"),
                        ("lag", "lag"),
                        ("redelivered_total", "redelivered"),
                        ("quarantined_total", "quarantined"),
                        ("fences_total", "fences"),
                    }.Select(metric =>
                        $"{metric.Name} {lane!["partition"]} {lane["lane"]} {lane[metric.Key]}"
                    )
                )
                .Order(StringComparer.Ordinal)
        );

    private static string Lines(string metrics) =>
        string.Join(
            '\n',
            PartitionSample()
                .Matches(metrics)
                .Select(sample =>
                    $"{sample.Groups["name"]} {sample.Groups["partition"]} "
                    + $"{sample.Groups["lane"]} {sample.Groups["value"]}"
                )
                .Order(StringComparer.Ordinal)
        );

    [GeneratedRegex(
        @"^cdp_partition_(?<name>\w+)\{.*lane=""(?<lane>\w+)"",partition=""(?<partition>\d+)"".*\} (?<value>\d+)( \d+)?$",
        RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        1000
    )]
    private static partial Regex PartitionSample();

    [GeneratedRegex(@"^# (TYPE|HELP|UNIT|EOF)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Comment();

    [GeneratedRegex(
        @"^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*=""(\\.|[^""\\])*"",?)*\})? (NaN|[+-]?Inf|[-+0-9.eE]+)( \d+)?$",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Sample();
}
