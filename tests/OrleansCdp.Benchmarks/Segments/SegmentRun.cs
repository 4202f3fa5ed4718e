using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace OrleansCdp.Segments;

/// <summary>Measures what segments cost one event, with few of them and with many: time and allocated bytes.</summary>
internal static class SegmentRun
{
    /// <summary>Measures everything once.</summary>
    public static IEnumerable<Figure> Run(int run) =>
        InProcess.Run(typeof(SegmentBenchmark)).SelectMany(report => FiguresOf(run, report));

    private static IEnumerable<Figure> FiguresOf(int run, BenchmarkReport report)
    {
        BenchmarkCase of = report.BenchmarkCase;
        string what =
            of.Descriptor.WorkloadMethod.Name == nameof(SegmentBenchmark.Fold)
                ? "fold"
                : "insights and segments";
        return InProcess.FiguresOf(
            $"{of.Parameters[nameof(SegmentBenchmark.Segments)]} segments",
            run,
            $"{what}, {of.Parameters[nameof(SegmentBenchmark.Event)]}",
            report
        );
    }
}
