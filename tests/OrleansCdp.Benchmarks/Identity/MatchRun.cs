using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>How long it takes to decide whose a record is, with many others stored.</summary>
internal static class MatchRun
{
    private const int Decided = 2_000;
    private const string Service = "service";

    /// <summary>
    /// Stores records in batches, as many as a chunk brings, then decides about further ones, each in a turn of its own.
    /// </summary>
    public static async Task<IReadOnlyList<Figure>> RunAsync(int run, BenchmarkOptions options)
    {
        await using BenchmarkDatabase database = await BenchmarkDatabase.StartAsync(
            options.Work,
            statements: options.Profile
        );
        await DatabaseSetup.PrepareAsync(
            database.ConnectionString,
            new DatabaseTerms { IsAlone = true },
            CancellationToken.None
        );
        await using DataSources sources = new(
            new CdpPostgresOptions { ConnectionString = database.ConnectionString }
        );
        MatchStore store = new(sources);
        using ServiceProvider services = new ServiceCollection()
            .AddMetrics()
            .BuildServiceProvider();
        using MatchInstruments instruments = new(services.GetRequiredService<IMeterFactory>());
        Matcher matcher = new(
            store,
            new MatchSpaces(store, new ShippedRules()),
            instruments,
            NullLogger<Matcher>.Instance
        );
        int stored = options.Workload.People;
        People people = new(options.Workload.Seed, stored);
        Stopwatch loading = Stopwatch.StartNew();
        await LoadAsync(matcher, people, stored);
        double perSecond = stored / loading.Elapsed.TotalSeconds;
        await database.ExecuteAsync(
            "vacuum analyze cdp.match_record, cdp.match_key, cdp.match_edge"
        );

        List<double> times = [];
        List<int> candidates = [];
        for (int i = 0; i < Decided; i++)
        {
            LinkEvent e = people.Record(stored + i);
            long from = Stopwatch.GetTimestamp();
            var outcome = await SayAsync(matcher, [e]);
            times.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
            candidates.Add(outcome.Sum(one => one.Candidates));
        }

        times = [.. times.Skip(Decided / 10)]; // The first ones prepare statements and fill caches.
        times.Sort();
        if (options.Profile)
        {
            await database.PrintStatementsAsync();
        }

        return await FiguresAsync(run, database, stored, perSecond, times, candidates);
    }

    private static async Task<IReadOnlyList<Figure>> FiguresAsync(
        int run,
        BenchmarkDatabase database,
        int stored,
        double perSecond,
        List<double> times,
        List<int> candidates
    )
    {
        return
        [
            Of("records stored", stored, "record"),
            Of("stored in batches", perSecond, "record/s"),
            Of("decision, median", times[times.Count / 2], "ms"),
            Of("decision, p95", times[times.Count * 95 / 100], "ms"),
            Of("decision, p99", times[times.Count * 99 / 100], "ms"),
            Of("candidates, mean", candidates.Average(), "record"),
            Of("candidates, most", candidates.Max(), "record"),
            Of("keys", await database.ReadAsync<long>("select count(*) from cdp.match_key"), "row"),
            Of(
                "keys closed",
                await database.ReadAsync<long>("select count(*) from cdp.match_bucket"),
                "key"
            ),
            Of(
                "edges",
                await database.ReadAsync<long>("select count(*) from cdp.match_edge"),
                "row"
            ),
            Of(
                "tables and indexes",
                await database.ReadAsync<long>(
                    """
                    select sum(pg_total_relation_size(c.oid))::bigint / 1048576
                    from pg_class c where relname like 'match%' and relkind = 'r'
                    """
                ),
                "MiB"
            ),
        ];

        Figure Of(string name, double value, string unit) => new("O", run, name, value, unit);
    }

    private static async Task LoadAsync(Matcher matcher, People people, int count)
    {
        for (int start = 0; start < count; start += Matcher.StatementsMax)
        {
            int size = Math.Min(Matcher.StatementsMax, count - start);
            await SayAsync(matcher, [.. Enumerable.Range(start, size).Select(people.Record)]);
            if (start % 50_000 == 0)
            {
                Note.Write($"{start} of {count} records stored");
            }
        }
    }

    private static Task<List<MatchOutcome>> SayAsync(Matcher matcher, LinkEvent[] said) =>
        matcher.DecideAsync(
            Service,
            rules =>
                [
                    .. said.Select(e => new MatchStatement(
                        e.Link.ToString(),
                        null,
                        rules.ValuesOf(e) ?? MatchValues.Empty,
                        e.EventId
                    )),
                ],
            [],
            CancellationToken.None
        );

    private sealed class ShippedRules : IRulesets
    {
        public ValueTask<Ruleset?> FindAsync(string name) =>
            new(Ruleset.Compile(name, ShippedRulesets.All[name]).Ruleset);

        public Task<RulesetText?> TextOfAsync(string name) => TextOfAsync(name, 1);

        public Task<RulesetText?> TextOfAsync(string name, int version) =>
            Task.FromResult<RulesetText?>(new(version, ShippedRulesets.All[name]));
    }
}
