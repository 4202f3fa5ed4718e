using System.Diagnostics;
using System.Globalization;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>
/// Scenario tell: one, twenty and a hundred and eighty new insights are told of the same past, one group after the other, with
/// no traffic. What the host may work (<c>Cdp:Insights:WorkShare</c>) it reads from the environment.
/// </summary>
internal sealed class TellRun
{
    private const string Name = "O";
    private const int Batch = 500;
    private const int InFlight = 8;
    private static readonly int[] Groups = [1, 20, 180];
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly OrleansContender contender;
    private readonly InsightRequests requests;
    private readonly Workload workload;
    private readonly List<Figure> figures = [];
    private readonly int run;

    private TellRun(
        int run,
        OrleansContender contender,
        InsightRequests requests,
        Workload workload
    )
    {
        this.run = run;
        this.contender = contender;
        this.requests = requests;
        this.workload = workload;
    }

    /// <summary>Runs it once, its gate included.</summary>
    public static async Task<IReadOnlyList<Figure>> RunAsync(int run, BenchmarkOptions options)
    {
        string file = EventFile.Ensure(options.Work, options.Workload);
        await using var product = (OrleansContender)await Contenders.StartAsync(Name, options);
        using InsightRequests asked = new(product.Address);
        TellRun one = new(run, product, asked, new Workload(options.Workload));
        long lines = await one.LoadAsync(file, options.Workload.Events);
        await one.TellAsync();
        await one.CheckAsync(lines, options.Workload.People);
        return one.figures;
    }

    /// <summary>Loads the population and the past.</summary>
    private async Task<long> LoadAsync(string file, int events)
    {
        await using ProducerProcess producer = await ProducerProcess.StartAsync([
            .. contender.ProducerArguments,
            "--file",
            file,
            "--batch",
            Text(Batch),
            "--in-flight",
            Text(InFlight),
        ]);
        long lines = 0;
        foreach (int part in (int[])[workload.CrmLines, workload.SignInLines, events])
        {
            await producer.SendLinesAsync(part);
            await contender.DrainAsync();
            lines += part;
        }

        await contender.Database.ExecuteAsync("vacuum analyze");
        Add("events before the insights are made", lines, "events");
        return lines;
    }

    private async Task TellAsync()
    {
        double alone = 0;
        foreach (int count in Groups)
        {
            long since = Stopwatch.GetTimestamp();
            for (int i = 0; i < count; i++)
            {
                await requests.PutAsync(NameOf(count, i), TextOf(count, i));
            }

            double made = Stopwatch.GetElapsedTime(since).TotalSeconds;
            while (await requests.IncompleteAsync() > 0)
            {
                await Task.Delay(Pause);
            }

            double seconds = Stopwatch.GetElapsedTime(since).TotalSeconds;
            alone = count == 1 ? seconds : alone;
            Add($"{count} insights, until all are made", made, "s");
            Add($"{count} insights, until all are complete", seconds, "s");
            Add($"{count} insights / 1", seconds / alone, "times");
        }
    }

    private async Task CheckAsync(long lines, int people)
    {
        var oracle = Oracle.Of(workload.All().Take((int)lines));
        BackfillGate gate = new(contender, requests);
        foreach (int count in Groups)
        {
            foreach (int i in (int[])[0, count - 1])
            {
                int told = await gate.DemandToldAsync(NameOf(count, i), oracle, people);
                Add($"gate: people of whom {NameOf(count, i)} counts all", told, "people");
            }
        }
    }

    private static string NameOf(int count, int i) => $"bench_{count}_{i}";

    /// <summary>Every one counts all that was done, with or without a window, and asks each thing.</summary>
    private static string TextOf(int count, int i) =>
        $"source: Engagement\nmeasure: count\nwhere: title != 'bench {count} {i}'"
        + (i % 2 == 0 ? "" : $"\nwindow: {900 + i} days");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void Add(string name, double value, string unit)
    {
        figures.Add(new Figure(Name, run, name, value, unit));
        Note.Write($"{name}: {value:F2} {unit}");
    }
}
