using System.Diagnostics;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>What one change of one person costs an account of few or many people, with the shipped insights over people.</summary>
internal static class PeopleRun
{
    private const int Changes = 500;

    private static readonly int[] Sizes = [1, 100, 1_000, 10_000, 100_000];

    /// <summary>Measures in this process: what is computed, without calls and saves.</summary>
    public static IEnumerable<Figure> Run(int run)
    {
        InsightSet insights = FoldSubject.Shipped;
        LinkSet links = new FoldSubject(insights).State.Links;
        DateTimeOffset now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
        yield return new Figure(
            "typical person",
            run,
            "share, from the state",
            Median(_ => InsightLedger.SharesOf(insights, "ind_1", links, now)),
            "us"
        );
        var sums = InsightLedger.SharesOf(insights, "ind_1", links, now);
        yield return new Figure("typical person", run, "share, stored", Of(0, 1).Bytes.Length, "B");
        foreach (int people in Sizes)
        {
            PeopleTree tree = PeopleTree.Of(Enumerable.Range(0, people).Select(i => Of(i, 1)));
            long since = Stopwatch.GetTimestamp();
            tree.SumsFor(insights, now);
            double all = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
            double one = Median(i =>
            {
                tree = tree.With(Of(i % people, i + 2));
                tree.SumsFor(insights, now);
            });
            string contender = $"{people} people";
            yield return new Figure(contender, run, "sums, once after a start", all, "ms");
            yield return new Figure(contender, run, "one change, sums included", one, "us");
        }

        StoredShare Of(int person, long version) =>
            StoredShare.Of(
                new PersonShare
                {
                    Individual = $"ind_{Partitions.HashOf($"{person}"):x32}",
                    Version = version,
                    Catalogue = insights.Newest,
                    Sums = sums,
                }
            );
    }

    private static double Median(Action<int> action)
    {
        double[] times = new double[Changes];
        for (int i = -Changes; i < Changes; i++)
        {
            long since = Stopwatch.GetTimestamp();
            action(i + Changes);
            if (i >= 0)
            {
                times[i] = Stopwatch.GetElapsedTime(since).TotalMicroseconds;
            }
        }

        Array.Sort(times);
        return times[Changes / 2];
    }
}
