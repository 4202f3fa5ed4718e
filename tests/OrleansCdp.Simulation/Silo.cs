using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Core;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Timers;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>What all silos of a cluster have in common.</summary>
internal sealed record SiloParts(
    LogShape Shape,
    Database Database,
    Misbehaviour Broken,
    Serializer Serializer,
    ChunkCodec Codec,
    CdpPostgresOptions Options,
    IngestOptions Ingest
)
{
    /// <summary>The partition whose grain this is; null for any other grain.</summary>
    public int? PartitionOf(GrainKey grain) =>
        grain.Kind == typeof(IPartitionLogGrain) ? int.Parse(grain.Id, null)
        : grain.Kind == typeof(IIngestPartitionGrain) ? EventStreams.ParseKey(grain.Id).Partition
        : null;
}

/// <summary>One silo: the production code over a simulated network, clock and database.</summary>
internal sealed class Silo : IServiceProvider, IGrainRuntime
{
    private readonly Cluster cluster;
    private readonly SiloParts parts;
    private readonly DatabaseConnection connection;
    private readonly ILoggerFactory loggers;
    private readonly LogWriter writer;
    private readonly PartitionTails tails;
    private readonly Checkpoints checkpoints;
    private readonly SnapshotLoader loader;
    private readonly SnapshotWriter saver;
    private readonly PartitionOwnership ownership;
    private readonly PublishedContexts published = new();
    private readonly EventFates fates;
    private readonly CancellationTokenSource stop = new();
    private readonly Dictionary<(Lane, int), PullingAgent> agents = [];
    private readonly List<Task> running = [];
    private readonly Membership membership;
    private readonly PartitionHomes homes;
    private readonly Residences residences;
    private readonly LogInstruments instruments;
    private readonly MergeInstruments merging;
    private string[] heard = [];

    public Silo(Cluster cluster, int number)
    {
        this.cluster = cluster;
        parts = cluster.Parts;
        membership = new Membership(number);
        string name = membership.Name;
        homes = new PartitionHomes(membership, membership, parts.Shape);
        UnreadMeters meters = new();
        residences = new Residences(homes, meters);
        instruments = new LogInstruments(meters);
        merging = new MergeInstruments(meters);
        Process = new Process(cluster.Scheduler, name);
        loggers = new TraceLoggers(cluster.Scheduler, name);
        connection = new DatabaseConnection(
            cluster.Scheduler,
            Process,
            cluster.Faults,
            parts.Database,
            parts.Codec,
            parts.Broken
        );
        ownership = new PartitionOwnership(parts.Shape);
        checkpoints = new Checkpoints(
            connection,
            Process.Clock,
            loggers.CreateLogger<Checkpoints>()
        );
        tails = new PartitionTails(
            connection,
            checkpoints,
            parts.Shape,
            parts.Options,
            Process.Clock,
            loggers.CreateLogger<PartitionTails>()
        );
        writer = new LogWriter(
            connection,
            tails,
            checkpoints,
            ownership,
            parts.Options,
            Process.Clock,
            loggers.CreateLogger<LogWriter>()
        );
        loader = new SnapshotLoader(connection, parts.Options);
        saver = new SnapshotWriter(connection, parts.Options);
        fates = new EventFates(parts.Shape, Process.Clock);
        GrainFactory = cluster.GrainsFor(Process);
        Readers = new LogReaderServices(
            connection,
            tails,
            checkpoints,
            ownership,
            GrainFactory,
            Process.Clock,
            loggers.CreateLogger<LogReceiver>()
        );
    }

    public string Name => Process.Name;

    public Process Process { get; }

    public LogReaderServices Readers { get; }

    public IGrainFactory GrainFactory { get; }

    public Guid ServiceIdentity => default;

    public string SiloIdentity => Name;

    public SiloAddress SiloAddress => membership.SiloAddress;

    public ITimerRegistry TimerRegistry => throw new NotSupportedException();

    public IServiceProvider ServiceProvider => this;

    public TimeProvider TimeProvider => Process.Clock;

    public object? GetService(Type serviceType) =>
        serviceType == typeof(IGrainRuntime) ? this : null;

    public void DeactivateOnIdle(IGrainContext grainContext) =>
        ((GrainActivation)grainContext).Stop();

    public void DelayDeactivation(IGrainContext grainContext, TimeSpan timeSpan) { }

    public IStorage<TGrainState> GetStorage<TGrainState>(IGrainContext grainContext) =>
        throw new NotSupportedException();

    public void Start()
    {
        foreach (IBackgroundLoop loop in Loops)
        {
            Process.Run(() => RunAsync(loop));
        }
    }

    /// <summary>Hears which silos there are, and reads the partitions that are its own now.</summary>
    public void Hear(string[] members)
    {
        string[] names = [.. members.Append(Name).Distinct().Order(StringComparer.Ordinal)];
        if (names.SequenceEqual(heard))
        {
            return;
        }

        cluster.Note($"{Name} hears of {string.Join(", ", names)}");
        int own = Array.IndexOf(names, Name);
        int[] owners = Rendezvous.Assign(parts.Shape.PartitionCount, names);
        foreach (Lane lane in Enum.GetValues<Lane>())
        {
            for (int partition = 0; partition < owners.Length; partition++)
            {
                Own(lane, partition, owners[partition] == own);
            }
        }

        membership.Hear(names);
        bool isNews = heard.Length > 0;
        heard = names;
        if (isNews)
        {
            ownership.NoteChange();
            tails.WakeAll();
        }
    }

