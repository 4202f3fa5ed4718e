using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>Puts a silo, or a client, on PostgreSQL.</summary>
public static class CdpPostgresHosting
{
    private const string Invariant = "Npgsql";

    /// <summary>
    /// Clustering, grain storage, the log with its streams, snapshots, identity, quarantine and counts on
    /// PostgreSQL, as the silo's configuration says in <see cref="CdpPostgresOptions.Section"/>.
    /// </summary>
    /// <param name="silo">The silo.</param>
    /// <param name="connectionString">The database that <see cref="DatabaseSetup"/> prepared.</param>
    /// <param name="shape">What <see cref="DatabaseSetup.PrepareAsync"/> returned.</param>
    /// <exception cref="OptionsValidationException">A setting is out of its range.</exception>
    /// <exception cref="InvalidOperationException">A setting is not of its type.</exception>
    public static ISiloBuilder AddCdpPostgres(
        this ISiloBuilder silo,
        string connectionString,
        LogShape shape
    )
    {
        CdpPostgresOptions options =
            silo.Configuration.GetSection(CdpPostgresOptions.Section).Get<CdpPostgresOptions>()
            ?? new CdpPostgresOptions();
        options.ConnectionString = connectionString;
        return silo.AddCdpPostgres(options, shape);
    }

    /// <summary>
    /// Clustering, grain storage, the log with its streams, snapshots, identity, quarantine and counts on
    /// PostgreSQL.
    /// </summary>
    /// <param name="silo">The silo.</param>
    /// <param name="options">How to use the database.</param>
    /// <param name="shape">What <see cref="DatabaseSetup.PrepareAsync"/> returned.</param>
    /// <exception cref="OptionsValidationException">An option is out of its range.</exception>
    public static ISiloBuilder AddCdpPostgres(
        this ISiloBuilder silo,
        CdpPostgresOptions options,
        LogShape shape
    )
    {
        AddStores(silo.Services, options, shape);
        silo.UseAdoNetClustering(
            (OptionsBuilder<AdoNetClusteringSiloOptions> o) =>
                o.Configure<DataSources>(
                    (o, sources) =>
                    {
                        o.Invariant = Invariant;
                        o.DataSource = sources.Clustering;
                    }
                )
        );
        silo.AddAdoNetGrainStorageAsDefault(
            (OptionsBuilder<AdoNetGrainStorageOptions> o) =>
                o.Configure<DataSources, Orleans.Serialization.Serializer>(
                    (o, sources, serializer) =>
                    {
                        o.Invariant = Invariant;
                        o.DataSource = sources.Storage;
                        o.GrainStorageSerializer =
                            new Orleans.Storage.OrleansGrainStorageSerializer(serializer);
                    }
                )
        );
        IngestStreams.Add(silo);
        MembershipAdapterFactory.Add(silo);
        silo.AddGrainService<MembershipListener>();
        AddLoop<MembershipNewsSender>(silo.Services);
        return silo;
    }

    /// <summary>Lets a client find the silos of a cluster on PostgreSQL.</summary>
    /// <param name="client">The client.</param>
    /// <param name="options">How to use the database; only clustering is used.</param>
    /// <exception cref="OptionsValidationException">An option is out of its range.</exception>
    public static IClientBuilder AddCdpPostgres(
        this IClientBuilder client,
        CdpPostgresOptions options
    )
    {
        AddBasics(client.Services, options);
        return client.UseAdoNetClustering(
            (OptionsBuilder<AdoNetClusteringClientOptions> o) =>
                o.Configure<DataSources>(
                    (o, sources) =>
                    {
                        o.Invariant = Invariant;
                        o.DataSource = sources.Clustering;
                    }
                )
        );
    }

    /// <summary>Everything but clustering and streams.</summary>
    internal static void AddStores(
        IServiceCollection services,
        CdpPostgresOptions options,
        LogShape shape
    )
    {
        AddBasics(services, options);
        services.AddSingleton(shape);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ChunkCodec>();
        services.AddSingleton<ILogCommits, LogCommits>();
        services.AddSingleton<ILogReads, LogReads>();
        services.AddSingleton<ICheckpointStatements, CheckpointStatements>();
        services.AddSingleton<ISnapshotStatements, SnapshotStatements>();
        services.AddSingleton<ILogHistory, LogHistory>();
        services.AddSingleton<IStateRepairs, StateRepairs>();
        services.AddSingleton<PartitionOwnership>();
        services.AddSingleton<SnapshotStore>();
        AddLoop<LogTables>(services);
        AddLoop<PartitionTails>(services);
        AddLoop<LogWriter>(services);
        AddLoop<Checkpoints>(services);
        AddLoop<SnapshotLoader>(services);
        AddLoop<SnapshotWriter>(services);
        AddLoop<QuarantineStore>(services);
        services.AddSingleton<MergeInstruments>();
        AddLoop<MergeSweep>(services);
        services.AddSingleton<ILogStore>(s => s.GetRequiredService<LogWriter>());
        services.AddSingleton<ICheckpoints>(s => s.GetRequiredService<Checkpoints>());
        services.AddSingleton<ISnapshotStore>(s => s.GetRequiredService<SnapshotStore>());
        services.AddSingleton<IDueStore, DueStore>();
        services.AddSingleton<IMembershipStore, MembershipStore>();
        services.AddSingleton<MembershipProgress>();
        services.AddSingleton<MembershipNews>();
        services.AddSingleton<IIdentityStore, IdentityStore>();
        services.AddSingleton<IOpenDecisionStore, OpenDecisionStore>();
        services.AddSingleton<IMergeStore, MergeStore>();
        services.AddSingleton<IStewardStore, StewardStore>();
        services.AddSingleton<ISentHomeStore, SentHomeStore>();
        services.AddSingleton<IStewardLists, StewardLists>();
        services.AddSingleton<IMatchStore, MatchStore>();
        services.AddSingleton<IReplayStore, ReplayStore>();
        services.AddSingleton<IGuardStore, GuardStore>();
        services.AddSingleton<IFigureStore, FigureStore>();
        services.AddSingleton<IQuarantineStore>(s => s.GetRequiredService<QuarantineStore>());
        services.AddSingleton<IStatusStore, StatusStore>();
        services.AddSingleton<PartitionInstruments>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(s =>
            s.GetRequiredService<PartitionInstruments>()
        );
        services.AddSingleton<BackgroundLoops>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(s =>
            s.GetRequiredService<BackgroundLoops>()
        );
    }

    private static void AddLoop<T>(IServiceCollection services)
        where T : class, IBackgroundLoop
    {
        services.AddSingleton<T>();
        services.AddSingleton<IBackgroundLoop>(s => s.GetRequiredService<T>());
    }

    private static void AddBasics(IServiceCollection services, CdpPostgresOptions options)
    {
        ValidateOptionsResult valid = new CdpPostgresOptionsValidator().Validate(null, options);
        if (valid.Failed)
        {
            throw new OptionsValidationException(
                nameof(CdpPostgresOptions),
                typeof(CdpPostgresOptions),
                valid.Failures
            );
        }

        services.AddSingleton(options);
        services.AddSingleton<DataSources>();
        services.AddCdpWireExceptions();
    }
}
