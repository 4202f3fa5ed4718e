using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>
/// Scenario path: S1 with few segments, with many and with none but the one that is followed, then half of what was sustained, with
/// people who enter that one: of them the Orleans stream of memberships tells.
/// </summary>
internal sealed class PathRun
{
    private const int ProbesPerSecond = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ToldMax = TimeSpan.FromMinutes(2);

    private readonly BenchmarkOptions options;
    private readonly OrleansContender contender;
    private readonly ProducerProcess producer;
    private readonly SegmentRequests requests;
    private readonly string followed;
    private readonly Workload workload;
    private readonly Action<string, double, string> add;
    private long lines;
    private int drains;

    private PathRun(
        BenchmarkOptions options,
        OrleansContender contender,
        ProducerProcess producer,
        SegmentRequests requests,
        string followed,
        Action<string, double, string> add
    )
    {
        this.options = options;
        this.contender = contender;
        this.producer = producer;
        this.requests = requests;
        this.followed = followed;
        this.add = add;
        workload = new Workload(options.Workload);
    }

    /// <summary>Runs it once with each number of segments, its gates included.</summary>
    public static async Task<IReadOnlyList<Figure>> RunAsync(int run, BenchmarkOptions options)
    {
        string file = EventFile.Ensure(options.Work, options.Workload);
        List<Figure> figures = [];
        foreach (int count in options.Segments.Split(',').Select(Number))
        {
            string told = Path.Combine(options.Work, $"followed-{Environment.ProcessId}");
            File.Delete(told);
            BenchmarkDatabase database = await BenchmarkDatabase.StartAsync(
                options.Work,
                options.Profile
            );
            await using OrleansContender product = await OrleansContender.StartAsync(
                "O",
                database,
                options.Profile,
                told
            );
            using SegmentRequests asked = new(product.Address);
            await asked.ActivateAsync([
                .. SegmentMix.Texts(count),
                (FollowedGrain.Segment, "count(Engagement where title = 'follow me') >= 1"),
            ]);
            await using ProducerProcess live = await ProducerProcess.StartAsync([
                .. product.ProducerArguments,
                "--file",
                file,
                "--batch",
                Text(options.Batch == 0 ? Contenders.BestOf("O").Batch : options.Batch),
                "--in-flight",
                Text(options.InFlight == 0 ? Contenders.BestOf("O").InFlight : options.InFlight),
            ]);
            PathRun one = new(
                options,
                product,
                live,
                asked,
                told,
                (name, value, unit) =>
                {
                    figures.Add(new Figure($"{count} segments", run, name, value, unit));
                    Note.Write($"{count} segments: {name}: {value:F2} {unit}");
                }
            );
            await one.MeasureAsync();
            JsonNode preview = await asked.PreviewAsync(
                FollowedGrain.Segment,
                "count(SalesOrder within last 90 days) >= 3 or title is null"
            );
            one.add(
                "preview, half of the time",
                SegmentRequests.PeoplePerSecond(preview),
                "people/s"
            );
            one.add("previewed", (long)preview["individuals"]!, "people");
            File.Delete(told);
        }

        return figures;
    }

    private static string PassingBy(int number) =>
        $$"""{"type":"page","name":"start","messageId":"passed-{{Text(
            number
        )}}","anonymousId":"passer-by-{{Text(number)}}"}""";

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task MeasureAsync()
    {
        await requests.SendAsync("web", Enumerable.Range(0, options.PassersBy).Select(PassingBy));
        await contender.DrainAsync();
        foreach (int part in (int[])[workload.CrmLines, workload.SignInLines])
        {
            lines += (await producer.SendLinesAsync(part)).Lines;
            await contender.DrainAsync();
        }

        await contender.Database.ExecuteAsync("vacuum analyze");
        add(
            "people",
            await contender.Database.ReadAsync<long>(
                "select count(*) from cdp.snapshot where id like 'ind\\_%'"
            ),
            "people"
        );
        lines += (await producer.WarmUpAsync(options.WarmUpSeconds)).Lines;
        await DrainAsync();
        MemoryWatch memory = new(contender.Host);
        double sustained = await MeasureMostAsync();
        await memory.StopAsync();
        add("memory, most", memory.ResidentBytes / 1e6, "MB");
        await MeasureHalfAsync((int)(sustained / 2));
        int compared = await Gate.CheckAsync(
            contender,
            workload.All().Take((int)lines),
            options.Workload.People
        );
        add("gate: people equal to the oracle", compared, "people");
        add(
            "members",
            await contender.Database.ReadAsync<long>("select count(*) from cdp.members"),
            "memberships"
        );
    }

