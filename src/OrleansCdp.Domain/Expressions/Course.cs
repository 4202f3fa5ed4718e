using System.Runtime.InteropServices;

namespace OrleansCdp.Expressions;

/// <summary>
/// How a value goes on while no fact changes but the time: along a line, up to a moment from which it may be anything. What
/// is neither a number, a duration nor an instant stays as it is up to that moment.
/// </summary>
/// <param name="Slope">
/// How much it grows in a tick (100 ns): of a number units, of durations and instants ticks. 0 for what stands still.
/// </param>
/// <param name="Until">The moment from which nothing is known, later than now; null for never.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Course(double Slope, DateTimeOffset? Until)
{
    /// <summary>What stays as it is.</summary>
    public static Course Still { get; }

    /// <summary>The course of what depends on two others.</summary>
    internal Course With(Course other, double slope) => new(slope, Earlier(Until, other.Until));

    /// <summary>The same, known no longer than to a moment.</summary>
    internal Course UpTo(DateTimeOffset? moment) => this with { Until = Earlier(Until, moment) };

    /// <summary>The earlier of two moments; null is later than any.</summary>
    public static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null || other < one ? other : one;

    /// <summary>The later of two moments; null is later than any.</summary>
    internal static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null || other is null ? null
        : other < one ? one
        : other;

    /// <summary>A moment so many ticks ahead, at least one; null beyond the end of time.</summary>
    internal static DateTimeOffset? Ahead(DateTimeOffset now, decimal ticks) =>
        ticks <= DateTimeOffset.MaxValue.UtcTicks - now.UtcTicks
            ? now.AddTicks(Math.Max(1, (long)ticks))
            : null;

    /// <summary>A moment so many ticks ahead, at least one; null beyond the end of time.</summary>
    internal static DateTimeOffset? Ahead(DateTimeOffset now, double ticks) =>
        ticks < DateTimeOffset.MaxValue.UtcTicks ? Ahead(now, (decimal)ticks) : null;
}

/// <summary>When lines meet.</summary>
internal static class Lines
{
    // A slope that is no whole number is rounded: who asks a little early asks again, who asks late is late.
    private const double Early = 1 - 1e-14;

    /// <summary>A value as a number: of durations and instants their ticks.</summary>
    public static decimal NumberOf<T>(T value) =>
        value switch
        {
            decimal number => number,
            TimeSpan duration => duration.Ticks,
            DateTimeOffset instant => instant.UtcTicks,
            _ => 0,
        };

    /// <summary>
    /// The first moment after now at which a test of how one value stands to another has another answer; null for never.
    /// </summary>
    /// <param name="now">The moment it is.</param>
    /// <param name="value">The one.</param>
    /// <param name="other">The other.</param>
    /// <param name="slope">How much their distance grows in a tick.</param>
    /// <param name="holds">The test: told -1 where the one is less, 0 or 1.</param>
    public static DateTimeOffset? Flip(
        DateTimeOffset now,
        decimal value,
        decimal other,
        double slope,
        Func<int, bool> holds
    )
    {
        int side = value.CompareTo(other);
        int way = Math.Sign(slope);
        if (way == 0 || side == way || !Arithmetic.Subtract(value, other, out decimal distance))
        {
            return null;
        }

        bool held = holds(side);
        if (side == 0)
        {
            return holds(way) == held ? null : Course.Ahead(now, 1m);
        }

        if (Math.Abs(slope) == 1)
        {
            decimal ticks = Math.Abs(distance); // Whole ones.
            return holds(0) != held ? Course.Ahead(now, ticks)
                : holds(way) == held ? null
                : Course.Ahead(now, ticks + 1);
        }

        return holds(0) == held && holds(way) == held
            ? null
            : Course.Ahead(now, (double)Math.Abs(distance) / Math.Abs(slope) * Early);
    }

    /// <summary>The sum.</summary>
    public static CombinedCourse Sum { get; } =
        Along(static (left, right) => left.Course.Slope + right.Course.Slope);

