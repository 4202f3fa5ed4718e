using System.Diagnostics;
using System.Globalization;
using OrleansCdp.Insights;

namespace OrleansCdp.Events;

/// <summary>Scenario S1: the population is loaded, then the mix is sent as fast as it is taken.</summary>
internal static class SteadyRun
{
    /// <summary>Runs one contender once, its gate included.</summary>
    public static async Task<IReadOnlyList<Figure>> RunAsync(
        string name,
        int run,
        BenchmarkOptions options
    )
    {
        string file = EventFile.Ensure(options.Work, options.Workload);
        await using IContender contender = await Contenders.StartAsync(name, options);
        var (batch, inFlight) = Contenders.BestOf(name);
        await using ProducerProcess producer = await ProducerProcess.StartAsync([
            .. contender.ProducerArguments,
            "--file",
            file,
            "--batch",
            Text(options.Batch == 0 ? batch : options.Batch),
            "--in-flight",
            Text(options.InFlight == 0 ? inFlight : options.InFlight),
        ]);
        Workload workload = new(options.Workload);
        double crm = await LoadAsync(contender, producer, workload.CrmLines);
        double signIns = await LoadAsync(contender, producer, workload.SignInLines);
        if (options.Profile)
        {
            Note.Write("What PostgreSQL did to load the population:");
            await contender.Database.PrintStatementsAsync();
        }

        await contender.Database.ExecuteAsync("vacuum analyze");
        Produced warm = await producer.WarmUpAsync(options.WarmUpSeconds);
        await contender.DrainAsync();
        if (options.Profile)
        {
            await contender.Database.ResetStatementsAsync();
            Note.Write(
                $"MEASURING {name}: host {contender.HostProcessId}, producers {producer.Id}"
            );
        }

        Mark before = await MarkAsync(contender, producer);
        Produced produced = await producer.SendAsync(options.Seconds);
        long sent = Stopwatch.GetTimestamp();
        await contender.DrainAsync();
        Mark after = await MarkAsync(contender, producer);
        if (options.Profile)
        {
            await contender.Database.PrintStatementsAsync();
        }

        long lines = workload.CrmLines + workload.SignInLines + warm.Lines + produced.Lines;
        int people = options.Workload.People;
        int compared = await Gate.CheckAsync(contender, workload.All().Take((int)lines), people);
        return
        [
            .. FiguresOf(name, run, before, after, produced),
            new Figure(
                name,
                run,
                "drain after the last event",
                Stopwatch.GetElapsedTime(sent, after.At).TotalSeconds,
                "s"
            ),
            new Figure(name, run, "load accounts and contacts", crm, "events/s"),
            new Figure(name, run, "load first sign-ins", signIns, "events/s"),
            new Figure(name, run, "gate: people equal to the oracle", compared, "people"),
        ];
    }

    private static async Task<double> LoadAsync(
        IContender contender,
        ProducerProcess producer,
        int lines
    )
    {
        long started = Stopwatch.GetTimestamp();
        await producer.SendLinesAsync(lines);
        await contender.DrainAsync();
        double rate = lines / Stopwatch.GetElapsedTime(started).TotalSeconds;
        Note.Write($"{contender.Name}: {lines} lines of the population at {rate:F0}/s");
        return rate;
    }

    private static async Task<Mark> MarkAsync(IContender contender, ProducerProcess producer) =>
        new(
            Stopwatch.GetTimestamp(),
            contender.HostProcessId is { } host ? ProcessUse.Of(host) : default,
            ProcessUse.OfTree(contender.Database.ProcessId),
            ProcessUse.Of(producer.Id),
            await contender.Database.WalBytesAsync()
        );

    private static IEnumerable<Figure> FiguresOf(
        string name,
        int run,
        Mark before,
        Mark after,
        Produced produced
    )
    {
        double lines = produced.Lines;
        double seconds = Stopwatch.GetElapsedTime(before.At, after.At).TotalSeconds;
        double PerThousand(TimeSpan used) => used.TotalMilliseconds / lines * 1000;
        double host = PerThousand(after.Host.Cpu - before.Host.Cpu);
        double server = PerThousand(after.Server.Cpu - before.Server.Cpu);
        double producers = PerThousand(after.Producer.Cpu - before.Producer.Cpu);
        Array.Sort(produced.AckMs);
        Array.Sort(produced.VisibleMs);
        yield return new(name, run, "sustained, until applied", lines / seconds, "events/s");
        yield return new(name, run, "CPU, all servers", host + server, "ms/1,000");
        yield return new(name, run, "CPU, own process", host, "ms/1,000");
        yield return new(name, run, "CPU, PostgreSQL", server, "ms/1,000");
        yield return new(name, run, "CPU, producers", producers, "ms/1,000");
        yield return new(
            name,
            run,
            "write-ahead log",
            (after.WalBytes - before.WalBytes) / lines,
            "bytes/event"
        );
        yield return new(name, run, "acknowledged, p50", At(produced.AckMs, 0.5), "ms");
        yield return new(name, run, "acknowledged, p99", At(produced.AckMs, 0.99), "ms");
        yield return new(
            name,
            run,
            "acknowledged to visible, p50",
            At(produced.VisibleMs, 0.5),
            "ms"
        );
        yield return new(
            name,
            run,
            "acknowledged to visible, p99",
            At(produced.VisibleMs, 0.99),
            "ms"
        );
        yield return new(name, run, "memory, own process", after.Host.ResidentBytes / 1e6, "MB");
        yield return new(name, run, "events measured", lines, "events");
        yield return new(name, run, "time measured", seconds, "s");
    }

    /// <summary>The value below which a part of them is; NaN when there are none.</summary>
    public static double At(double[] sorted, double part) =>
        sorted.Length == 0 ? double.NaN : sorted[(int)(sorted.Length * part)];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>What had been used at one moment.</summary>
    private sealed record Mark(
        long At,
        ProcessUse Host,
        ProcessUse Server,
        ProcessUse Producer,
        long WalBytes
    );
}
