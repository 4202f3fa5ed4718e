using System.Diagnostics;

namespace OrleansCdp;

/// <summary><c>deploy/cluster</c> starts processes in order, hands its options on, and stops them in the other order.</summary>
public sealed class ClusterScriptTests : IDisposable
{
    // The program: writes down what it was told, says that it is ready, and writes down when it is stopped.
    private readonly StandInCheckout checkout = new(
        """
        #!/usr/bin/env bash
        here="$(cd "$(dirname "$0")/.." && pwd)"
        case "$1" in
          --version) echo 10.0.100; exit ;;
          build) exit ;;
        esac
        [ "$(basename "$1")" = OrleansCdp.Host.dll ] || exit 0
        echo "starts ${*:2} with $ConnectionStrings__Cdp $CDP_ADMIN_KEY" >>"$here/journal"
        if [ "$3" = database ]; then
          mkdir -p "$here/data"
          echo Host=private >"$here/data/connection"
          echo a-key-that-was-made >"$here/data/admin-key"
        fi
        [ -e "$here/broken-$3" ] && { echo "It cannot start."; exit 3; }
        trap 'echo "stops $3" >>"$here/journal"; exit 0' TERM
        echo "The $3 is ready at http://127.0.0.1:1"
        while :; do sleep 0.05; done
        """,
        "cluster"
    );

    private string Journal => File.ReadAllText(Path.Combine(checkout.Root, "journal"));

    public void Dispose() => checkout.Dispose();

    [Fact]
    public async Task Silos_and_gateways_share_the_private_database_and_one_signal_stops_all_in_order()
    {
        string data = Path.Combine(checkout.Root, "data");
        using Process run = checkout.Start(
            "cluster",
            connectionString: null,
            "--silos",
            "2",
            "--gateways",
            "2",
            "--data",
            data,
            "--partitions",
            "8",
            "--urls",
            "http://127.0.0.1:7"
        );
        await UntilReadyAsync(run);
        using Process kill = Process.Start("kill", ["-TERM", $"{run.Id}"]);
        await run.WaitForExitAsync();

        run.ExitCode.ShouldBe(0);
        const string shared = "with Host=private a-key-that-was-made";
        string[] lines = Journal.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines[0].ShouldBe($"starts --roles database --data {data} --partitions 8 with  ");
        lines[1..5]
            .Order(StringComparer.Ordinal)
            .ShouldBe([
                $"starts --roles gateway --urls http://127.0.0.1:0 --partitions 8 {shared}",
                $"starts --roles gateway --urls http://127.0.0.1:7 --partitions 8 {shared}",
                $"starts --roles silo --urls http://127.0.0.1:0 --partitions 8 {shared}",
                $"starts --roles silo --urls http://127.0.0.1:0 --partitions 8 {shared}",
            ]);
        lines[5..]
            .ShouldBe([
                "stops gateway",
                "stops gateway",
                "stops silo",
                "stops silo",
                "stops database",
            ]);
        (await File.ReadAllTextAsync(Path.Combine(data, "logs", "silo-2.log"))).ShouldContain(
            "is ready"
        );
    }

    [Fact]
    public async Task The_logs_of_the_last_run_are_kept()
    {
        string logs = Path.Combine(checkout.Root, "data", "logs");
        Directory.CreateDirectory(logs);
        await File.WriteAllTextAsync(Path.Combine(logs, "silo-7.log"), "It is ready, and died.");
        checkout.Write("broken-gateway", "");

        await checkout.RunAsync(
            "cluster",
            "Host=elsewhere",
            "--data",
            Path.Combine(checkout.Root, "data")
        );

        File.Exists(Path.Combine(logs, "silo-7.log")).ShouldBeFalse();
        (await File.ReadAllTextAsync(Path.Combine(logs, "before", "silo-7.log"))).ShouldBe(
            "It is ready, and died."
        );
    }

    [Fact]
    public async Task An_existing_database_is_used_instead()
    {
        using Process run = checkout.Start(
            "cluster",
            "Host=elsewhere",
            "--silos",
            "1",
            "--data",
            Path.Combine(checkout.Root, "data")
        );
        await UntilReadyAsync(run);
        using Process kill = Process.Start("kill", ["-TERM", $"{run.Id}"]);
        await run.WaitForExitAsync();

        Journal.ShouldNotContain("database");
        Journal.ShouldContain("--roles silo --urls http://127.0.0.1:0 with Host=elsewhere");
    }

    [Fact]
    public async Task A_process_that_does_not_start_is_shown_and_the_others_are_stopped()
    {
        checkout.Write("broken-gateway", "");

        (int exitCode, _, string errors) = await checkout.RunAsync(
            "cluster",
            "Host=elsewhere",
            "--silos",
            "1",
            "--data",
            Path.Combine(checkout.Root, "data")
        );

        exitCode.ShouldBe(1);
        errors.ShouldContain("gateway-1 did not start:\nIt cannot start.");
        Journal.ShouldEndWith("stops silo\n");
    }

    [Theory]
    [InlineData("--silos needs a value.", "--silos")]
    [InlineData("Unknown option --silo.", "--silo", "3")]
    [InlineData("--silos and --gateways must be from 1 to 16, not '0'.", "--silos", "0")]
    [InlineData("--silos and --gateways must be from 1 to 16, not '17'.", "--gateways", "17")]
    [InlineData("--silos and --gateways must be from 1 to 16, not 'x'.", "--silos", "x")]
    public async Task What_cannot_be_understood_is_said(string said, params string[] arguments)
    {
        (int exitCode, _, string errors) = await checkout.RunAsync(
            "cluster",
            "Host=elsewhere",
            arguments
        );

        exitCode.ShouldBe(1);
        errors.ShouldStartWith(said);
    }

    private static async Task UntilReadyAsync(Process run)
    {
        string seen = "";
        while (!seen.Contains("Ctrl-C stops everything.", StringComparison.Ordinal))
        {
            string? line = await run.StandardOutput.ReadLineAsync();
            line.ShouldNotBeNull(seen);
            seen += line + "\n";
        }
    }
}
