using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace OrleansCdp;

/// <summary>The real program in a process of its own, with a private PostgreSQL in a temporary folder.</summary>
public sealed partial class RunningHost : IAsyncLifetime, IAsyncDisposable
{
    /// <summary>The key of the administrator, given to the program when it starts.</summary>
    public const string AdminKey = "cdp_end_to_end_admin_key_0123456789";

    private readonly StringBuilder output = new();
    private Process? process;

    /// <summary>Where the program keeps its data; kept across restarts, gone at the end.</summary>
    public string DataFolder { get; } = Directory.CreateTempSubdirectory("cdp-e2e-").FullName;

    /// <summary>Where it listens; another port after every start.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>The HTTP API with the administrator's key.</summary>
    public Api Api => new(Address, AdminKey);

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

    /// <summary>An existing database to use instead of the private one.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Where stream producers connect; null leaves the choice to the program.</summary>
    public int? GatewayPort { get; set; }

    /// <inheritdoc/>
    public Task InitializeAsync() => StartAsync();

    /// <summary>Another one that knows nothing of the first: for comparing what two of them make of something.</summary>
    public static async Task<RunningHost> AnotherAsync()
    {
        RunningHost host = new();
        await host.StartAsync();
        return host;
    }

    /// <summary>Starts it and waits until it is ready.</summary>
    public async Task StartAsync()
    {
        string[] arguments =
        [
            "--urls",
            "http://127.0.0.1:0",
            "--data",
            DataFolder,
            .. GatewayPort is { } port ? ["--gateway-port", $"{port}"] : Array.Empty<string>(),
        ];
        int printed = Output.Length;
        process = Process.Start(StartInfo(arguments))!;
        Listen(process);
        await Eventually.BeAsync(
            () =>
            {
                Match ready = Ready().Match(Output[printed..]);
                if (ready.Success)
                {
                    Address = new Uri(ready.Groups["address"].Value);
                }
                else if (process.HasExited)
                {
                    throw new InvalidOperationException($"The host ended:\n{Output}");
                }

                return Task.FromResult(ready.Success);
            },
            "the host listens",
            () => Output
        );
        using HttpClient http = new() { BaseAddress = Address };
        await Eventually.BeAsync(
            async () =>
            {
                using HttpResponseMessage answer = await http.GetAsync("/health/ready");
                return answer.IsSuccessStatusCode;
            },
            "the host is ready"
        );
    }

    /// <summary>Asks it to stop, as Ctrl-C does, and waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        using Process kill = Process.Start("kill", ["-TERM", $"{process!.Id}"]);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    /// <summary>Ends it without a warning.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            await StopAsync();
        }

        process?.Dispose();
        Directory.Delete(DataFolder, recursive: true);
    }

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    /// <summary>Starts the program with arguments of its own and waits for its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        string[] arguments,
        string? connectionString = null
    )
    {
        RunningHost host = new() { ConnectionString = connectionString };
        using Process run = Process.Start(host.StartInfo(arguments))!;
        host.Listen(run);
        await run.WaitForExitAsync();
        Directory.Delete(host.DataFolder, recursive: true);
        return (run.ExitCode, host.Output);
    }

    /// <summary>A port nobody uses just now.</summary>
    public static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("is ready at (?<address>[^ ]+)", RegexOptions.None, 1000)]
    private static partial Regex Ready();

    private ProcessStartInfo StartInfo(string[] arguments)
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
        if (ConnectionString is not null)
        {
            info.Environment["ConnectionStrings__Cdp"] = ConnectionString;
        }

        return info;
    }

    private void Listen(Process started)
    {
        void Keep(object sender, DataReceivedEventArgs line)
        {
            lock (output)
            {
                output.AppendLine(line.Data);
            }
        }

        started.OutputDataReceived += Keep;
        started.ErrorDataReceived += Keep;
        started.BeginOutputReadLine();
        started.BeginErrorReadLine();
    }
}