    /// <summary>The difference.</summary>
    public static CombinedCourse Difference { get; } =
        Along(static (left, right) => left.Course.Slope - right.Course.Slope);

    /// <summary>The product; one of both stands still.</summary>
    public static CombinedCourse Product { get; } =
        Along(
            static (left, right) =>
                (left.Course.Slope * (double)right.Value)
                + (right.Course.Slope * (double)left.Value)
        );

    /// <summary>The quotient; what it is divided by stands still, and is not 0 where there is one.</summary>
    public static CombinedCourse Quotient { get; } =
        Along(
            static (left, right) => right.Value == 0 ? 0 : left.Course.Slope / (double)right.Value
        );

    /// <summary>The larger one, or the smaller one.</summary>
    /// <param name="sign">1 for the larger, -1 for the smaller.</param>
    public static CombinedCourse Extreme(int sign) =>
        (left, right, now) =>
        {
            bool isLeft = left.Value.CompareTo(right.Value) == sign;
            double slope = left.Course.Slope - right.Course.Slope;
            return left
                .Course.With(right.Course, (isLeft ? left : right).Course.Slope)
                .UpTo(Flip(now, left.Value, right.Value, slope, side => side == sign));
        };

    /// <summary>The opposite.</summary>
    public static Course Opposite<T>(T value, Course of, DateTimeOffset now) =>
        of with
        {
            Slope = -of.Slope,
        };

    /// <summary>The distance from 0.</summary>
    public static Course Absolute(decimal value, Course of, DateTimeOffset now) =>
        new Course(value == 0 ? Math.Abs(of.Slope) : of.Slope * Math.Sign(value), of.Until).UpTo(
            Flip(now, value, 0, of.Slope, side => side == value.CompareTo(0))
        );

    /// <summary>What is the same while the value is in a span.</summary>
    public static MappedCourse<decimal> Step(Func<decimal, NumberSpan> spanOf) =>
        (value, of, now) =>
        {
            NumberSpan span = spanOf(value);
            return new Course(0, of.Until).UpTo(
                of.Slope > 0
                    ? Flip(
                        now,
                        value,
                        span.To,
                        of.Slope,
                        side => side < 0 || (side == 0 && span.HasTo)
                    )
                    : Flip(
                        now,
                        value,
                        span.From,
                        of.Slope,
                        side => side > 0 || (side == 0 && span.HasFrom)
                    )
            );
        };

    /// <summary>Numbers that have the same whole number below them.</summary>
    public static NumberSpan Floor(decimal value) =>
        new(Math.Floor(value), true, Beside(Math.Floor(value), 1), false);

    /// <summary>Numbers that have the same whole number above them.</summary>
    public static NumberSpan Ceiling(decimal value) =>
        new(Beside(Math.Ceiling(value), -1), false, Math.Ceiling(value), true);

    /// <summary>Numbers that are rounded alike, half away from zero.</summary>
    public static NumberSpan Round(decimal value)
    {
        decimal whole = Math.Round(value, MidpointRounding.AwayFromZero);
        return new NumberSpan(Beside(whole, -0.5m), whole > 0, Beside(whole, 0.5m), whole < 0);
    }

    private static CombinedCourse Along(
        Func<(decimal Value, Course Course), (decimal Value, Course Course), double> slopeOf
    ) => (left, right, _) => left.Course.With(right.Course, slopeOf(left, right));

    // The largest number has none beside it.
    private static decimal Beside(decimal value, decimal step) =>
        Arithmetic.Add(value, step, out decimal beside) ? beside : value;
}

/// <summary>Numbers from one to another.</summary>
/// <param name="From">The lowest.</param>
/// <param name="HasFrom">Whether it belongs to them.</param>
/// <param name="To">The highest.</param>
/// <param name="HasTo">Whether it belongs to them.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct NumberSpan(decimal From, bool HasFrom, decimal To, bool HasTo);
