using System.Diagnostics;
using System.Globalization;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Identity;

/// <summary>
/// Scenario S3: anonymous visitors sign in all at once as people who are known, while the mix of a running business goes
/// on at half of what the host takes. Live traffic is measured for a while before, until the last of them is at their
/// person, and for a while after.
/// </summary>
internal sealed class SignInRun
{
    private const string Name = "O";
    private const int Batch = 1_000;
    private const int InFlight = 8;
    private readonly BenchmarkOptions options;
    private readonly OrleansContender contender;
    private readonly ProducerProcess producer;
    private readonly Workload workload;
    private readonly Visitors visitors;
    private readonly VisitorGate gate;
    private readonly List<Figure> figures = [];
    private readonly int run;
    private long lines;
    private long probes;

    private SignInRun(
        int run,
        BenchmarkOptions options,
        OrleansContender contender,
        ProducerProcess producer,
        VisitorGate gate,
        Visitors visitors
    )
    {
        this.run = run;
        this.options = options;
        this.contender = contender;
        this.producer = producer;
        this.gate = gate;
        this.visitors = visitors;
        workload = new Workload(options.Workload);
    }

    /// <summary>Runs it once, its gate included.</summary>
    public static async Task<IReadOnlyList<Figure>> RunAsync(int run, BenchmarkOptions options)
    {
        Visitors people = new(options.Visitors, options.Workload.People);
        string file = EventFile.Ensure(options.Work, options.Workload);
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
        using VisitorGate asked = new(product.Address, people);
        SignInRun one = new(run, options, product, live, asked, people);
        await one.MeasureAsync();
        await one.CheckAsync();
        return one.figures;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task MeasureAsync()
    {
        int half = await LoadAsync() / 2;
        await using VisitorLoad load = new(contender.Address, visitors);
        await load.LookAsync();
        await contender.DrainAsync();
        await gate.DemandAnonymousAsync();
        TimeSpan time = TimeSpan.FromSeconds(options.Seconds);
        await LiveAsync("before", half, () => Task.Delay(time));
        await LiveAsync("during", half, () => SignInAsync(load));
        await LiveAsync("after", half, () => Task.Delay(time));
        await contender.DrainAsync();
    }

    /// <summary>Loads the population.</summary>
    /// <returns>What the host then takes of the mix, in events a second until they are applied.</returns>
    private async Task<int> LoadAsync()
    {
        foreach (int part in (int[])[workload.CrmLines, workload.SignInLines])
        {
            await producer.SendLinesAsync(part);
            await contender.DrainAsync();
            lines += part;
        }

        await contender.Database.ExecuteAsync("vacuum analyze");
        long started = Stopwatch.GetTimestamp();
        Produced most = await producer.WarmUpAsync(options.WarmUpSeconds);
        await contender.DrainAsync();
        double rate = most.Lines / Stopwatch.GetElapsedTime(started).TotalSeconds;
        lines += most.Lines;
        Add("sustained, nothing else going on", rate, "events/s");
        return (int)rate;
    }

    /// <summary>Measures live traffic while something happens.</summary>
    private async Task LiveAsync(string when, int perSecond, Func<Task> happens)
    {
        MemoryWatch memory = new(contender.Host);
        await producer.BeginAsync(perSecond);
        await happens();
        Produced live = await producer.EnoughAsync();
        await memory.StopAsync();
        lines += live.Lines;
        probes += live.AckMs.Length;
        Array.Sort(live.AckMs);
        Array.Sort(live.VisibleMs);
        Add($"live traffic, {when}", live.Lines / live.Seconds, "events/s");
        Add($"acknowledged, p99, {when}", SteadyRun.At(live.AckMs, 0.99), "ms");
        Add($"acknowledged to visible, p50, {when}", SteadyRun.At(live.VisibleMs, 0.5), "ms");
        Add($"acknowledged to visible, p99, {when}", SteadyRun.At(live.VisibleMs, 0.99), "ms");
        Add($"acknowledged to visible, most, {when}", live.VisibleMs[^1], "ms");
        Add($"memory, most, {when}", memory.ResidentBytes / 1e6, "MB");
        Add($"objects after a collection, most, {when}", memory.HeapBytes / 1e6, "MB");
    }

    private async Task SignInAsync(VisitorLoad load)
    {
        if (options.Profile)
        {
            await contender.Database.ResetStatementsAsync();
            Note.Write($"MEASURING: host {contender.Host.Id}, producers {producer.Id}");
        }

        ProcessUse host = ProcessUse.Of(contender.Host.Id);
        ProcessUse server = ProcessUse.OfTree(contender.Database.ProcessId);
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan acknowledged = await load.SignInAsync();
        await AppliedMark.SetAsync(contender.Database);
        await AppliedMark.PassedAsync(contender.Database);
        TimeSpan there = watch.Elapsed;
        TimeSpan own = ProcessUse.Of(contender.Host.Id).Cpu - host.Cpu;
        TimeSpan database = ProcessUse.OfTree(contender.Database.ProcessId).Cpu - server.Cpu;
        if (options.Profile)
        {
            await contender.Database.PrintStatementsAsync();
        }

        int stray = await gate.StrayAsync();
        Add("sign-ins, until acknowledged", acknowledged.TotalSeconds, "s");
        Add("sign-ins, until all are at their person", there.TotalSeconds, "s");
        Add("moves", visitors.Count / there.TotalSeconds, "links/s");
        Add("CPU meanwhile, own process", own.TotalSeconds, "s");
        Add("CPU meanwhile, PostgreSQL", database.TotalSeconds, "s");
        Demand(stray == 0, $"{stray} visitors are not yet where they were said to be.");
    }

    private async Task CheckAsync()
    {
        VisitorCheck check = await gate.CheckAsync();
        Add("events of visitors lost", check.Lost, "events");
        Add("events of visitors doubled", check.Doubled, "events");
        Demand(
            check is { Lost: 0, Doubled: 0, Elsewhere: 0 },
            $"{check.Lost} events of visitors are lost, {check.Doubled} doubled; "
                + $"{check.Elsewhere} visitors are somebody else."
        );
        HashSet<long> distinct = [];
        int refused = 0;
        foreach (WorkloadEvent e in workload.All().Take((int)lines).Concat(visitors.All()))
        {
            if (e.Kind is WorkloadKind.NoSubject or WorkloadKind.BadTotal)
            {
                refused++;
            }
            else
            {
                distinct.Add(e.Number);
            }
        }

        var (received, duplicates) = await gate.DemandCountsAsync(distinct.Count + probes, refused);
        Add("events received", received, "events");
        Add("of them received before", duplicates, "events");
        int people = await Gate.CheckAsync(
            contender,
            workload.All().Take((int)lines).Concat(visitors.All()),
            options.Workload.People
        );
        Add("gate: questions asked again", gate.AskedAgain, "questions");
        Add("gate: visitors at their person", visitors.Count, "visitors");
        Add("gate: people equal to the oracle", people, "people");
        Add("gate: links equal to the log", await gate.DemandVerifiedAsync(), "links");
    }

    private void Add(string name, double value, string unit)
    {
        figures.Add(new Figure(Name, run, name, value, unit));
        Note.Write($"{name}: {value:F1} {unit}");
    }

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidOperationException(otherwise);
        }
    }
}
