using System.Diagnostics;

namespace OrleansCdp;

/// <summary><c>deploy/start</c> hands its options on to the program, and refuses those it does not know.</summary>
public sealed class StartScriptTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("cdp-start-").FullName;

    /// <summary>A folder that is no checkout, with a stand-in for the SDK that prints what it is to run.</summary>
    public StartScriptTests()
    {
        foreach (string script in new[] { "start", "prepare.sh" })
        {
            Write(
                $"deploy/{script}",
                File.ReadAllText(Path.Combine(Checkout.Root, "deploy", script))
            );
        }

        Write("src/OrleansCdp.Cli/bin/Release/net10.0/cdp.dll", "");
        Write(
            "bin/dotnet",
            """
            #!/usr/bin/env bash
            case "$1" in
              --version) echo 10.0.100 ;;
              build) ;;
              *) echo "runs $(basename "$1") ${*:2}" ;;
            esac
            """
        );
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task Every_option_of_the_program_is_handed_on()
    {
        (int exitCode, string output, _) = await RunAsync(
            "--partitions",
            "64",
            "--urls",
            "http://127.0.0.1:0",
            "--gateway-port",
            "30000",
            "--data",
            "/nowhere"
        );

        exitCode.ShouldBe(0);
        output.ShouldEndWith(
            "runs OrleansCdp.Host.dll --urls http://127.0.0.1:0 --data /nowhere --partitions 64 --gateway-port 30000\n"
        );
    }

    [Theory]
    [InlineData("--partitions needs a value.", "--partitions")]
    [InlineData("--gateway-port needs a value.", "--gateway-port")]
    [InlineData("Unknown option --partitons.", "--partitons", "64")]
    public async Task What_cannot_be_understood_is_said(string said, params string[] arguments)
    {
        (int exitCode, string output, string errors) = await RunAsync(arguments);

        exitCode.ShouldBe(1);
        output.ShouldBeEmpty();
        errors.ShouldStartWith(said);
    }

    [Fact]
    public async Task Help_names_every_option()
    {
        (int exitCode, string output, _) = await RunAsync("--help");

        exitCode.ShouldBe(0);
        foreach (
            string option in new[]
            {
                "--demo",
                "--urls",
                "--data",
                "--partitions",
                "--gateway-port",
            }
        )
        {
            output.ShouldContain($"\n{option} ");
        }

        output.ShouldContain("ConnectionStrings__Cdp");
    }

    [Theory]
    [InlineData(0, true, ".data")]
    [InlineData(0, false, "/var/lib/orleanscdp")]
    [InlineData(1000, false, ".data")]
    public async Task Data_live_where_whoever_runs_the_server_can_enter(
        int user,
        bool entersCheckout,
        string folder
    )
    {
        Write("bin/id", $"#!/bin/sh\necho {user}\n");
        Write("bin/setpriv", $"#!/bin/sh\n{(entersCheckout ? "true" : "false")}\n");

        (_, string output, _) = await RunAsync();

        output.ShouldContain($" --data {Path.Combine(root, folder)}\n");
    }

    private void Write(string file, string text)
    {
        string path = Path.Combine(root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(
            path,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        );
    }

    private async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        params string[] arguments
    )
    {
        ProcessStartInfo info = new("bash", [Path.Combine(root, "deploy/start"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Path.GetTempPath(),
        };
        info.Environment["PATH"] =
            Path.Combine(root, "bin")
            + Path.PathSeparator
            + Environment.GetEnvironmentVariable("PATH");
        info.Environment["ConnectionStrings__Cdp"] = "Host=nowhere"; // No server is looked for.
        using Process run = Process.Start(info)!;
        Task<string> errors = run.StandardError.ReadToEndAsync();
        string output = await run.StandardOutput.ReadToEndAsync();
        await run.WaitForExitAsync();
        return (run.ExitCode, output, await errors);
    }
}
