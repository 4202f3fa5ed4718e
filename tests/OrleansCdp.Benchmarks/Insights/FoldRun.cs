using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace OrleansCdp.Insights;

/// <summary>Measures the fold alone, with and without insights: time and allocated bytes per event.</summary>
internal static class FoldRun
{
    /// <summary>Measures everything once.</summary>
    public static IEnumerable<Figure> Run(int run) =>
        InProcess
            .Run(typeof(FoldBenchmark), typeof(ValuesBenchmark))
            .SelectMany(report => FiguresOf(run, report));

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
        return InProcess.FiguresOf(contender, run, name, report);
    }
}
