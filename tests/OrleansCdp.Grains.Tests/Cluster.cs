using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Storage;
using Orleans.TestingHost;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>One silo, or more, with the real grains over a fake database.</summary>
public sealed class Cluster : IAsyncLifetime
{
    private InProcessTestCluster? running;

    internal short SiloCount { get; init; } = 1;

    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    internal IngestOptions Ingest { get; init; } =
        new() { WaitingEventsMax = Limits.AppendBatchMax };

    /// <summary>The insights of every silo; null for those of the definitions.</summary>
    internal IInsightSets? Insights { get; init; }

    /// <summary>The segments of every silo; null for those of the definitions.</summary>
    internal ISegmentSets? Segments { get; init; }

    internal FakeDatabase Database => field ??= new() { Clock = Clock };

    internal FakeHistory History { get; } = new();

    public IGrainFactory Grains => running!.Client;

    internal IServiceProvider Services => running!.Silos[0].ServiceProvider;

    public async Task InitializeAsync()
    {
        FakeDatabase database = Database; // One, though silos are made at once.
        InProcessTestClusterBuilder builder = new(SiloCount);
        builder.ConfigureSilo(
            (_, silo) =>
            {
                silo.AddMemoryGrainStorageAsDefault();
                if (Insights is not null)
                {
                    silo.Services.AddSingleton(Insights);
                }

                if (Segments is not null)
                {
                    silo.Services.AddSingleton(Segments);
                }

                silo.AddCdpGrains();
                silo.Services.AddSingleton<ISnapshotStore>(database);
                silo.Services.AddSingleton<IDueStore>(database.Due);
                silo.Services.AddSingleton<IMembershipStore>(database.Memberships);
                silo.Services.AddSingleton<IIdentityStore>(database.Identity);
                silo.Services.AddSingleton<IOpenDecisionStore>(database.Identity);
                silo.Services.AddSingleton<IMergeStore>(database.Identity);
                silo.Services.AddSingleton<ILogStore>(database);
                silo.Services.AddSingleton<IQuarantineStore>(database);
                silo.Services.AddSingleton<IStatusStore>(database);
                silo.Services.AddSingleton<ICheckpoints>(database);
                silo.Services.AddSingleton<ILogHistory>(History);
                silo.Services.AddSingleton<IStateRepairs>(History);
                silo.Services.AddSingleton<IRulesets, NoRulesets>();
                silo.Services.AddSingleton<ISentHomeStore, NothingReturns>();
                silo.Services.AddSingleton<IMatchStore, NothingMatches>();
                silo.Services.AddSingleton<IGuardStore, NothingIsGuarded>();
                silo.Services.AddSingleton<IFigureStore, NothingIsGuarded>();
                silo.Services.AddSingleton(new LogShape(Some.PartitionCount));
                silo.Services.AddSingleton(Options.Create(Ingest));
                silo.Services.AddSingleton(Clock);
            }
        );
        running = builder.Build();
        await running.DeployAsync();
    }

    public Task DisposeAsync() => running!.DisposeAsync().AsTask();

    internal IReadOnlyList<SiloAddress> Silos =>
        [.. running!.Silos.Select(silo => silo.SiloAddress)];

    internal Task AddSiloAsync() => running!.StartAdditionalSiloAsync();

    /// <summary>Where every grain is active, as the silos themselves say; what others remember may be old.</summary>
    internal async Task<ILookup<GrainId, SiloAddress>> ActivationsAsync()
    {
        DetailedGrainStatistic[] all = await Grains
            .GetGrain<IManagementGrain>(0)
            .GetDetailedGrainStatistics();
        return all.ToLookup(one => one.GrainId, one => one.SiloAddress);
    }

    /// <summary>Writes what a grain has stored once more, as another activation of it does.</summary>
    internal Task<bool> OverwriteAsync<T>(string name, IAddressable grain)
        where T : new() =>
        Eventually.SucceedAsync(async () =>
        {
            IGrainStorage storage = Services.GetRequiredService<IGrainStorage>();
            GrainState<T> state = new(new T());
            await storage.ReadStateAsync(name, grain.GetGrainId(), state);
            await storage.WriteStateAsync(name, grain.GetGrainId(), state);
            return state.RecordExists;
        });

    internal SubjectResolver NewResolver(int linksMax) =>
        Services
            .GetRequiredService<SubjectResolvers>()
            .New(Grains, Services.GetRequiredService<RecordMatching>(), linksMax);

    internal EventDelivery NewDelivery() =>
        new(
            Grains,
            NewResolver(linksMax: 1_000),
            new LinkMover(Grains),
            Database,
            Database,
            Services.GetRequiredService<EventFates>(),
            TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<EventDelivery>.Instance
        );
}
