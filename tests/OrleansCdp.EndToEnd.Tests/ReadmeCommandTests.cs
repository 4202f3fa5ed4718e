using System.Diagnostics;

namespace OrleansCdp;

/// <summary>What stands in README.md answers when it is pasted.</summary>
public sealed class ReadmeCommandTests(RunningHost host) : IClassFixture<RunningHost>
{
    private const string AtMostSeconds = "300";

    // Whatever is refused ends it. Who follows a segment goes on until told to stop.
    private const string Prelude = """
        set -euo pipefail
        curl() {
          case "$*" in
            *text/event-stream*) command curl -fsS --max-time 2 "$@" || [ $? = 28 ] ;;
            *) command curl -fsS "$@" ;;
          esac
        }

        """;

    [Fact]
    public async Task What_is_asked_of_insights_and_segments_the_demo_answers()
    {
        var (exitCode, output) = await CommandLine.RunAsync(
            host.Address,
            ["demo", "--data", host.DataFolder, "--people", "200"]
        );
        exitCode.ShouldBe(0, output);

        (exitCode, output) = await RunAsync(CommandsOf("Insights") + CommandsOf("Segments"));

        exitCode.ShouldBe(0, output);
    }

    /// <summary>The lines of a section that are commands for a shell.</summary>
    private static string CommandsOf(string section)
    {
        string readme = File.ReadAllText(Path.Combine(Checkout.Root, "README.md"));
        string[] lines = readme.Split($"\n## {section}\n")[1].Split("\n## ")[0].Split('\n');
        bool isFenced = false;
        List<string> commands = [];
        foreach (string line in lines)
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                isFenced = line == "```sh";
            }
            else if (isFenced || line.StartsWith("    ", StringComparison.Ordinal))
            {
                commands.Add(line);
            }
        }

        commands.ShouldNotBeEmpty(section);
        return string.Join('\n', [.. commands, ""]);
    }

    private async Task<(int ExitCode, string Output)> RunAsync(string commands)
    {
        ProcessStartInfo info = new(
            "timeout",
            [AtMostSeconds, "bash", "-c", $"exec 2>&1\n{Prelude}{commands}"]
        )
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        info.Environment["cdp"] = host.Address.GetLeftPart(UriPartial.Authority);
        info.Environment["auth"] = $"Authorization: Bearer {RunningHost.AdminKey}";
        using Process shell = Process.Start(info)!;
        string output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return (shell.ExitCode, output);
    }
}
