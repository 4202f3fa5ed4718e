using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace OrleansCdp.Insights;

/// <summary>Measures the fold alone, with and without insights: time and allocated bytes per event.</summary>
internal static class FoldRun
{
    private const int WarmUps = 6;
    private const int Iterations = 12;

    /// <summary>Measures everything once.</summary>
    public static IEnumerable<Figure> Run(int run)
    {
        // In this process: a project that the tool generates would not build under the settings of this one.
        ManualConfig config = ManualConfig
            .CreateEmpty()
            .AddJob(
                Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
                    .WithWarmupCount(WarmUps)
                    .WithIterationCount(Iterations)
                    .WithIterationTime(TimeInterval.FromMilliseconds(150))
            )
            .AddLogger(NullLogger.Instance)
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "cdp-bench", "fold"));
        BenchmarkReport[] reports =
        [
            .. BenchmarkRunner
                .Run([typeof(FoldBenchmark), typeof(ValuesBenchmark)], config)
                .SelectMany(summary =>
                    summary.HasCriticalValidationErrors
                        ? throw new InvalidOperationException(
                            string.Join('\n', summary.ValidationErrors)
                        )
                        : summary.Reports
                ),
        ];
        return reports.SelectMany(report => FiguresOf(run, report));
    }

    private static IEnumerable<Figure> FiguresOf(int run, BenchmarkReport report)
    {
        BenchmarkCase of = report.BenchmarkCase;
        string what = of.Descriptor.WorkloadMethod.Name switch
        {
            nameof(FoldBenchmark.Fold) => "fold",
            nameof(FoldBenchmark.Follow) => "ledger",
            _ => "all values",
        };
        bool isOfEvent = of.Descriptor.Type == typeof(FoldBenchmark);
        string name = isOfEvent ? $"{what}, {of.Parameters[nameof(FoldBenchmark.Event)]}" : what;
        bool hasInsights = !isOfEvent || (bool)of.Parameters[nameof(FoldBenchmark.HasInsights)];
        string contender = hasInsights
            ? $"{FoldSubject.Shipped.All.Length} insights"
            : "no insights";
        double nanoseconds = report.ResultStatistics?.Median ?? double.NaN;
        long? bytes = report.GcStats.GetBytesAllocatedPerOperation(of);
        yield return new Figure(contender, run, name + ", time", nanoseconds, "ns");
        yield return new Figure(contender, run, name + ", allocated", bytes ?? double.NaN, "B");
    }
}
