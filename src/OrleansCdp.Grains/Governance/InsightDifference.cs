using System.Collections.Immutable;
using OrleansCdp.Insights;

namespace OrleansCdp.Governance;

/// <summary>Finds where what insights know of a link differs from what its events make.</summary>
internal static class InsightDifference
{
    /// <summary>Sums that fade are rounded at each step, and the steps of both lanes may have come in any order.</summary>
    private const double Tolerance = 1e-6;

    /// <summary>
    /// A pointer to the first insight that differs; null when none does. What has not been read from the log to its end is not
    /// compared, nor what a version knows of records some of which were folded away before it was made.
    /// </summary>
    /// <param name="insights">The insights the events were folded with.</param>
    /// <param name="present">Those that are computed by now: of others nothing is kept.</param>
    /// <param name="expected">What the events make.</param>
    /// <param name="served">What there is.</param>
    public static string? Between(
        InsightSet insights,
        InsightSet present,
        Link expected,
        Link served
    )
    {
        foreach (
            ActiveInsight insight in insights.All.Where(insight =>
                insight.IsComplete && present.Find(insight.Revision) is not null
            )
        )
        {
            Accumulation? ours = Of(expected.Insights, insight);
            Accumulation? theirs = Of(served.Insights, insight);
            bool differs = theirs is null
                ? ours is not null
                : theirs.IsWhole && !IsSame(ours, theirs);
            if (differs || expected.Records.Any(set => Differs(set, served, insight)))
            {
                return $"/insights/{insight.Definition.Name}";
            }
        }

        return null;
    }

    private static bool Differs(RecordSet expected, Link served, ActiveInsight insight) =>
        served.RecordsOf(expected.Object) is { } set
        && Of(set.Base.Insights, insight) is { IsWhole: true } theirs
        && !IsSame(Of(expected.Base.Insights, insight), theirs);

    private static Accumulation? Of(ImmutableArray<Accumulation> known, ActiveInsight insight) =>
        known.FirstOrDefault(one => one.Revision == insight.Revision);

    private static bool IsSame(Accumulation? ours, Accumulation theirs) =>
        ours is not null
        && ours.Records == theirs.Records
        && ours.Tallies.Length == theirs.Tallies.Length
        && ours.Tallies.Zip(theirs.Tallies).All(pair => IsSame(pair.First, pair.Second));

    private static bool IsSame(Tally ours, Tally theirs) =>
        ours with { Beside = null } == theirs with { Beside = null }
        && (ours.Beside, theirs.Beside) switch
        {
            (FadingSum left, FadingSum right) => left.At == right.At
                && Math.Abs(left.Amount - right.Amount)
                    <= Tolerance * Math.Max(1, Math.Abs(left.Amount)),
            (SecondSum or null, SecondSum or null) => ours.Second == theirs.Second,
            (DistinctCount left, DistinctCount right) => left.Hashes.SequenceEqual(right.Hashes)
                && left.Ranks.SequenceEqual(right.Ranks),
            var (left, right) => Equals(left, right),
        };
}
