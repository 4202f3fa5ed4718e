using System.Net;

namespace OrleansCdp;

/// <summary>Silos and gateways in processes of their own over one PostgreSQL, as <c>deploy/cluster</c> starts them.</summary>
public sealed class RunningCluster : IAsyncDisposable
{
    private const int Partitions = 16;
    private readonly PostgresServer postgres = new();
    private readonly List<CdpProcess> ended = [];
    private readonly Dictionary<CdpProcess, int> ports = [];

    /// <summary>The database they share.</summary>
    public TestDatabase Database { get; private set; } = null!;

    /// <summary>The server it is on.</summary>
    public PostgresServer Postgres => postgres;

    /// <summary>What silos are told beside their role.</summary>
    public string[] SiloArguments { get; init; } = [];

    /// <summary>What gateways are told beside their role.</summary>
    public string[] GatewayArguments { get; init; } = [];

    /// <summary>The silos.</summary>
    public IList<CdpProcess> Silos { get; } = [];

    /// <summary>The gateways.</summary>
    public IList<CdpProcess> Gateways { get; } = [];

    /// <summary>The HTTP API of the first gateway, with the administrator's key.</summary>
    public Api Api => new(Gateways[0].Address, CdpProcess.AdminKey);

    /// <summary>What all of them printed.</summary>
    public string Output =>
        string.Join(
            "\n",
            ended
                .Concat(Silos)
                .Concat(Gateways)
                .Select((process, i) => $"--- {i}\n{process.Output}")
        );

    /// <summary>Starts a cluster and waits until all of it is ready.</summary>
    public static async Task<RunningCluster> StartAsync(
        int silos,
        int gateways,
        params string[] gatewayArguments
    ) => await StartAsync(silos, gateways, [], gatewayArguments);

    /// <summary>Starts a cluster and waits until all of it is ready.</summary>
    public static async Task<RunningCluster> StartAsync(
        int silos,
        int gateways,
        string[] siloArguments,
        string[] gatewayArguments
    )
    {
        RunningCluster cluster = new()
        {
            SiloArguments = siloArguments,
            GatewayArguments = gatewayArguments,
        };
        await cluster.postgres.InitializeAsync();
        cluster.Database = await cluster.postgres.CreateDatabaseAsync(Partitions);
        for (int i = 0; i < silos; i++)
        {
            cluster.Silos.Add(cluster.StartSilo());
        }

        for (int i = 0; i < gateways; i++)
        {
            cluster.Gateways.Add(cluster.StartGateway());
        }

        await Task.WhenAll(
            cluster.Silos.Concat(cluster.Gateways).Select(process => process.UntilReadyAsync())
        );
        return cluster;
    }

    /// <summary>Ends every connection to the database, as a network that fails does.</summary>
    public Task CutConnectionsAsync() =>
        Eventually.SucceedAsync(() =>
            Database.NumberAsync(
                """
                select count(pg_terminate_backend(pid)) from pg_stat_activity
                where datname = current_database() and application_name like 'cdp-%'
                """
            )
        );

    /// <summary>Whether the others have declared a silo dead.</summary>
    public async Task<bool> IsDeclaredDeadAsync(CdpProcess silo) =>
        await Eventually.SucceedAsync(() =>
            Database.NumberAsync(
                $"select count(*) from cdp.cluster_member where status = 6 and port = {ports[silo]}"
            )
        ) > 0;

    /// <summary>Starts another silo in the place of one, which has ended.</summary>
    public async Task ReplaceSiloAsync(int place)
    {
        ended.Add(Silos[place]);
        Silos[place] = StartSilo();
        await Silos[place].UntilReadyAsync();
    }

    /// <summary>Starts another gateway in the place of one, which has ended.</summary>
    public async Task ReplaceGatewayAsync(int place)
    {
        ended.Add(Gateways[place]);
        Gateways[place] = StartGateway();
        await Gateways[place].UntilReadyAsync();
    }

    /// <summary>Starts one more silo.</summary>
    public async Task AddSiloAsync()
    {
        Silos.Add(StartSilo());
        await Silos[^1].UntilReadyAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (CdpProcess process in Gateways.Concat(Silos).Concat(ended))
        {
            await process.DisposeAsync();
        }

        await Database.DisposeAsync();
        await postgres.DisposeAsync();
    }

    /// <summary>A silo on a port that tells it from all others in the membership's table.</summary>
    private CdpProcess StartSilo()
    {
        int port = Ports.Free(IPAddress.Loopback);
        CdpProcess silo = Start("silo", ["--silo-port", $"{port}", .. SiloArguments]);
        ports[silo] = port;
        return silo;
    }

    private CdpProcess StartGateway() => Start("gateway", GatewayArguments);

    private CdpProcess Start(string role, params string[] more) =>
        CdpProcess.Start(
            ["--roles", role, "--urls", "http://127.0.0.1:0", .. more],
            Database.ConnectionString
        );
}
