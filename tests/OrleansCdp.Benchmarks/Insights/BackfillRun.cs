using System.Globalization;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>
/// Scenario backfill: while live traffic goes on at a fixed rate, a new insight is told of the past, and everybody is looked at
/// after a change. Live traffic is measured meanwhile, and in the same run before and after it.
/// </summary>
internal sealed class BackfillRun
{
    private const string Name = "O";
    private const int Batch = 500;
    private const int InFlight = 8;
    private const int ProbesPerSecond = 10;
    private const int Phases = 4;
    private const string Told = "bench_engagements";
    private const string Written = "bench_orders";
    private const string Topic = "enrichments/Contact/Bench_Orders__c";

    private const string ToldText = """
        description: How often anything was done
        source: Engagement
        measure: count
        unit: engagements
        """;

    private const string WrittenText = """
        description: How many orders there are, for the CRM
        source: SalesOrder
        measure: count
        unit: orders
        writes: { object: Contact, field: Bench_Orders__c }
        """;

    private readonly BenchmarkOptions options;
    private readonly OrleansContender contender;
    private readonly ProducerProcess producer;
    private readonly InsightRequests requests;
    private readonly Workload workload;
    private readonly List<Figure> figures = [];
    private readonly int run;
    private long lines;

    private BackfillRun(
        int run,
        BenchmarkOptions options,
        WorkloadSettings settings,
        OrleansContender contender,
        ProducerProcess producer,
        InsightRequests requests
    )
    {
        this.run = run;
        this.options = options;
        this.contender = contender;
        this.producer = producer;
        this.requests = requests;
        workload = new Workload(settings);
    }

    private TimeSpan Time => TimeSpan.FromSeconds(options.Seconds);

