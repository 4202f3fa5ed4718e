using Npgsql;

namespace OrleansCdp;

/// <summary>
/// Three pools to the same database, so that a burst of saves can neither starve the log nor, worse, the
/// cluster's membership.
/// </summary>
internal sealed class DataSources : IAsyncDisposable
{
    public DataSources(CdpPostgresOptions options)
    {
        Clustering = Create(options, "cdp-cluster", options.ClusteringConnectionsMax);
        Storage = Create(options, "cdp-storage", options.StorageConnectionsMax);
        Streams = Create(options, "cdp-streams", options.StreamConnectionsMax);
    }

    /// <summary>For membership alone.</summary>
    public NpgsqlDataSource Clustering { get; }

    /// <summary>For states, identity, quarantine, counts and grain storage.</summary>
    public NpgsqlDataSource Storage { get; }

    /// <summary>For the log and its checkpoints.</summary>
    public NpgsqlDataSource Streams { get; }

    public async ValueTask DisposeAsync()
    {
        await Clustering.DisposeAsync();
        await Storage.DisposeAsync();
        await Streams.DisposeAsync();
    }

    /// <summary>
    /// Every statement finds its rows by key. Of what a statement brings along PostgreSQL knows no more than a guess,
    /// and once a table has grown a little it thinks a walk through all of it cheaper: such a plan stays for as long as
    /// the connection, and cost three quarters of a busy server.
    /// </summary>
    private const string Planner = "-c enable_seqscan=off";

    private static NpgsqlDataSource Create(
        CdpPostgresOptions options,
        string name,
        int connectionsMax
    )
    {
        NpgsqlConnectionStringBuilder settings = new(options.ConnectionString)
        {
            ApplicationName = name,
            MaxPoolSize = connectionsMax,
            SearchPath = DatabaseSetup.Schema,
            MaxAutoPrepare = 50,
            AutoPrepareMinUsages = 2,
            NoResetOnClose = true,
            KeepAlive = 15,
            Timeout = 5,
            CommandTimeout = 15,
            Enlist = false,
        };
        settings.Options = $"{settings.Options} {Planner}".TrimStart();
        return NpgsqlDataSource.Create(settings);
    }
}
