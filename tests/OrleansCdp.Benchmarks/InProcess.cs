using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace OrleansCdp;

/// <summary>
/// Runs measured methods in this process: a project that the tool generates would not build under the settings of this one.
/// </summary>
internal static class InProcess
{
    private const int WarmUps = 6;
    private const int Iterations = 12;

    /// <summary>Measures the methods of some types.</summary>
    public static IEnumerable<BenchmarkReport> Run(params Type[] types)
    {
        ManualConfig config = ManualConfig
            .CreateEmpty()
            .AddJob(
                Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
                    .WithWarmupCount(WarmUps)
                    .WithIterationCount(Iterations)
                    .WithIterationTime(TimeInterval.FromMilliseconds(150))
            )
            .AddLogger(NullLogger.Instance)
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "cdp-bench", "in-process"));
        return BenchmarkRunner
            .Run(types, config)
            .SelectMany(summary =>
                summary.HasCriticalValidationErrors
                    ? throw new InvalidOperationException(
                        string.Join('\n', summary.ValidationErrors)
                    )
                    : summary.Reports
            );
    }

    /// <summary>Median time and allocated bytes of one.</summary>
    public static IEnumerable<Figure> FiguresOf(
        string contender,
        int run,
        string name,
        BenchmarkReport report
    )
    {
        double nanoseconds = report.ResultStatistics?.Median ?? double.NaN;
        long? bytes = report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase);
        yield return new Figure(contender, run, name + ", time", nanoseconds, "ns");
        yield return new Figure(contender, run, name + ", allocated", bytes ?? double.NaN, "B");
    }
}
