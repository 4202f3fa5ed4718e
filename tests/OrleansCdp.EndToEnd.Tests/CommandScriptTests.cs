using System.Diagnostics;

namespace OrleansCdp;

/// <summary><c>deploy/cdp</c> runs what its sources say, and builds no oftener than that takes.</summary>
public sealed class CommandScriptTests : IDisposable
{
    private const string Tool = "src/OrleansCdp.Cli/bin/Release/net10.0/cdp.dll";
    private const string Source = "src/OrleansCdp.Cli/Program.cs";
    private static readonly DateTime Built = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);
    private readonly string root = Directory.CreateTempSubdirectory("cdp-script-").FullName;

    /// <summary>A folder that is no checkout, with a stand-in for the SDK.</summary>
    public CommandScriptTests()
    {
        foreach (string script in new[] { "cdp", "prepare.sh" })
        {
            Write($"deploy/{script}", File.ReadAllText(InCheckout($"deploy/{script}")));
        }

        foreach (string file in new[] { Source, "Directory.Packages.props", "global.json" })
        {
            Write(file, "");
            SetTime(file, Built.AddHours(-1));
        }

        Write(
            "bin/dotnet",
            $"""
            #!/usr/bin/env bash
            case "$1" in
              --version) echo 10.0.100 ;;
              build)
                echo "noise of the build"
                [ ! -e "{root}/broken" ] || exit 1
                echo "$2" >> "{root}/builds"
                mkdir -p "$(dirname "{root}/{Tool}")"
                touch "{root}/{Tool}"
                ;;
              *) echo "runs $(basename "$1") ${"{*:2}"}" ;;
            esac
            """
        );
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task A_tool_that_is_not_there_is_built_once()
    {
        (await RunAsync("import", "--help")).ShouldBe(
            (0, "runs cdp.dll import --help\n", "Building the command line\n")
        );
        (await RunAsync("apply")).ShouldBe((0, "runs cdp.dll apply\n", ""));

        Builds.ShouldBe(1);
    }

    [Theory]
    [InlineData(Source)]
    [InlineData("src/OrleansCdp.Gateway/Events/CsvText.cs")]
    [InlineData("src/Directory.Build.props")]
    [InlineData("Directory.Packages.props")]
    [InlineData("global.json")]
    public async Task A_tool_that_is_older_than_a_source_is_built_anew_once(string source)
    {
        Write(Tool, "");
        SetTime(Tool, Built);
        Write(source, "");
        SetTime(source, Built.AddSeconds(1));

        (await RunAsync()).ShouldBe((0, "runs cdp.dll \n", "Building the command line\n"));
        (await RunAsync()).ShouldBe((0, "runs cdp.dll \n", ""));

        Builds.ShouldBe(1);
    }

    [Theory]
    [InlineData("src/OrleansCdp.Cli/obj/project.assets.json")]
    [InlineData("src/OrleansCdp.Host/bin/Release/net10.0/OrleansCdp.Host.dll")]
    [InlineData("tests/OrleansCdp.Cli.Tests/Some.cs")]
    [InlineData("README.md")]
    public async Task What_no_tool_is_made_of_builds_none(string file)
    {
        Write(Tool, "");
        SetTime(Tool, Built);
        Write(file, "");

        (await RunAsync()).ShouldBe((0, "runs cdp.dll \n", ""));

        Builds.ShouldBe(0);
    }

    [Fact]
    public async Task A_build_that_fails_is_shown_and_nothing_runs()
    {
        Write("broken", "");

        (int exitCode, string output, string errors) = await RunAsync("import");

        exitCode.ShouldBe(1);
        output.ShouldBeEmpty();
        errors.ShouldContain("noise of the build");
        errors.ShouldEndWith("The build failed.\n");
    }

    private int Builds =>
        File.Exists(PathOf("builds")) ? File.ReadAllLines(PathOf("builds")).Length : 0;

    private static string InCheckout(string file) => Path.Combine(Checkout.Root, file);

    private string PathOf(string file) => Path.Combine(root, file);

    private void Write(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(file))!);
        File.WriteAllText(PathOf(file), text);
        File.SetUnixFileMode(
            PathOf(file),
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        );
    }

    private void SetTime(string file, DateTime time) =>
        File.SetLastWriteTimeUtc(PathOf(file), time);

    private async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        params string[] arguments
    )
    {
        ProcessStartInfo info = new("bash", [PathOf("deploy/cdp"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Path.GetTempPath(),
        };
        info.Environment["PATH"] =
            PathOf("bin") + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH");
        using Process run = Process.Start(info)!;
        Task<string> errors = run.StandardError.ReadToEndAsync();
        string output = await run.StandardOutput.ReadToEndAsync();
        await run.WaitForExitAsync();
        return (run.ExitCode, output, await errors);
    }
}
