using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary><c>cdp import</c>, as a user runs it.</summary>
public sealed class ImportTests(RunningHost host) : IClassFixture<RunningHost>, IDisposable
{
    private const string Header = "Id,FirstName,LastName,Title,LastModifiedDate\n";
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("cdp-import-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Good_rows_arrive_and_bad_ones_are_listed_with_their_reason()
    {
        string file = Write(
            "people.csv",
            "\uFEFF"
                + Header
                + "003I1,Ada,Lovelace,\"Analyst,\n\"\"first\"\"\",2026-01-01T00:00:00Z\r\n"
                + ",Nobody,Nowhere,,2026-01-01T00:00:00Z\n"
                + "003I2,Grace,Hopper,,no date\n"
                + "\n"
                + "003I3,Mary,Somerville,,2026-01-01T00:00:00Z"
        );

        var (exitCode, output) = await ImportAsync(file);

        exitCode.ShouldBe(2, output);
        output.ShouldContain("4 records: 2 accepted, 0 duplicates, 0 filtered, 2 rejected");
        output.ShouldContain(file + ".rejects.ndjson");
        File.Exists(file + ".progress").ShouldBeFalse();
        JsonNode[] rejects = Rejects(file);
        rejects.Select(reject => (int)reject["record"]!).ShouldBe([2, 3]);
        ((string)rejects[0]["code"]!).ShouldBe(ReasonCodes.Required);
        ((string)rejects[1]["pointer"]!).ShouldBe("/LastModifiedDate");
        ((string)rejects[1]["text"]!).ShouldBe("003I2,Grace,Hopper,,no date");
        await host.Api.DrainAsync();
        JsonNode ada = (await host.Api.ProfileAsync("contactId", "003I1"))!;
        ((string)ada["traits"]!["title"]!["value"]!).ShouldBe("Analyst,\n\"first\"");
        (await host.Api.ProfileAsync("contactId", "003I3")).ShouldNotBeNull();
    }

    [Fact]
    public async Task An_import_that_was_killed_goes_on_and_everything_counts_once()
    {
        const int rows = 30_000;
        const int everyBad = 4_000;
        StringBuilder text = new(Header);
        for (int i = 1; i <= rows; i++)
        {
            string at = i % everyBad == 0 ? "never" : "2026-01-01T00:00:00Z";
            text.Append(null, $"003K{i},First{i},Last{i},,{at}\n");
        }

        string file = Write("many.csv", text.ToString());
        Counts before = await host.Api.DrainAsync();
        using (CommandLine first = CommandLine.Start(host.Address, Arguments(file)))
        {
            await Eventually.BeAsync(
                () => Task.FromResult(File.Exists(file + ".progress") || first.HasEnded),
                "the import is on its way",
                () => first.Output
            );
            first.HasEnded.ShouldBeFalse(first.Output);
            await first.KillAsync();
        }

        var (exitCode, output) = await ImportAsync(file);

        exitCode.ShouldBe(2, output);
        output.ShouldContain("Going on after record ");
        output.ShouldContain($"{rows:N0} records: ");
        Rejects(file)
            .Select(reject => (int)reject["record"]!)
            .ShouldBe(Enumerable.Range(1, rows / everyBad).Select(bad => bad * everyBad));
        Counts after = await host.Api.DrainAsync();
        (after[Stream, "applied"] - before[Stream, "applied"]).ShouldBe(rows - (rows / everyBad));
        (await host.Api.ProfileAsync("contactId", $"003K{rows - 1}")).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_file_that_changed_since_is_sent_from_its_start()
    {
        string file = Write("changed.csv", Header + "003C1,Emmy,Noether,,2026-01-01T00:00:00Z\n");
        Write(
            "changed.csv.progress",
            $$"""{"Stream":"{{Stream}}","Length":1,"WrittenAt":"2026-01-01T00:00:00Z","Position":90,"Records":7,"RejectBytes":5}"""
        );
        Write("changed.csv.rejects.ndjson", "stale\n");

        var (exitCode, output) = await ImportAsync(file);

        exitCode.ShouldBe(0, output);
        output.ShouldContain("has changed since its import was interrupted: starting anew");
        output.ShouldContain("1 records: 1 accepted");
        File.Exists(file + ".rejects.ndjson").ShouldBeFalse();
    }

    [Fact]
    public async Task An_import_that_went_to_another_gateway_is_sent_from_its_start()
    {
        string file = Write("moved.csv", Header + "003G1,Emmy,Noether,,2026-01-01T00:00:00Z\n");
        FileInfo known = new(file);
        Write(
            "moved.csv.progress",
            $$"""
            {"Stream":"{{Stream}}","Gateway":"http://elsewhere:5080/","Length":{{known.Length}},
             "WrittenAt":"{{known.LastWriteTimeUtc:O}}","Position":{{known.Length}},"Records":1}
            """
        );

        var (exitCode, output) = await ImportAsync(file);

        exitCode.ShouldBe(0, output);
        output.ShouldContain(
            "An interrupted import went to the gateway http://elsewhere:5080/: starting anew."
        );
        await host.Api.DrainAsync();
        (await host.Api.ProfileAsync("contactId", "003G1")).ShouldNotBeNull();
    }

    [Fact]
    public async Task Lines_of_json_are_taken_from_any_other_file()
    {
        string file = Write("people.ndjson", "\uFEFF{\"Id\":\"003J1\",\"LastName\":\"Curie\"}\n\n");

        var (exitCode, output) = await ImportAsync(file);

        exitCode.ShouldBe(0, output);
        output.ShouldContain("1 records: 1 accepted");
    }

    [Fact]
    public async Task A_gateway_that_is_away_is_asked_again_and_then_named()
    {
        string file = Write("away.csv", Header + "003A1,Emmy,Noether,,\n");
        Uri nobody = new($"http://127.0.0.1:{RunningHost.FreePort()}");

        var (exitCode, output) = await CommandLine.RunAsync(
            nobody,
            [.. Arguments(file), "--retry-for", "1"]
        );

        exitCode.ShouldBe(1, output);
        output.ShouldContain($"{nobody} does not answer: Connection refused");
        output.ShouldContain("Trying again for 1 s.");
        output.ShouldContain($"cdp import: {nobody} does not answer");
        output.ShouldNotContain("   at ");
    }

    [Theory]
    [InlineData("--stream", "nowhere", "404 unknown_stream")]
    [InlineData("--key", "cdp_not_a_key_at_all", "401")]
    [InlineData("--file", "/nowhere.csv", "/nowhere.csv does not exist")]
    [InlineData("--retry-for", "86401", "--retry-for takes 0 to 86400 seconds")]
    public async Task What_is_wrong_is_said_in_a_line(string option, string value, string said)
    {
        string file = Write("wrong.csv", Header + "003A1,Emmy,Noether,,\n");
        Dictionary<string, string> options = new()
        {
            ["--stream"] = Stream,
            ["--file"] = file,
            [option] = value,
        };

        var (exitCode, output) = await CommandLine.RunAsync(
            host.Address,
            ["import", .. options.SelectMany(o => new[] { o.Key, o.Value })]
        );

        exitCode.ShouldBe(1, output);
        output.ShouldContain(said);
        output.ShouldNotContain("   at ");
    }

    private const string Stream = "salesforce-contact";

    private static string[] Arguments(string file) => ["import", "-s", Stream, "-f", file];

    private static JsonNode[] Rejects(string file) =>
        [.. File.ReadAllLines(file + ".rejects.ndjson").Select(line => JsonNode.Parse(line)!)];

    private Task<(int ExitCode, string Output)> ImportAsync(string file) =>
        CommandLine.RunAsync(host.Address, Arguments(file));

    private string Write(string name, string text)
    {
        string path = Path.Combine(folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
