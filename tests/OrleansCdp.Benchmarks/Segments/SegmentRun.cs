using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace OrleansCdp.Segments;

/// <summary>Measures what segments cost one event, with few of them and with many: time and allocated bytes.</summary>
internal static class SegmentRun
{
    /// <summary>Measures everything once.</summary>
    public static IEnumerable<Figure> Run(int run) =>
        InProcess
            .Run(typeof(SegmentBenchmark))
            .GroupBy(report => (Of(report, nameof(SegmentBenchmark.Segments)), EventOf(report)))
            .SelectMany(group => FiguresOf(run, $"{group.Key.Item1} segments", group));

    private static IEnumerable<Figure> FiguresOf(
        int run,
        string contender,
        IGrouping<(string, string Event), BenchmarkReport> reports
    )
    {
        Dictionary<string, Figure[]> all = reports.ToDictionary(
            report => report.BenchmarkCase.Descriptor.WorkloadMethod.Name,
            report => InProcess.FiguresOf(contender, run, reports.Key.Event, report).ToArray()
        );
        Figure[] load = all[nameof(SegmentBenchmark.Load)];
        // What comes after loading, of one of its events.
        IEnumerable<Figure> live = all[nameof(SegmentBenchmark.Live)]
            .Zip(
                load,
                (whole, loaded) =>
                    whole with
                    {
                        Value = (whole.Value - loaded.Value) / SegmentBenchmark.Events,
                    }
            );
        return Named("fold", all[nameof(SegmentBenchmark.Fold)])
            .Concat(Named("insights and segments", live))
            .Concat(Named("loading", load));
    }

    private static IEnumerable<Figure> Named(string what, IEnumerable<Figure> figures) =>
        figures.Select(figure => figure with { Name = $"{what}, {figure.Name}" });

    private static string EventOf(BenchmarkReport report) =>
        Of(report, nameof(SegmentBenchmark.Event));

    private static string Of(BenchmarkReport report, string parameter) =>
        $"{report.BenchmarkCase.Parameters[parameter]}";
}
