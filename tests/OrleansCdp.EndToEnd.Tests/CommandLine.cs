using System.Diagnostics;
using System.Text;

namespace OrleansCdp;

/// <summary>The real <c>cdp</c> in a process of its own.</summary>
internal sealed class CommandLine : IDisposable
{
    private readonly StringBuilder output = new();
    private readonly Process process;

    private CommandLine(Process process) => this.process = process;

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => process.HasExited;

    /// <summary>What it printed, errors included.</summary>
    public string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    /// <summary>Starts it against a gateway, with the administrator's key.</summary>
    public static CommandLine Start(Uri address, params string[] arguments)
    {
        string[] all =
        [
            Path.Combine(AppContext.BaseDirectory, "cdp.dll"),
            .. arguments,
            "--url",
            address.ToString(),
        ];
        ProcessStartInfo info = new("dotnet", all)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        info.Environment["CDP_KEY"] = RunningHost.AdminKey;
        info.Environment.Remove("CDP_ADMIN_KEY");
        Process started = Process.Start(info)!;
        CommandLine run = new(started);
        started.OutputDataReceived += run.Keep;
        started.ErrorDataReceived += run.Keep;
        started.BeginOutputReadLine();
        started.BeginErrorReadLine();
        return run;
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        Uri address,
        params string[] arguments
    )
    {
        using CommandLine run = Start(address, arguments);
        await run.process.WaitForExitAsync();
        return (run.process.ExitCode, run.Output);
    }

    /// <summary>Asks it to stop, as Ctrl-C does, and waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> InterruptAsync()
    {
        using Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    /// <summary>Ends it without a warning.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public void Dispose() => process.Dispose();

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (output)
        {
            output.AppendLine(line.Data);
        }
    }
}