    /// <summary>Runs it once, its gate included.</summary>
    public static async Task<IReadOnlyList<Figure>> RunAsync(int run, BenchmarkOptions options)
    {
        WorkloadSettings settings = options.Workload with
        {
            Events = options.Workload.Events + LiveLinesOf(options),
        };
        string file = EventFile.Ensure(options.Work, settings);
        await using var product = (OrleansContender)await Contenders.StartAsync(Name, options);
        await using ProducerProcess live = await ProducerProcess.StartAsync([
            .. product.ProducerArguments,
            "--file",
            file,
            "--batch",
            Text(options.Batch == 0 ? Batch : options.Batch),
            "--in-flight",
            Text(options.InFlight == 0 ? InFlight : options.InFlight),
        ]);
        using InsightRequests asked = new(product.Address);
        BackfillRun one = new(run, options, settings, product, live, asked);
        await one.LoadAsync();
        await one.MeasureAsync();
        await one.CheckAsync();
        return one.figures;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Lines that live traffic takes at most, with a fifth more in case a part ends late.</summary>
    private static int LiveLinesOf(BenchmarkOptions options) =>
        (options.WarmUpSeconds + (Phases * options.Seconds)) * options.Rate / 5 * 6;

    /// <summary>Loads the population and the past.</summary>
    private async Task LoadAsync()
    {
        foreach (
            int part in (int[])[workload.CrmLines, workload.SignInLines, options.Workload.Events]
        )
        {
            await producer.SendLinesAsync(part);
            await contender.DrainAsync();
            lines += part;
        }

        await contender.Database.ExecuteAsync("vacuum analyze");
        Add("events before the insight is made", lines, "events");
        LivePhase warm = await LiveAsync(
            "warm-up",
            () => Task.Delay(TimeSpan.FromSeconds(options.WarmUpSeconds))
        );
        Note.Write($"warmed up with {warm.Lines} events");
    }

    private async Task MeasureAsync()
    {
        LivePhase steady = await LiveAsync("steady", () => Task.Delay(Time));
        LivePhase told = await TellAsync();
        LivePhase walked = await WalkAsync();
        LivePhase after = await LiveAsync("steady again", () => Task.Delay(Time));
        foreach (LivePhase phase in (LivePhase[])[steady, told, walked, after])
        {
            AddAll(phase.Figures());
        }

        foreach (LivePhase phase in (LivePhase[])[told, walked])
        {
            AddAll(phase.RatiosTo(steady));
            AddAll(phase.RatiosTo(after));
        }

        AddAll(after.RatiosTo(steady)); // What the machine alone makes of a ratio.
    }

    private async Task<LivePhase> LiveAsync(string when, Func<Task> happens)
    {
        if (options.Profile)
        {
            await contender.Database.ResetStatementsAsync();
            Note.Write($"MEASURING {when}: host {contender.Host.Id}, producers {producer.Id}");
        }

        LivePhase phase = await LivePhase.MeasureAsync(
            when,
            contender,
            producer,
            options.Rate,
            ProbesPerSecond,
            happens
        );
        lines += phase.Lines;
        if (options.Profile)
        {
            await contender.Database.PrintStatementsAsync();
        }

        return phase;
    }

    /// <summary>Makes an insight over what was done, and measures until it knows the past.</summary>
    private async Task<LivePhase> TellAsync()
    {
        ProgressWatch<Telling> watch = new(
            () => requests.TellingAsync(Told),
            seen => seen.IsComplete
        );
        LivePhase phase = await LiveAsync(
            "while told",
            async () =>
            {
                await requests.PutAsync(Told, ToldText);
                await watch.FollowAsync(Time);
            }
        );
        bool inTime = watch.End is not null;
        int percent = inTime ? 100 : watch.Before!.Percent;
        await watch.FollowAsync(TimeSpan.MaxValue);
        double seconds = watch.Took.TotalSeconds;
        Telling last = watch.Before!;
        Add("told, until complete", seconds, "s");
        Add("told, of it during live traffic", percent, "%");
        Add("told, events read", last.Events, "events");
        Add("told, events read a second", last.Events / seconds, "events/s");
        Add("told, links", last.Links, "links");
        Add("told, links a second", last.Links / seconds, "links/s");
        Demand(watch.End!.NotTold == 0, $"{watch.End.NotTold} links were not told.");
        return phase;
    }

    /// <summary>Makes an insight that is written into the CRM, and measures until everybody was looked at.</summary>
    private async Task<LivePhase> WalkAsync()
    {
        DateTimeOffset? before = (await requests.WalkAsync())?.StartedAt;
        ProgressWatch<Walk> watch = new(
            async () => (await requests.WalkAsync())!,
            seen => seen.StartedAt != before && seen.EndedAt is not null
        );
        LivePhase phase = await LiveAsync(
            "while walked",
            async () =>
            {
                await requests.PutAsync(Written, WrittenText);
                await watch.FollowAsync(Time);
            }
        );
        long inTime = (watch.End ?? watch.Before!).Individuals;
        await watch.FollowAsync(TimeSpan.MaxValue);
        Walk end = watch.End!;
        double seconds = (end.EndedAt!.Value - end.StartedAt).TotalSeconds;
        Add("walk, until ended", watch.Took.TotalSeconds, "s");
        Add("walk, from its beginning", seconds, "s");
        Add("walk, of it during live traffic", 100.0 * inTime / end.Individuals, "%");
        Add("walk, individuals", end.Individuals, "individuals");
        Add("walk, accounts", end.Accounts, "accounts");
        Add("walk, individuals a second", end.Individuals / seconds, "individuals/s");
        Demand(end.PutOff == 0, $"{end.PutOff} could not be looked at.");
        return phase;
    }

    private async Task CheckAsync()
    {
        int people = options.Workload.People;
        var oracle = Oracle.Of(workload.All().Take((int)lines));
        BackfillGate gate = new(contender, requests);
        int same = await Gate.CheckAsync(contender, workload.All().Take((int)lines), people);
        Add("gate: people equal to the oracle", same, "people");
        int told = await gate.DemandToldAsync(Told, oracle, people);
        Add("gate: people whose new insight counts all they did", told, "people");
        int written = await gate.DemandWrittenAsync(Written, Topic, oracle, people);
        Add("gate: people whose orders are to be written", written, "people");
    }

    private void AddAll(IEnumerable<(string Name, double Value, string Unit)> found)
    {
        foreach (var (name, value, unit) in found)
        {
            Add(name, value, unit);
        }
    }

    private void Add(string name, double value, string unit)
    {
        figures.Add(new Figure(Name, run, name, value, unit));
        Note.Write($"{name}: {value:F2} {unit}");
    }

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(otherwise);
        }
    }
}
