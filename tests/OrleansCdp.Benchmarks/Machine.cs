using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace OrleansCdp;

/// <summary>What the figures were measured on.</summary>
internal sealed record Machine
{
    /// <summary>The commit of the checkout, with <c>+</c> when it has changes.</summary>
    public required string Commit { get; init; }

    private string Text { get; init; } = "";

    /// <summary>Looks.</summary>
    public static async Task<Machine> LookAsync()
    {
        string commit = await RunAsync("git", ["-C", Checkout(), "rev-parse", "--short", "HEAD"]);
        string changes = await RunAsync("git", ["-C", Checkout(), "status", "--porcelain", "-uno"]);
        string model = (await File.ReadAllLinesAsync("/proc/cpuinfo"))
            .FirstOrDefault(
                line => line.StartsWith("model name", StringComparison.Ordinal),
                "unknown"
            )
            .Split(':')[^1]
            .Trim();
        string memory = (await File.ReadAllLinesAsync("/proc/meminfo"))[0].Split(':')[1].Trim();
        string load = (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[2];
        string postgres = await RunAsync(
            "sh",
            ["-c", "ls /usr/lib/postgresql | sort -n | tail -1"]
        );
        return new Machine
        {
            Commit = commit + (changes.Length > 0 ? "+" : ""),
            Text = string.Create(
                CultureInfo.InvariantCulture,
                $"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC; commit {commit}{(changes.Length > 0 ? " with changes" : "")}; "
                    + $"{Environment.ProcessorCount} x {model}, {memory}; {RuntimeInformation.OSDescription}; "
                    + $"{RuntimeInformation.FrameworkDescription}; PostgreSQL {postgres}; "
                    + $"load over the last 15 minutes {load}"
            ),
        };
    }

    /// <summary>The folder of the solution.</summary>
    public static string Checkout()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "OrleansCdp.sln")))
            {
                return at.FullName;
            }
        }

        throw new DirectoryNotFoundException("The benchmarks do not run inside a checkout.");
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static async Task<string> RunAsync(string program, IEnumerable<string> arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output.Trim();
    }
}
