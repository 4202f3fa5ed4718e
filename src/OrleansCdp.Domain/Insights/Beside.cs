namespace OrleansCdp.Insights;

/// <summary>What a measure needs beside a count and a sum. Each measure has its own; most need none.</summary>
public interface IBeside
{
    /// <summary>Joins what other items of the same insight, part and stretch come to.</summary>
    /// <param name="insight">The insight.</param>
    /// <param name="other">What they come to, of the same measure.</param>
    IBeside Join(InsightDefinition insight, IBeside other);
}

/// <summary>A value that was lowest, highest, earliest or latest, and when it was.</summary>
/// <param name="At">When, UTC ticks.</param>
/// <param name="Value">The value.</param>
[GenerateSerializer, Immutable, Alias("cdp.picked"), SuppressReferenceTracking] // Stored as the value it once was.
public sealed record Picked([property: Id(0)] long At, [property: Id(1)] Measured Value) : IBeside
{
    /// <inheritdoc/>
    public IBeside Join(InsightDefinition insight, IBeside other) =>
        Of(insight.Measure, this, (Picked)other);

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

/// <summary>A sum of what fades.</summary>
/// <param name="Amount">The sum as it was then.</param>
/// <param name="At">The latest item of it, UTC ticks.</param>
public sealed record FadingSum(double Amount, long At) : IBeside
{
    /// <inheritdoc/>
    public IBeside Join(InsightDefinition insight, IBeside other) =>
        Of(this, ((FadingSum)other).Amount, ((FadingSum)other).At, insight.HalfLife!.Value);

    /// <summary>
    /// What is left of it at a moment. Before <see cref="At"/>, as a clock that runs behind has it, nothing has faded yet.
    /// </summary>
    internal double LeftAt(long at, TimeSpan halfLife) =>
        LeftOf(Amount, Math.Max(0, at - At), halfLife);

    /// <summary>A sum and an amount as it was at another moment.</summary>
    internal static FadingSum Of(FadingSum? before, double amount, long at, TimeSpan halfLife)
    {
        if (before is null)
        {
            return new FadingSum(amount, at);
        }

        long latest = Math.Max(before.At, at);
        return new FadingSum(
            before.LeftAt(latest, halfLife) + LeftOf(amount, latest - at, halfLife),
            latest
        );
    }

    private static double LeftOf(double amount, long age, TimeSpan halfLife) =>
        amount * double.Exp2(-age / (double)halfLife.Ticks);
}

/// <summary>A second sum: of a ratio what it is divided by, of a prediction what was refunded.</summary>
/// <param name="Sum">The sum, in billionths.</param>
public sealed record SecondSum(Int128 Sum) : IBeside
{
    /// <inheritdoc/>
    public IBeside Join(InsightDefinition insight, IBeside other) =>
        Of(this, ((SecondSum)other).Sum)!;

    /// <summary>A sum and an amount; null for none.</summary>
    internal static SecondSum? Of(SecondSum? before, Int128 amount) =>
        amount == 0 ? before : new SecondSum((before?.Sum ?? 0) + amount);
}
