using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace OrleansCdp;

/// <summary>The real program in a process of its own, with a private PostgreSQL in a temporary folder.</summary>
public sealed class RunningHost : IAsyncLifetime, IAsyncDisposable
{
    /// <summary>The key of the administrator, given to the program when it starts.</summary>
    public const string AdminKey = CdpProcess.AdminKey;

    private readonly StringBuilder before = new();
    private CdpProcess? process;

    /// <summary>Where the program keeps its data; kept across restarts, gone at the end.</summary>
    public string DataFolder { get; } = Directory.CreateTempSubdirectory("cdp-e2e-").FullName;

    /// <summary>Where it listens; another port after every start.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>The HTTP API with the administrator's key.</summary>
    public Api Api => new(Address, AdminKey);

    /// <summary>What it printed.</summary>
    public string Output => before + (process?.Output ?? "");

    /// <summary>An existing database to use instead of the private one.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Settings by their names, e.g. <c>Cdp:Ingest:LagEventsMax</c>.</summary>
    public IDictionary<string, string> Settings { get; } = new Dictionary<string, string>();

    /// <summary>Bytes that its objects may take; null for what the machine has.</summary>
    public long? HeapBytesMax { get; set; }

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
            .. Settings.SelectMany(setting => new[] { "--" + setting.Key, setting.Value }),
        ];
        CdpProcess? former = process;
        before.Append(former?.Output);
        process = CdpProcess.Start(arguments, ConnectionString, HeapBytesMax);
        if (former is not null)
        {
            await former.DisposeAsync();
        }

        await process.UntilReadyAsync();
        Address = process.Address;
    }

    /// <summary>How to reach its database while it runs.</summary>
    public async Task<string> DatabaseAsync()
    {
        if (ConnectionString is { } given)
        {
            return given;
        }

        string pidFile = Path.Combine(DataFolder, "pg", "postmaster.pid");
        string password = await File.ReadAllTextAsync(Path.Combine(DataFolder, "password"));
        return new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = int.Parse((await File.ReadAllLinesAsync(pidFile))[3], null),
            Username = "cdp",
            Password = password.Trim(),
            Database = "cdp",
            Pooling = false,
        }.ConnectionString;
    }

    /// <summary>Asks it to stop, as Ctrl-C does, and waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> StopAsync() => process!.StopAsync();

    /// <summary>Ends it without a warning.</summary>
    public Task KillAsync() => process!.KillAsync();

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (process is not null)
        {
            await process.DisposeAsync();
        }

        Directory.Delete(DataFolder, recursive: true);
    }

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    /// <summary>Starts the program with arguments of its own and waits for its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        string[] arguments,
        string? connectionString = null
    )
    {
        await using CdpProcess run = CdpProcess.Start(arguments, connectionString);
        return (await run.UntilEndAsync(), run.Output);
    }

    /// <summary>A port nobody uses just now.</summary>
    public static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
