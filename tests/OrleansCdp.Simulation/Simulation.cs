using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>How one seed ended.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Findings">What was wrong; empty when all is as it must be.</param>
/// <param name="Trace">What happened.</param>
/// <param name="Took">Simulated time until everything was drained.</param>
internal sealed record Outcome(int Seed, List<Finding> Findings, Trace Trace, TimeSpan Took)
{
    /// <summary>The same for the books: nobody wants to know how it came to be right.</summary>
    public Outcome WithoutTrace() => this with { Trace = new Trace() };

    /// <summary>What was wrong, what happened to it, and how to see it again.</summary>
    public string Report =>
        $"Seed {Seed} failed; repeat it with CDP_SIMULATION_FROM={Seed} CDP_SIMULATION_SEEDS=1.\n"
        + string.Join('\n', Findings.Select(finding => $"- {finding.What}"))
        + $"\n{Trace.About(Findings.Count == 0 ? [] : Findings[0].About)}";
}

/// <summary>
/// Runs a cluster of the production's grains, writers and readers through a bad hour, and compares what is left with the
/// pure fold of the log. Everything that could go either way is decided by the seed.
/// </summary>
internal sealed class Simulation
{
    private const int SilosMax = 3;
    private static readonly TimeSpan DrainMax = TimeSpan.FromMinutes(20);
    private static readonly ServiceProvider Services = new ServiceCollection()
        .AddSerializer(builder =>
            builder
                .AddAssembly(typeof(LinkKey).Assembly)
                .AddAssembly(typeof(IPartitionLogGrain).Assembly)
                .AddAssembly(typeof(SnapshotFrame).Assembly)
        )
        .BuildServiceProvider();

    private readonly int seed;
    private readonly Scheduler scheduler;
    private readonly Faults faults;
    private readonly Database database;
    private readonly DurableStates states;
    private readonly Cluster cluster;
    private readonly List<Producer> producers = [];
    private readonly Process people;
    private readonly Steward steward;
    private readonly TimeSpan trouble;
    private DateTimeOffset quietSince;

    private Simulation(int seed, Misbehaviour broken, bool withFaults)
    {
        this.seed = seed;
        scheduler = new Scheduler(seed);
        faults = new Faults(scheduler, none: !withFaults);
        Random chance = scheduler.Chance;
        LogShape shape = new(chance.Next(2, 5));
        database = new Database(shape.PartitionCount, broken);
        SiloParts parts = new(
            shape,
            database,
            broken,
            Services.GetRequiredService<Serializer>(),
            new ChunkCodec(Services.GetRequiredService<Serializer<LinkEvent[]>>()),
            new CdpPostgresOptions
            {
                ConnectionString = "none",
                TailEventsMax = chance.Next(3, 200),
            },
            new IngestOptions
            {
                LinkCacheMax = chance.Next(1, 30),
                RoundEventsMax = chance.Next(1, 40),
            }
        );
        database.Watcher = states = new DurableStates(scheduler, database, parts);
        cluster = new Cluster(scheduler, faults, parts);
        people = new Process(scheduler, "people");
        trouble = TimeSpan.FromSeconds(chance.Next(5, 60));
        Split(new Workload(chance).Events());
        steward = new Steward(cluster, new Process(scheduler, "steward"), database, trouble);
    }

    /// <summary>Runs one seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="broken">How the database breaks its promises.</param>
    /// <param name="withFaults">Whether anything goes wrong at all.</param>
    public static Outcome Run(
        int seed,
        Misbehaviour broken = Misbehaviour.None,
        bool withFaults = true
    ) => new Simulation(seed, broken, withFaults).Run();

    private Outcome Run()
    {
        for (int silos = scheduler.Chance.Next(1, SilosMax + 1); silos > 0; silos--)
        {
            cluster.StartSilo();
        }

        producers.ForEach(producer => producer.Start());
        steward.Start();
        if (faults.Acts)
        {
            Act();
        }

        scheduler.After(trouble, EndTrouble);
        bool drained = scheduler.RunUntil(IsDrained, Scheduler.Start + trouble + DrainMax);
        TimeSpan took = scheduler.Now - Scheduler.Start;
        List<Finding> findings = [.. states.Findings, .. Failures()];
        if (scheduler.Foreign is { } foreign)
        {
            findings.Add(new Finding($"work came from a thread of the pool:\n{foreign}", []));
        }

        if (!drained)
        {
            findings.Add(new Finding($"it did not drain within {DrainMax}: {cluster.Unrest}", []));
        }

        Verdict verdict = new(database, states, producers);
        findings.AddRange(verdict.Find());
        if (findings.Count == 0)
        {
            findings.AddRange(
                Served([.. verdict.Holders.Values.Where(one => !cluster.IsTwin(one.Id))])
            );
        }

        return new Outcome(seed, findings, scheduler.Trace, took);
    }

