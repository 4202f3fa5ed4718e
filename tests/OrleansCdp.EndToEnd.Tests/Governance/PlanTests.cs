using System.Text.Json.Nodes;

namespace OrleansCdp.Governance;

/// <summary><c>cdp plan</c>, as a user runs it before <c>cdp apply</c>.</summary>
public sealed class PlanTests(RunningHost host) : IClassFixture<RunningHost>, IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("cdp-plan-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task What_would_change_is_told_with_whom_a_segment_moves_and_nothing_is_stored()
    {
        await SayAsync("003plan1", "planned");
        await SayAsync("003plan2", "other");
        Write("planned.segment.yaml", "criteria: title='planned'");
        Write("asked.insight.yaml", "source: Case\nmeasure: count");

        var (exitCode, output) = await PlanAsync();

        exitCode.ShouldBe(0, output);
        output.ShouldContain("insight asked: version 1, new");
        output.ShouldContain("  + source: Case");
        output.ShouldContain("segment planned: version 1, new");
        output.ShouldContain("  + title = 'planned'");
        output.ShouldContain("of 2 people 1 would enter, 0 leave");
        output.ShouldContain("to be confirmed: whoever activates it says `confirmMoves`: 1");
        output.ShouldContain("2 of 2 would change, 0 would be refused");
        (await PlanAsync("--detailed-exit-code")).ExitCode.ShouldBe(2);
        (await host.Api.TryGetAsync("/v1/definitions/segment/planned")).ShouldBeNull();
        (await host.Api.TryGetAsync("/v1/definitions/insight/asked")).ShouldBeNull();

        (exitCode, output) = await CommandLine.RunAsync(
            host.Address,
            "apply",
            "-f",
            folder.FullName
        );
        exitCode.ShouldBe(0, output);
        Api reviewer = await host.Api.AnotherAsync("reviewer");
        await StepAsync(reviewer, "approve", "{}");
        await StepAsync(reviewer, "activate", """{"confirmMoves":1}""");

        (exitCode, output) = await PlanAsync("--detailed-exit-code");
        exitCode.ShouldBe(0, output);
        output.ShouldContain("segment planned: version 1, unchanged, active");
        output.ShouldContain("insight asked: version 1, unchanged");

        Write("planned.segment.yaml", "criteria: title='other'");
        Write("asked.insight.yaml", "source: Case\nmeasure: count\nwindow: 30 days");
        (exitCode, output) = await PlanAsync();
        exitCode.ShouldBe(0, output);
        output.ShouldContain("  - title = 'planned'");
        output.ShouldContain("  + title = 'other'");
        output.ShouldContain("  + window: 30 days");
        output.ShouldNotContain("+ source");

        Write("planned.segment.yaml", "criteria:   title = 'planned'");
        (_, output) = await PlanAsync();
        output.ShouldContain("changed; its criteria mean the same");
        output.ShouldContain("1 would be in it");
    }

    [Fact]
    public async Task What_belongs_together_is_planned_together()
    {
        Write("asks.segment.yaml", "criteria: in segment together and insights.together >= 1");
        Write("together.segment.yaml", "criteria: title = 'together'");
        Write("together.insight.yaml", "source: Case\nmeasure: count");

        var (exitCode, output) = await PlanAsync();

        exitCode.ShouldBe(0, output);
        output.ShouldContain("segment asks: version 1, new");
        output.ShouldContain("  no preview beside what is active: There is no");
        output.ShouldContain(" people 0 would enter, 0 leave");
        output.ShouldContain("3 of 3 would change, 0 would be refused");

        (exitCode, output) = await CommandLine.RunAsync(
            host.Address,
            ["plan", "-f", Path.Combine(Checkout.Root, "deploy", "segments")]
        );
        exitCode.ShouldBe(0, output);
        output.ShouldContain("20 of 20 would change, 0 would be refused");
    }

    [Fact]
    public async Task What_would_be_refused_is_told_with_its_place()
    {
        Write("wrong.segment.yaml", "criteria: count(SalesOrders) > 3");
        Write("fine.segment.yaml", "criteria: count(SalesOrder) > 3");

        var (exitCode, output) = await PlanAsync();

        exitCode.ShouldBe(1, output);
        output.ShouldContain("  wrong.segment.yaml(1,17)");
        output.ShouldContain("Did you mean `SalesOrder`?");
        output.ShouldContain("segment fine: version 1, new");
        output.ShouldContain("1 of 2 would change, 1 would be refused");
    }

    [Fact]
    public async Task What_is_not_utf8_is_not_what_the_server_reads()
    {
        await File.WriteAllBytesAsync(
            Path.Combine(folder.FullName, "bytes.segment.yaml"),
            [.. "description: "u8, 0xFF, .. "\ncriteria: title is null"u8]
        );

        var (exitCode, output) = await PlanAsync();

        exitCode.ShouldBe(1, output);
        output.ShouldContain("is it UTF-8?");
    }

    private static async Task StepAsync(Api api, string step, string body)
    {
        var (status, answer) = await api.PostAsync(
            $"/v1/definitions/segment/planned/versions/1/{step}",
            body,
            "application/json"
        );
        status.ShouldBe(System.Net.HttpStatusCode.OK, answer?.ToJsonString());
    }

    private async Task SayAsync(string contact, string title)
    {
        var (status, _) = await host.Api.PostAsync(
            "/v1/streams/salesforce-contact",
            $$"""
            {"Id":"{{contact}}","Title":"{{title}}","SystemModstamp":"2026-06-01T09:00:00Z"}
            """,
            "application/json"
        );
        status.ShouldBe(System.Net.HttpStatusCode.Accepted);
        await host.Api.DrainAsync();
    }

    private void Write(string name, string text) =>
        File.WriteAllText(Path.Combine(folder.FullName, name), text);

    private Task<(int ExitCode, string Output)> PlanAsync(params string[] more) =>
        CommandLine.RunAsync(host.Address, ["plan", "-f", folder.FullName, .. more]);
}
