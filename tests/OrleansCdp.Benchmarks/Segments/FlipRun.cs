using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using OrleansCdp.Context;

namespace OrleansCdp.Segments;

/// <summary>S4: windows of many people end within the same minute, while the system runs and while it is down.</summary>
internal static class FlipRun
{
    private const string Segment = "recent";
    private const int Connections = 8;
    private const double ReadsPerSecond = 500;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan Spread = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Runs it once.</summary>
    public static async Task<IReadOnlyList<Figure>> RunAsync(int run, BenchmarkOptions options)
    {
        int people = options.Workload.People;
        await using BenchmarkDatabase database = await BenchmarkDatabase.StartAsync(
            options.Work,
            options.Profile
        );
        List<Figure> figures = [];
        await using (
            HostProcess host = await HostProcess.StartAsync(
                database.ConnectionString,
                options.Profile
            )
        )
        {
            using SegmentRequests gateway = new(host.Address);
            await gateway.ActivateAsync([(Segment, CriteriaOf(options, 1))]);
            DateTimeOffset ends = await LoadAsync(gateway, "w", people, options);
            JsonNode preview = await gateway.PreviewAsync(Segment, CriteriaOf(options, 2));
            Add("preview, half of the time", SegmentRequests.PeoplePerSecond(preview), "people/s");
            await MeasureAsync(gateway, host, people, ends, options, Add);
        }

        int few = Math.Max(1, people / 10);
        DateTimeOffset down;
        await using (
            HostProcess host = await HostProcess.StartAsync(
                database.ConnectionString,
                options.Profile
            )
        )
        {
            using SegmentRequests gateway = new(host.Address);
            down = await LoadAsync(gateway, "d", few, options);
        }

        await Task.Delay(Later(down + Spread + InexactOf(options) - DateTimeOffset.UtcNow));
        await using HostProcess again = await HostProcess.StartAsync(
            database.ConnectionString,
            options.Profile
        );
        long ready = Stopwatch.GetTimestamp();
        using (SegmentRequests gateway = new(again.Address))
        {
            await gateway.WaitForAsync(Segment, 0);
        }

        Add(
            $"{few} that ended while it was down, from ready until all have left",
            Stopwatch.GetElapsedTime(ready).TotalSeconds,
            "s"
        );
        return figures;

        void Add(string name, double value, string unit) =>
            figures.Add(new Figure("O", run, name, value, unit));
    }

    private static async Task MeasureAsync(
        SegmentRequests gateway,
        HostProcess host,
        int people,
        DateTimeOffset ends,
        BenchmarkOptions options,
        Action<string, double, string> add
    )
    {
        TimeSpan time = TimeSpan.FromSeconds(options.Seconds);
        string[] paths =
        [
            .. Enumerable
                .Range(0, Math.Min(1_000, people))
                .Select(i => $"/v1/context/anonymousId/{NameOf("w", i)}"),
        ];
        HttpLoad reads = new(host.Address, paths, Connections);
        await reads.AtRateAsync(TimeSpan.FromSeconds(5), ReadsPerSecond);
        LoadResult before = await reads.AtRateAsync(time, ReadsPerSecond);
        if (DateTimeOffset.UtcNow > ends)
        {
            throw new InvalidOperationException(
                "The first window ended before all was measured: give more --warm-up."
            );
        }

        await Task.Delay(Later(ends - DateTimeOffset.UtcNow));
        Task<LoadResult> during = reads.AtRateAsync(Spread + InexactOf(options), ReadsPerSecond);
        DateTimeOffset? first = null;
        while (await gateway.CountAsync(Segment) is var count and > 0)
        {
            first ??= count < people ? DateTimeOffset.UtcNow : null;
            await Task.Delay(Pause);
        }

        DateTimeOffset last = DateTimeOffset.UtcNow;
        LoadResult meanwhile = await during;
        add("windows that end within a minute", people, "people");
        add("first exit until last", (last - (first ?? last)).TotalSeconds, "s");
        add("last exit after the last end", (last - ends - Spread).TotalSeconds, "s");
        add("context read p99, before", before.At(0.99), "ms");
        add("context read p99, meanwhile", meanwhile.At(0.99), "ms");
        add("context read p99, meanwhile / before", meanwhile.At(0.99) / before.At(0.99), "");
    }

    /// <summary>Has so many look at a page such that their windows begin to end in so many seconds.</summary>
    /// <returns>When the first one ends.</returns>
    private static async Task<DateTimeOffset> LoadAsync(
        SegmentRequests gateway,
        string prefix,
        int people,
        BenchmarkOptions options
    )
    {
        DateTimeOffset ends = DateTimeOffset.UtcNow.AddSeconds(options.WarmUpSeconds);
        await gateway.SendAsync(
            "web",
            Enumerable
                .Range(0, people)
                .Select(i =>
                    RecordOf(options, prefix, i, ends - Window + (Spread * ((double)i / people)))
                )
        );
        await gateway.WaitForAsync(Segment, people);
        return ends;
    }

    private static bool AreKept(BenchmarkOptions options) => options.Windows == "records";

    /// <summary>How long something may count too long.</summary>
    private static TimeSpan InexactOf(BenchmarkOptions options) =>
        AreKept(options) ? TimeSpan.Zero : Window / 32;

    private static string CriteriaOf(BenchmarkOptions options, int atLeast) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"count({(AreKept(options) ? "SalesOrder" : "Engagement")} within last 30 minutes) >= {atLeast}"
        );

    private static string RecordOf(
        BenchmarkOptions options,
        string prefix,
        int person,
        DateTimeOffset at
    )
    {
        string what = AreKept(options)
            ? $$"""
                "type":"track","event":"Order Completed","properties":{"order_id":"{{prefix}}-{{person}}","total":10}
                """
            : """
                "type":"page","name":"start"
                """;
        return $$"""{{{what}},"messageId":"{{prefix}}-{{person}}","anonymousId":"{{NameOf(
            prefix,
            person
        )}}","timestamp":"{{Rfc3339.Format(at)}}"}""";
    }

    private static string NameOf(string prefix, int person) =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}{person}");

    private static TimeSpan Later(TimeSpan span) => span > TimeSpan.Zero ? span : TimeSpan.Zero;
}