    private void Split(List<LinkEvent> events)
    {
        List<LinkEvent[]>[] scripts =
        [
            [],
            [],
        ];
        for (int from = 0; from < events.Count; )
        {
            int count = Math.Min(scheduler.Chance.Next(1, 8), events.Count - from);
            LinkEvent[] batch = [.. events.GetRange(from, count)];
            scripts[scheduler.Chance.Next(2)].Add(batch);
            if (scheduler.Chance.Next(12) == 0)
            {
                scripts[scheduler.Chance.Next(2)].Add(batch); // Two producers have read the same file.
            }

            from += count;
        }

        for (int i = 0; i < scripts.Length; i++)
        {
            producers.Add(
                new Producer(
                    cluster,
                    new Process(scheduler, $"producer{i + 1}"),
                    scripts[i],
                    trouble
                )
            );
        }
    }

    /// <summary>Does some harm, and comes again.</summary>
    private void Act()
    {
        if (!faults.Acts)
        {
            return;
        }

        Silo[] running =
        [
            .. cluster.Members.Where(silo => !silo.Process.IsDead && !silo.Process.IsPaused),
        ];
        GrainActivation[] activations =
        [
            .. cluster.Activations.Where(one => !one.Silo.Process.IsDead),
        ];
        int what = scheduler.Chance.Next(12);
        if (running.Length == 0 || (what < 3 && cluster.Members.Count < SilosMax))
        {
            cluster.StartSilo();
        }
        else if (what < 4)
        {
            cluster.Crash(scheduler.Chance.GetItems(running, 1)[0]);
        }
        else if (what == 4)
        {
            cluster.Suspend(scheduler.Chance.GetItems(running, 1)[0]);
        }
        else if (what == 5 && running.Length > 1)
        {
            cluster.Retire(scheduler.Chance.GetItems(running, 1)[0]);
        }
        else if (what < 8 && activations.Length > 0)
        {
            scheduler.Chance.GetItems(activations, 1)[0].Stop();
        }
        else if (what < 10 && activations.Length > 0)
        {
            cluster.Stray(scheduler.Chance.GetItems(activations, 1)[0]);
        }
        else if (what == 10)
        {
            // The directory loses a part of what it knew.
            foreach (GrainActivation lost in activations.Where(_ => scheduler.Happens(0.5)))
            {
                cluster.Stray(lost);
            }
        }
        else
        {
            scheduler.Note("the database is AWAY");
            faults.IsDatabaseAway = true;
            scheduler.After(scheduler.Within(10_000), () => faults.IsDatabaseAway = false);
        }

        scheduler.After(faults.ActsEvery * (0.5 + scheduler.Chance.NextDouble()), Act);
    }

    private void EndTrouble()
    {
        scheduler.Note("the trouble ENDS");
        faults.End();
        cluster.EndStrays();
        if (!cluster.Members.Exists(silo => !silo.Process.IsDead && !silo.Process.IsPaused))
        {
            cluster.StartSilo();
        }
    }

    private bool IsDrained()
    {
        bool quiet =
            faults.AreOver
            && producers.TrueForAll(producer => producer.IsDone)
            && steward.IsDone
            && database.Merges.Moving().IsEmpty
            && cluster.Members.TrueForAll(silo => !silo.Process.IsDead && !silo.Process.IsPaused)
            && database.Readings.All(lane =>
                lane.Value.Checkpoint == database.Heads[lane.Key].Next - 1
            )
            && cluster.IsQuiet;
        quietSince = quiet ? quietSince : scheduler.Now;
        return quiet && scheduler.Now - quietSince > TimeSpan.FromSeconds(1);
    }

    private IEnumerable<Finding> Failures() =>
        cluster
            .Silos.SelectMany(silo => silo.Process.Failures.Select(failure => (silo.Name, failure)))
            .Select(failed => new Finding($"{failed.Name}: {failed.failure}", [failed.Name]));

    /// <summary>What the activations answer, where it is not what is stored.</summary>
    private List<Finding> Served(IReadOnlyCollection<UnifiedIndividual> individuals)
    {
        List<Finding> wrong = [];
        int asked = 0;
        IGrainFactory grains = cluster.GrainsFor(people);
        foreach (UnifiedIndividual one in individuals)
        {
            people.Run(async () =>
            {
                var grain = grains.GetGrain<IUnifiedIndividualGrain>(one.Id);
                ContextAnswer? context = await grain.GetContextAsync(DataGraphs.Default);
                ContextAnswer? profile = await grain.GetProfileAsync(explain: true);
                byte[] wanted = ServiceGraph.Individual(one, ReconciliationPolicy.Default);
                byte[] explained = ProfileView.Individual(
                    one,
                    ReconciliationPolicy.Default,
                    explain: true
                );
                if (
                    context?.Json.AsSpan().SequenceEqual(wanted) != true
                    || profile?.Json.AsSpan().SequenceEqual(explained) != true
                )
                {
                    wrong.Add(new Finding($"{one.Id} answers what is not stored", [one.Id]));
                }

                asked++;
            });
        }

        bool answered = scheduler.RunUntil(
            () => asked == individuals.Count,
            scheduler.Now + TimeSpan.FromMinutes(1)
        );
        return answered ? wrong : [.. wrong, new Finding("somebody does not answer", [])];
    }
}