    /// <summary>As much as is taken.</summary>
    /// <returns>How much that is, events a second.</returns>
    private async Task<double> MeasureMostAsync()
    {
        const string Changes = "select count(*) from cdp.membership_changes";
        long changes = await contender.Database.ReadAsync<long>(Changes);
        TimeSpan host = ProcessUse.Of(contender.Host.Id).Cpu;
        TimeSpan server = ProcessUse.OfTree(contender.Database.ProcessId).Cpu;
        Stopwatch watch = Stopwatch.StartNew();
        Produced sent = await producer.WarmUpAsync(options.Seconds);
        await DrainAsync();
        double sustained = sent.Lines / watch.Elapsed.TotalSeconds;
        host = ProcessUse.Of(contender.Host.Id).Cpu - host;
        server = ProcessUse.OfTree(contender.Database.ProcessId).Cpu - server;
        lines += sent.Lines;
        add("sustained, until applied", sustained, "events/s");
        add("CPU, all servers", PerThousand(host + server), "ms/1,000");
        add("CPU, own process", PerThousand(host), "ms/1,000");
        add("CPU, PostgreSQL", PerThousand(server), "ms/1,000");
        changes = await contender.Database.ReadAsync<long>(Changes) - changes;
        add("entries and exits", 1000.0 * changes / sent.Lines, "per 1,000");
        return sustained;

        double PerThousand(TimeSpan used) => used.TotalMilliseconds / sent.Lines * 1000;
    }

    private async Task MeasureHalfAsync(int perSecond)
    {
        List<(string Individual, DateTimeOffset Acknowledged)> probes = [];
        LivePhase phase = await LivePhase.MeasureAsync(
            "half load",
            contender,
            producer,
            perSecond,
            ProbesPerSecond,
            async () => probes = await ProbeAsync()
        );
        lines += phase.Lines;
        if (phase.Lines < perSecond * options.Seconds * 0.9)
        {
            throw new InvalidOperationException(
                "The event file ended before all was measured: give more --events."
            );
        }

        foreach (var (name, value, unit) in phase.Figures())
        {
            add(name, value, unit);
        }

        Dictionary<string, DateTimeOffset> told = await ToldAsync(
            probes.Select(one => one.Individual)
        );
        double[] delays =
        [
            .. probes
                .Select(probe => (told[probe.Individual] - probe.Acknowledged).TotalMilliseconds)
                .Order(),
        ];
        add("entries followed", delays.Length, "entries");
        foreach (double part in (double[])[0.5, 0.95, 0.99])
        {
            add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"acknowledged to told on the stream, p{part * 100:F0}"
                ),
                SteadyRun.At(delays, part),
                "ms"
            );
        }
    }

    /// <summary>Has somebody new do what the segment asks for, several times a second.</summary>
    private async Task<List<(string Individual, DateTimeOffset Acknowledged)>> ProbeAsync()
    {
        List<Task<(string, DateTimeOffset)>> begun = [];
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(1.0 / ProbesPerSecond));
        Stopwatch watch = Stopwatch.StartNew();
        while (watch.Elapsed < TimeSpan.FromSeconds(options.Seconds))
        {
            begun.Add(ProbeAsync(begun.Count));
            await timer.WaitForNextTickAsync();
        }

        return [.. await Task.WhenAll(begun)];
    }

    private async Task<(string Individual, DateTimeOffset Acknowledged)> ProbeAsync(int number)
    {
        string user = $"follow-{Text(number)}";
        await requests.SendPageAsync(user, "follow me");
        return (
            SubjectIds.IndividualOf(new Identifier("userId", user, Verified: true)),
            DateTimeOffset.UtcNow
        );
    }

    /// <summary>Waits until everything is applied and told: who enters after all others is told of after them.</summary>
    private async Task DrainAsync()
    {
        await contender.DrainAsync();
        var (last, _) = await ProbeAsync(-(++drains));
        await ToldAsync([last]);
    }

    private async Task<Dictionary<string, DateTimeOffset>> ToldAsync(IEnumerable<string> entered)
    {
        string[] awaited = [.. entered];
        Stopwatch watch = Stopwatch.StartNew();
        while (true)
        {
            Dictionary<string, DateTimeOffset> told = await FollowedGrain.ReadAsync(followed);
            if (awaited.All(told.ContainsKey))
            {
                return told;
            }

            if (watch.Elapsed > ToldMax)
            {
                throw new InvalidOperationException(
                    $"{awaited.Count(one => !told.ContainsKey(one))} entries were not told."
                );
            }

            await Task.Delay(Pause);
        }
    }
}
