using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;

namespace OrleansCdp;

/// <summary>The product as shipped, in a process of its own, on a given database.</summary>
internal sealed partial class HostProcess : IAsyncDisposable
{
    /// <summary>The administrator's key.</summary>
    public const string AdminKey = "cdp_benchmark_admin_key_0123456789";

    /// <summary>The part of this program that is the product.</summary>
    public const string Silo = "silo";

    private static readonly TimeSpan StartMax = TimeSpan.FromMinutes(2);
    private readonly Process process;

    private HostProcess(Process process, Uri address)
    {
        this.process = process;
        Address = address;
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Its process.</summary>
    public int Id => process.Id;

    /// <summary>Starts it and waits until it is ready.</summary>
    /// <param name="connection">Its database.</param>
    /// <param name="traceable">Whether it writes the map of its compiled methods that perf reads.</param>
    /// <param name="roles">What of the platform it is.</param>
    /// <param name="followed">
    /// The file in which <see cref="Segments.FollowedGrain"/> notes what it is told; null where nobody follows memberships.
    /// </param>
    public static async Task<HostProcess> StartAsync(
        string connection,
        bool traceable,
        string roles = "all",
        string? followed = null
    )
    {
        ProcessStartInfo info = new("dotnet")
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        AddProgram(info, followed);
        info.ArgumentList.Add("--roles");
        info.ArgumentList.Add(roles);
        info.ArgumentList.Add("--urls");
        info.ArgumentList.Add("http://127.0.0.1:0");
        info.Environment["CDP_ADMIN_KEY"] = AdminKey;
        info.Environment["ConnectionStrings__Cdp"] = connection;
        if (traceable)
        {
            info.Environment["DOTNET_PerfMapEnabled"] = "1";
            info.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        }

        Process started = Process.Start(info)!;
        TaskCompletionSource<Uri> listening = new();
        started.OutputDataReceived += (_, line) => Note(line.Data, listening);
        started.BeginOutputReadLine();
        Task ended = started.WaitForExitAsync();
        Task first = await Task.WhenAny(listening.Task, ended, Task.Delay(StartMax));
        if (first != listening.Task)
        {
            started.Kill();
            throw new InvalidOperationException("The host did not start; see its messages above.");
        }

        HostProcess host = new(started, await listening.Task);
        await host.WaitUntilReadyAsync();
        return host;
    }

    /// <summary>The product's program, or this one in its place: then grains of the benchmark are in the silo.</summary>
    private static void AddProgram(ProcessStartInfo info, string? followed)
    {
        if (followed is null)
        {
            info.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "OrleansCdp.Host.dll"));
            return;
        }

        string folder = AppContext.BaseDirectory;
        info.ArgumentList.Add("exec");
        // How it collects garbage and waits for work is the product's, too.
        info.ArgumentList.Add("--runtimeconfig");
        info.ArgumentList.Add(Path.Combine(folder, "OrleansCdp.Host.runtimeconfig.json"));
        info.ArgumentList.Add(Path.Combine(folder, "OrleansCdp.Benchmarks.dll"));
        info.ArgumentList.Add(Silo);
        info.Environment[Segments.FollowedGrain.FileVariable] = followed;
    }

    /// <summary>Ends it without a warning.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            using Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    [GeneratedRegex("is ready at (?<address>[^ ]+)", RegexOptions.None, 1000)]
    private static partial Regex Ready();

    private static void Note(string? line, TaskCompletionSource<Uri> listening)
    {
        Match ready = Ready().Match(line ?? "");
        if (ready.Success)
        {
            listening.TrySetResult(new Uri(ready.Groups["address"].Value));
        }
        else if (line is not null)
        {
            Console.Error.WriteLine($"host: {line}");
        }
    }

    private async Task WaitUntilReadyAsync()
    {
        using HttpClient http = new() { BaseAddress = Address };
        using CancellationTokenSource late = new(StartMax);
        while (true)
        {
            using HttpResponseMessage answer = await http.GetAsync("/health/ready", late.Token);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), late.Token);
        }
    }
}
