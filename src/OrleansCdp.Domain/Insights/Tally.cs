using System.Globalization;

namespace OrleansCdp.Insights;

/// <summary>
/// What items that are not kept come to, of one part and one stretch of time. A commutative monoid: what is added in another
/// order, or together elsewhere, comes to the same; sums that fade agree to nine digits.
/// </summary>
public sealed record Tally
{
    /// <summary>The stretch of time, counted in its length from year 1; 0 without a window.</summary>
    public long Stretch { get; init; }

    /// <summary>The part; null where nothing is divided.</summary>
    public string? Part { get; init; }

    /// <summary>Items.</summary>
    public long Count { get; init; }

    /// <summary>Sum of the values, in billionths.</summary>
    public Int128 Sum { get; init; }

    /// <summary>What else the measure needs; null where it needs nothing.</summary>
    public IBeside? Beside { get; init; }

    /// <summary>The second sum, in billionths; 0 where there is none.</summary>
    public Int128 Second => Beside is SecondSum second ? second.Sum : 0;

    /// <summary>The order in which they are kept.</summary>
    internal static int Order((long Stretch, string? Part) one, (long Stretch, string? Part) other)
    {
        int order = one.Stretch.CompareTo(other.Stretch);
        return order == 0 ? string.CompareOrdinal(one.Part, other.Part) : order;
    }

    /// <summary>What one item comes to.</summary>
    internal static Tally Of(InsightDefinition insight, in Item item) =>
        Of(insight, item, Stretches.Of(insight, item.At), item.Part, null);

    /// <summary>A hash of a value, by which it is told from others.</summary>
    internal static ulong HashOf(Measured value) =>
        Events.Partitions.HashOf(value.Text ?? value.Order.ToString(CultureInfo.InvariantCulture));

    /// <summary>Adds an item of the same part and stretch.</summary>
    internal Tally Add(InsightDefinition insight, in Item item) =>
        Of(insight, item, Stretch, Part, this);

    private static Tally Of(
        InsightDefinition insight,
        in Item item,
        long stretch,
        string? part,
        Tally? before
    )
    {
        // A refund is no purchase: it is kept apart, as what is to be taken off.
        bool isRefund = insight.Prediction is not null && item.Value.Order < 0;
        IBeside? beside = insight.Measure switch
        {
            Measure.Min or Measure.Max or Measure.First or Measure.Last => Picked.Of(
                insight.Measure,
                before?.Beside as Picked,
                new Picked(item.At, item.Value)
            ),
            Measure.Distinct => (before?.Beside as DistinctCount ?? DistinctCount.None).Add(
                HashOf(item.Value)
            ),
            Measure.Instants => (before?.Beside as LatestInstants ?? LatestInstants.None).With(
                item.At
            ),
            Measure.Count or Measure.Sum when insight.HalfLife is { } halfLife => FadingSum.Of(
                before?.Beside as FadingSum,
                (double)Exact.ToNumber(item.Value.Order),
                item.At,
                halfLife
            ),
            _ => SecondSum.Of(
                before?.Beside as SecondSum,
                isRefund ? -item.Value.Order : item.Divisor
            ),
        };
        bool isSummed = !isRefund && beside is (null or SecondSum);
        long count = before?.Count ?? 0;
        Int128 sum = before?.Sum ?? 0;
        return new Tally
        {
            Stretch = stretch,
            Part = part,
            Count = isRefund ? count : count + 1,
            Sum = isSummed ? sum + item.Value.Order : sum,
            Beside = beside,
        };
    }

    /// <summary>Adds what other items of the same part and stretch come to.</summary>
    internal Tally Add(InsightDefinition insight, Tally other) =>
        this with
        {
            Count = Count + other.Count,
            Sum = Sum + other.Sum,
            Beside =
                Beside is { } mine && other.Beside is { } theirs
                    ? mine.Join(insight, theirs)
                    : Beside ?? other.Beside,
        };
}

/// <summary>
/// A window over what is not kept is cut into stretches of a fixed length, one for all links, so that links can be added up.
/// </summary>
internal static class Stretches
{
    /// <summary>Stretches of a window. Items that are older than it by less than one of them count, too.</summary>
    public const int PerWindow = 32;

    /// <summary>The stretch an instant is in: of a prediction its day (UTC); 0 for all without a window.</summary>
    public static long Of(InsightDefinition insight, long at) =>
        insight.Prediction is not null ? at / TimeSpan.TicksPerDay
        : insight.Window is { } window ? at / LengthOf(window)
        : 0;

    /// <summary>The earliest stretch that counts at a moment.</summary>
    public static long FirstAt(InsightDefinition insight, long now) =>
        insight.Window is { } window ? Math.Max(0, now - window.Ticks) / LengthOf(window) : 0;

    /// <summary>The moment at which a stretch begins, UTC ticks.</summary>
    public static long BeginningOf(InsightDefinition insight, long stretch) =>
        insight.Prediction is not null ? stretch * TimeSpan.TicksPerDay
        : insight.Window is { } window ? stretch * LengthOf(window)
        : 0;

    /// <summary>The moment from which a stretch does not count any more, UTC ticks; null when it always does.</summary>
    public static long? EndOf(InsightDefinition insight, long stretch) =>
        insight.Window is { } window ? ((stretch + 1) * LengthOf(window)) + window.Ticks : null;

    private static long LengthOf(TimeSpan window) => Math.Max(1, window.Ticks / PerWindow);
}
