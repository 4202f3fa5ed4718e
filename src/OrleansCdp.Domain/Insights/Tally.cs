using System.Globalization;

namespace OrleansCdp.Insights;

/// <summary>A value that was lowest, highest, earliest or latest, and when it was.</summary>
/// <param name="At">When, UTC ticks.</param>
/// <param name="Value">The value.</param>
[GenerateSerializer, Immutable, Alias("cdp.picked"), SuppressReferenceTracking] // Stored as the value it once was.
public sealed record Picked([property: Id(0)] long At, [property: Id(1)] Measured Value)
{
    /// <summary>Which of two a measure picks. It does not depend on their order: of equal ones either is.</summary>
    internal static Picked Of(Measure measure, Picked? left, Picked right)
    {
        if (left is null)
        {
            return right;
        }

        int order = measure switch
        {
            Measure.Min => left.Value.CompareTo(right.Value),
            Measure.Max => right.Value.CompareTo(left.Value),
            Measure.First => Then(left.At.CompareTo(right.At), left.Value.CompareTo(right.Value)),
            _ => Then(right.At.CompareTo(left.At), right.Value.CompareTo(left.Value)),
        };
        // Of the same value the earlier moment is kept, so that both orders keep the same one.
        return order == 0 ? (left.At <= right.At ? left : right)
            : order < 0 ? left
            : right;
    }

    private static int Then(int order, int otherwise) => order == 0 ? otherwise : order;
}

/// <summary>
/// What items that are not kept come to, of one part and one stretch of time. A commutative monoid: what is added in another
/// order, or together elsewhere, comes to the same; sums that fade agree to nine digits.
/// </summary>
[GenerateSerializer, Immutable, Alias("cdp.tally")]
public sealed record Tally
{
    private static readonly Tally None = new();

    /// <summary>The stretch of time, counted in its length from year 1; 0 without a window.</summary>
    [Id(0)]
    public long Stretch { get; init; }

    /// <summary>The part; null where nothing is divided.</summary>
    [Id(1)]
    public string? Part { get; init; }

    /// <summary>Items.</summary>
    [Id(2)]
    public long Count { get; init; }

    /// <summary>Sum of the values, in billionths.</summary>
    [Id(3)]
    public Int128 Sum { get; init; }

    /// <summary>Of a ratio, the sum it is divided by, in billionths.</summary>
    [Id(4)]
    public Int128 Divisor { get; init; }

    /// <summary>Sum of what fades, as it was at <see cref="FadedAt"/>.</summary>
    [Id(5)]
    public double Faded { get; init; }

    /// <summary>The latest item that fades, UTC ticks.</summary>
    [Id(6)]
    public long FadedAt { get; init; }

    /// <summary>The lowest, highest, earliest or latest value; null where none is asked for.</summary>
    [Id(7)]
    public Picked? Picked { get; init; }

    /// <summary>Different values; null where they are not counted.</summary>
    [Id(8)]
    public DistinctCount? Distinct { get; init; }

    /// <summary>What one item comes to.</summary>
    internal static Tally Of(InsightDefinition insight, in Item item) =>
        None.Add(insight, item, Stretches.Of(insight, item.At), item.Part);

    /// <summary>A hash of a value, by which it is told from others.</summary>
    internal static ulong HashOf(Measured value) =>
        Events.Partitions.HashOf(value.Text ?? value.Order.ToString(CultureInfo.InvariantCulture));

    /// <summary>Adds an item of the same part and stretch.</summary>
    internal Tally Add(InsightDefinition insight, in Item item) =>
        Add(insight, item, Stretch, Part);

    private Tally Add(InsightDefinition insight, in Item item, long stretch, string? part)
    {
        Int128 value = item.Value.Order;
        long count = Count + 1;
        Int128 sum = Sum;
        Int128 divisor = Divisor;
        double faded = Faded;
        long fadedAt = FadedAt;
        Picked? picked = Picked;
        DistinctCount? distinct = Distinct;
        switch (insight.Measure)
        {
            case Measure.Min or Measure.Max or Measure.First or Measure.Last:
                picked = Insights.Picked.Of(
                    insight.Measure,
                    picked,
                    new Picked(item.At, item.Value)
                );
                break;
            case Measure.Distinct:
                distinct = (distinct ?? DistinctCount.None).Add(HashOf(item.Value));
                break;
            case Measure.Count or Measure.Sum when insight.HalfLife is { } halfLife:
                fadedAt = Math.Max(FadedAt, item.At);
                double amount = (double)Exact.ToNumber(value);
                faded = FadedBy(fadedAt, halfLife) + FadedBy(amount, item.At, fadedAt, halfLife);
                break;
            case var _ when insight.Prediction is not null && value < 0:
                // A refund is no purchase: it is kept apart, as what is to be taken off.
                count = Count;
                divisor -= value;
                break;
            default:
                sum += value;
                divisor += item.Divisor;
                break;
        }

        return new Tally
        {
            Stretch = stretch,
            Part = part,
            Count = count,
            Sum = sum,
            Divisor = divisor,
            Faded = faded,
            FadedAt = fadedAt,
            Picked = picked,
            Distinct = distinct,
        };
    }

    /// <summary>Adds what other items of the same part and stretch come to.</summary>
    internal Tally Add(InsightDefinition insight, Tally other)
    {
        Tally sum = this with
        {
            Count = Count + other.Count,
            Sum = Sum + other.Sum,
            Divisor = Divisor + other.Divisor,
        };
        if (insight.HalfLife is { } halfLife)
        {
            long at = Math.Max(FadedAt, other.FadedAt);
            return sum with
            {
                Faded = FadedBy(at, halfLife) + other.FadedBy(at, halfLife),
                FadedAt = at,
            };
        }

        if (Picked is { } mine && other.Picked is { } theirs)
        {
            return sum with { Picked = Insights.Picked.Of(insight.Measure, mine, theirs) };
        }

        return Distinct is { } some && other.Distinct is { } more
            ? sum with
            {
                Distinct = some.Join(more),
            }
            : sum;
    }

    /// <summary>
    /// What is left of the sum at a moment. Before <see cref="FadedAt"/>, as a clock that runs behind has it, nothing has
    /// faded yet.
    /// </summary>
    internal double FadedBy(long at, TimeSpan halfLife) => FadedBy(Faded, FadedAt, at, halfLife);

    private static double FadedBy(double amount, long since, long at, TimeSpan halfLife) =>
        amount * double.Exp2(-Math.Max(0, at - since) / (double)halfLife.Ticks);
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
