namespace OrleansCdp;

/// <summary><c>deploy/start</c> hands its options on to the program, and refuses those it does not know.</summary>
public sealed class StartScriptTests : IDisposable
{
    private readonly StandInCheckout checkout = new(
        """
        #!/usr/bin/env bash
        case "$1" in
          --version) echo 10.0.100 ;;
          build) ;;
          *) echo "runs $(basename "$1") ${*:2}" ;;
        esac
        """,
        "start"
    );

    public void Dispose() => checkout.Dispose();

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
        checkout.Write("bin/id", $"#!/bin/sh\necho {user}\n");
        checkout.Write("bin/setpriv", $"#!/bin/sh\n{(entersCheckout ? "true" : "false")}\n");

        (_, string output, _) = await RunAsync();

        output.ShouldContain($" --data {Path.Combine(checkout.Root, folder)}\n");
    }

    /// <summary>No server is looked for: there is one elsewhere.</summary>
    private Task<(int ExitCode, string Output, string Errors)> RunAsync(
        params string[] arguments
    ) => checkout.RunAsync("start", "Host=nowhere", arguments);
}
