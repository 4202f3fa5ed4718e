using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace OrleansCdp;

/// <summary>The real program in a process of its own, and what happens to processes.</summary>
public sealed partial class CdpProcess : IAsyncDisposable
{
    /// <summary>The key of the administrator, given to the program when it starts.</summary>
    public const string AdminKey = "cdp_end_to_end_admin_key_0123456789";

    private readonly StringBuilder output = new();
    private readonly Process process;

    private CdpProcess(Process process) => this.process = process;

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>Whether it has ended, for whatever reason.</summary>
    public bool HasEnded => process.HasExited;

    /// <summary>What it printed.</summary>
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

    /// <summary>Starts the program.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="connectionString">An existing database; null for one of its own.</param>
    /// <param name="heapBytesMax">Bytes that its objects may take; null for what the machine has.</param>
    public static CdpProcess Start(
        IEnumerable<string> arguments,
        string? connectionString = null,
        long? heapBytesMax = null
    )
    {
        ProcessStartInfo info = new("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        info.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "OrleansCdp.Host.dll"));
        foreach (string argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        info.Environment["CDP_ADMIN_KEY"] = AdminKey;
        if (connectionString is not null)
        {
            info.Environment["ConnectionStrings__Cdp"] = connectionString;
        }

        if (heapBytesMax is { } bytes)
        {
            // The runtime reads it as a hexadecimal number.
            info.Environment["DOTNET_GCHeapHardLimit"] = bytes.ToString(
                "X",
                CultureInfo.InvariantCulture
            );
        }

        CdpProcess started = new(Process.Start(info)!);
        started.Listen();
        return started;
    }

    /// <summary>Waits until it says that it is ready, and its health says so too.</summary>
    public async Task UntilReadyAsync()
    {
        await Eventually.BeAsync(
            () =>
            {
                Match ready = Ready().Match(Output);
                if (ready.Success)
                {
                    Address = new Uri(ready.Groups["address"].Value);
                }
                else if (process.HasExited)
                {
                    throw new InvalidOperationException($"The program ended:\n{Output}");
                }

                return Task.FromResult(ready.Success);
            },
            "the program listens",
            () => Output
        );
        using HttpClient http = new() { BaseAddress = Address };
        await Eventually.BeAsync(
            async () =>
            {
                using HttpResponseMessage answer = await http.GetAsync("/health/ready");
                return answer.IsSuccessStatusCode;
            },
            "the program is ready",
            () => Output
        );
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> UntilEndAsync()
    {
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    /// <summary>Asks it to stop, as Ctrl-C does.</summary>
    public Task TellToStopAsync() => SignalAsync("TERM");

    /// <summary>Asks it to stop and waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        await TellToStopAsync();
        return await UntilEndAsync();
    }

    /// <summary>Ends it without a warning.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>Takes its time away; it does not notice.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    /// <summary>Lets it go on.</summary>
    public Task ThawAsync() => SignalAsync("CONT");

    /// <summary>Ends it, gently if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await ThawAsync();
            await StopAsync();
        }

        process.Dispose();
    }

    [GeneratedRegex("is ready at (?<address>[^ ]+)", RegexOptions.None, 1000)]
    private static partial Regex Ready();

    private async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        await kill.WaitForExitAsync();
    }

    private void Listen()
    {
        void Keep(object sender, DataReceivedEventArgs line)
        {
            lock (output)
            {
                output.AppendLine(line.Data);
            }
        }

        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }
}
