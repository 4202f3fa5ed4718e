using System.Globalization;
using System.Net.Http.Headers;
using OrleansCdp.Events;

namespace OrleansCdp.Context;

/// <summary>Context reads of people in memory, against bare Kestrel answering with the same bytes.</summary>
internal static class ContextRun
{
    private const int PeopleRead = 1_000;
    private const int Connections = 32;

    /// <summary>Loads people once, then reads from both servers in turn.</summary>
    public static async Task RunAsync(BenchmarkOptions options, Report report)
    {
        string file = EventFile.Ensure(options.Work, options.Workload);
        await using IContender contender = await Contenders.StartAsync("O", options);
        Uri address = ((OrleansContender)contender).Address;
        var (batch, inFlight) = Contenders.BestOf("O");
        string[] sizes =
        [
            "--batch",
            batch.ToString(CultureInfo.InvariantCulture),
            "--in-flight",
            inFlight.ToString(CultureInfo.InvariantCulture),
        ];
        await using (
            ProducerProcess producer = await ProducerProcess.StartAsync([
                .. contender.ProducerArguments,
                .. sizes,
                "--file",
                file,
            ])
        )
        {
            Workload workload = new(options.Workload);
            await producer.SendLinesAsync(workload.CrmLines);
            await contender.DrainAsync();
            await producer.SendLinesAsync(workload.SignInLines + options.Workload.Events);
            await contender.DrainAsync();
        }

        int middle = Math.Max(0, (options.Workload.People - PeopleRead) / 2);
        string[] paths =
        [
            .. Enumerable
                .Range(middle, Math.Min(PeopleRead, options.Workload.People))
                .Select(person => $"/v1/context/userId/{RecordWriter.UserOf(person)}"),
        ];
        string answer = Path.Combine(options.Work, "answer.json");
        await File.WriteAllBytesAsync(answer, await TypicalAnswerAsync(address, paths));
        await using ChildProgram kestrel = await ChildProgram.StartAsync([
            "kestrel",
            "--file",
            answer,
        ]);
        for (int run = 1; run <= options.Repetitions; run++)
        {
            report.Add(
                await MeasureAsync(
                    "O",
                    run,
                    address,
                    paths,
                    contender.HostProcessId!.Value,
                    options
                )
            );
            report.Add(
                await MeasureAsync("K", run, new Uri(kestrel.Ready), paths, kestrel.Id, options)
            );
        }
    }

    /// <summary>The answer of median length.</summary>
    private static async Task<byte[]> TypicalAnswerAsync(Uri address, string[] paths)
    {
        using HttpClient http = new()
        {
            BaseAddress = address,
            DefaultRequestHeaders =
            {
                Authorization = new AuthenticationHeaderValue("Bearer", HostProcess.AdminKey),
            },
        };
        List<byte[]> answers = [];
        foreach (string path in paths)
        {
            answers.Add(await http.GetByteArrayAsync(path));
        }

        byte[] typical = answers.OrderBy(answer => answer.Length).ElementAt(answers.Count / 2);
        Note.Write($"an answer has {typical.Length} bytes");
        return typical;
    }

    private static async Task<IReadOnlyList<Figure>> MeasureAsync(
        string name,
        int run,
        Uri address,
        string[] paths,
        int process,
        BenchmarkOptions options
    )
    {
        HttpLoad load = new(address, paths, Connections);
        TimeSpan time = TimeSpan.FromSeconds(options.Seconds);
        await load.AsFastAsPossibleAsync(TimeSpan.FromSeconds(options.WarmUpSeconds));
        TimeSpan before = ProcessUse.Of(process).Cpu;
        LoadResult closed = await load.AsFastAsPossibleAsync(time);
        double cpu =
            (ProcessUse.Of(process).Cpu - before).TotalMilliseconds
            / closed.Latencies.Length
            * 1000;
        LoadResult open = await load.AtRateAsync(time, closed.PerSecond / 2);
        return
        [
            new(name, run, "reads, closed loop", closed.PerSecond, "reads/s"),
            new(name, run, "CPU, server", cpu, "ms/1,000"),
            new(name, run, "closed loop, p50", closed.At(0.5), "ms"),
            new(name, run, "closed loop, p99", closed.At(0.99), "ms"),
            new(name, run, "open loop at half of that", open.PerSecond, "reads/s"),
            new(name, run, "open loop, p50", open.At(0.5), "ms"),
            new(name, run, "open loop, p99", open.At(0.99), "ms"),
            new(name, run, "open loop, p99.9", open.At(0.999), "ms"),
        ];
    }
}