    /// <summary>Ends as told: reading stops, activations go, what is pending is written.</summary>
    public void Retire(GrainActivation[] activations) =>
        Process.Run(async () =>
        {
            await Task.WhenAll(agents.Values.Select(agent => agent.StopAsync()));
            foreach (GrainActivation activation in activations)
            {
                activation.Stop();
            }

            TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Await(activations, gone);
            await gone.Task;
            End();
            await Task.WhenAll(running)
                .ConfigureAwait(
                    ConfigureAwaitOptions.SuppressThrowing
                        | ConfigureAwaitOptions.ContinueOnCapturedContext
                );
            cluster.Note($"{Name} has ended");
            Process.Kill();
        });

    public Grain MakeGrain(GrainKey key) =>
        key.Kind == typeof(IPartitionLogGrain)
            ? new PartitionLogGrain(
                writer,
                homes,
                Options.Create(parts.Ingest),
                instruments,
                Process.Clock,
                loggers.CreateLogger<PartitionLogGrain>()
            )
        : key.Kind == typeof(IIngestPartitionGrain)
            ? new IngestPartitionGrain(
                Resolvers,
                connection,
                checkpoints,
                fates,
                homes,
                NothingMatches,
                Options.Create(parts.Ingest),
                Process.Clock,
                loggers
            )
        : key.Kind == typeof(IStewardGrain)
            ? new StewardGrain(
                connection,
                connection,
                connection,
                NothingIsDue,
                OpenDecisions,
                NothingReturns,
                loggers.CreateLogger<Merges>()
            )
        : key.Kind == typeof(IUnifiedIndividualGrain)
            ? new UnifiedIndividualGrain(
                new SnapshotStore(loader, saver, new MembershipNews()),
                parts.Serializer,
                published,
                ReconciliationPolicy.Default,
                connection,
                new AnchorPolicy(),
                fates,
                residences,
                NothingIsDamaged,
                new IdentifierWatch(NoRulesets.Instance, null!),
                SimulatedInsights.Instance,
                NoSegments.Instance,
                Process.Clock,
                loggers.CreateLogger<UnifiedIndividualGrain>()
            )
        : new AccountGrain(
            new SnapshotStore(loader, saver, new MembershipNews()),
            parts.Serializer,
            published,
            ReconciliationPolicy.Default,
            fates,
            residences,
            NothingIsDamaged,
            SimulatedInsights.Instance,
            NoSegments.Instance,
            Process.Clock,
            loggers.CreateLogger<AccountGrain>()
        );

    private RecordMatching NothingMatches =>
        new(
            NoRulesets.Instance,
            null!,
            null!,
            null!,
            NothingIsDue,
            null!,
            loggers.CreateLogger<RecordMatching>()
        );

    private SubjectResolvers Resolvers =>
        new(connection, connection, connection, new AnchorPolicy(), loggers);

    private OpenDecisions OpenDecisions =>
        new(
            connection,
            Resolvers,
            NothingMatches,
            GrainFactory,
            loggers.CreateLogger<OpenDecisions>()
        );

    private static StateRepair NothingIsDamaged => null!;

    private static ReturningLinks NothingReturns { get; } =
        new(new NothingReturns(), null!, null!, null!, NullLogger<ReturningLinks>.Instance);

    private static MatchReview NothingIsDue { get; } =
        new(new NothingMatches(), null!, null!, NullLogger<MatchReview>.Instance);

    // On this thread: the asynchronous form would leave it.
    private void End() => stop.Cancel();

    private async Task RunAsync(IBackgroundLoop loop)
    {
        try
        {
            Task run = loop.RunAsync(stop.Token);
            running.Add(run);
            await run;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // That is how some of them end.
        }
    }

    private IBackgroundLoop[] Loops =>
        [
            tails,
            writer,
            checkpoints,
            loader,
            saver,
            new MergeSweep(
                connection,
                GrainFactory,
                merging,
                Process.Clock,
                loggers.CreateLogger<MergeSweep>()
            ),
            new OpenDecisionSweep(OpenDecisions, Process.Clock),
        ];

    private void Own(Lane lane, int partition, bool owns)
    {
        ownership.Set(lane, partition, owns);
        agents.TryGetValue((lane, partition), out PullingAgent? agent);
        if (owns && agent is null)
        {
            agents[(lane, partition)] = new PullingAgent(cluster, this, lane, partition);
        }
        else if (!owns && agent is not null)
        {
            agents.Remove((lane, partition));
            Process.Run(agent.StopAsync);
        }
    }

    private void Await(GrainActivation[] activations, TaskCompletionSource gone)
    {
        if (Array.TrueForAll(activations, activation => activation.IsGone))
        {
            gone.TrySetResult();
        }
        else
        {
            cluster.Scheduler.After(
                TimeSpan.FromMilliseconds(50),
                () => Process.Background.Post(() => Await(activations, gone))
            );
        }
    }
}
