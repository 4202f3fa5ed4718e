using System.Net;
using System.Text.RegularExpressions;

namespace OrleansCdp.Events;

/// <summary><c>cdp demo</c>, as a user runs it.</summary>
public sealed partial class DemoTests(RunningHost host) : IClassFixture<RunningHost>
{
    [Fact]
    public async Task What_it_prints_answers_when_pasted_and_it_is_sent_once()
    {
        var (exitCode, output) = await DemoAsync("--people", "50");

        exitCode.ShouldBe(0, output);
        await CheckAnswersAsync(output);
        long received = (await host.Api.DrainAsync())
            .All.Where(c => c.Kind == "received")
            .Sum(c => c.N);
        received.ShouldBeGreaterThan(300);

        (exitCode, output) = await DemoAsync("--people", "50");

        exitCode.ShouldBe(0, output);
        output.ShouldContain("The demo is here from an earlier start: nothing was sent.");
        await CheckAnswersAsync(output);
        (await host.Api.DrainAsync())
            .All.Where(c => c.Kind == "received")
            .Sum(c => c.N)
            .ShouldBe(received);
    }

    [Fact]
    public async Task A_key_that_is_refused_is_said_so()
    {
        var (exitCode, output) = await DemoAsync("--key", "cdp_not_a_key_at_all");

        exitCode.ShouldBe(1, output);
        output.ShouldContain("401");
        output.ShouldNotContain("   at ");
    }

    [Theory]
    [InlineData("19")]
    [InlineData("20001")]
    public async Task Too_few_and_too_many_people_are_refused(string people)
    {
        var (exitCode, output) = await DemoAsync("--people", people);

        exitCode.ShouldBe(1, output);
        output.ShouldContain("--people takes 20 to 20,000.");
    }

    [GeneratedRegex(
        "curl -s -H 'Authorization: Bearer (?<key>[^']+)' (?<url>http[^ \r\n]+)",
        RegexOptions.None,
        1000
    )]
    private static partial Regex Curl();

    private static async Task CheckAnswersAsync(string output)
    {
        Match[] lines = [.. Curl().Matches(output).Cast<Match>()];
        lines.Length.ShouldBe(3, output);
        using HttpClient http = new();
        foreach (Match line in lines)
        {
            using HttpRequestMessage request = new(HttpMethod.Get, line.Groups["url"].Value);
            request.Headers.Authorization = new("Bearer", line.Groups["key"].Value);
            using HttpResponseMessage answer = await http.SendAsync(request);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, line.Value);
        }
    }

    private Task<(int ExitCode, string Output)> DemoAsync(params string[] more) =>
        CommandLine.RunAsync(host.Address, ["demo", "--data", host.DataFolder, .. more]);
}

/// <summary>A demo that is stopped halfway.</summary>
public sealed class InterruptedDemoTests(RunningHost host) : IClassFixture<RunningHost>
{
    private const int Interrupted = 130;
    private const string Ended = "cdp demo: ";
    private const StringComparison Ordinal = StringComparison.Ordinal;
    private static readonly string[] Demo = ["demo", "--people", "1000", "--data", "/nowhere"];

    [Fact]
    public async Task It_ends_quietly_and_the_next_run_completes_it()
    {
        using (CommandLine first = CommandLine.Start(host.Address, Demo))
        {
            await SentAsync(first, host);
            first.HasEnded.ShouldBeFalse(first.Output);
            (await first.InterruptAsync()).ShouldBe(Interrupted, first.Output);
            first.Output.ShouldNotContain("cdp demo:");
            first.Output.ShouldNotContain("   at ");
        }

        await host.Api.DrainAsync();
        var (exitCode, output) = await CommandLine.RunAsync(host.Address, Demo);

        exitCode.ShouldBe(0, output);
        output.ShouldContain("An earlier demo was interrupted: completing it.");
        Counts counts = await host.Api.DrainAsync();
        long taken = counts.All.Where(c => c.Kind == "received").Sum(c => c.N);
        long duplicates = counts.All.Where(c => c.Kind == "duplicate").Sum(c => c.N);
        duplicates.ShouldBeGreaterThan(0);
        output.ShouldContain($"{taken - duplicates:N0} events of 1,000 people and 100 accounts");
        await LogOracle.CheckAsync(host);
    }

    [Fact]
    public async Task A_gateway_that_ended_is_named()
    {
        RunningHost other = new();
        await other.StartAsync();
        try
        {
            using CommandLine demo = CommandLine.Start(other.Address, Demo);
            await SentAsync(demo, other);
            demo.HasEnded.ShouldBeFalse(demo.Output);

            await other.StopAsync();

            await Eventually.BeAsync(
                () => Task.FromResult(demo.HasEnded && demo.Output.Contains(Ended, Ordinal)),
                "the demo ends and says so",
                () => demo.Output
            );
            demo.Output.ShouldContain(
                $"{Ended}{other.Address} does not answer: Connection refused"
            );
            demo.Output.ShouldNotContain("   at ");
        }
        finally
        {
            await other.DisposeAsync();
        }
    }

    /// <summary>
    /// Waits until something of the demo is in the log. A gateway that is busy with its first batches may refuse for a
    /// moment.
    /// </summary>
    private static Task SentAsync(CommandLine demo, RunningHost host) =>
        Eventually.BeAsync(
            async () =>
                demo.HasEnded
                || Counts.Of(
                    (await Eventually.SucceedAsync(() => host.Api.GetAsync("/v1/status")))!
                )["salesforce-contact", "received"] > 0,
            "the demo is on its way",
            () => demo.Output
        );
}
