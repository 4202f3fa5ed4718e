using System.Collections.Immutable;

namespace OrleansCdp.Insights;

/// <summary>What an insight says at a moment.</summary>
public sealed record InsightValue
{
    /// <summary>The insight.</summary>
    public required ActiveInsight Insight { get; init; }

    /// <summary>The moment it holds at.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>
    /// The value; null where there is none, as an average of nothing or a division by zero. Of a divided insight the total of
    /// all its parts, where a value that is in several of them counts once; of money in several currencies null.
    /// </summary>
    public FieldValue? Value { get; init; }

    /// <summary>
    /// The parts, the largest first, at most as many as are told; of money one for each currency, by its code. Empty where
    /// nothing is divided.
    /// </summary>
    public ImmutableArray<InsightPart> Parts { get; init; } = [];

    /// <summary>How many parts there are.</summary>
    public int PartCount { get; init; }

    /// <summary>How many records, lines, closures or events count.</summary>
    public long Items { get; init; }

    /// <summary>
    /// Whether it is not exact: a window over what is not kept reaches up to a 32nd too far, and many different values that
    /// are not kept are estimated.
    /// </summary>
    public bool IsEstimated { get; init; }

    /// <summary>Why there is no value, one of <see cref="NoValue"/>; null where there is one, or nothing counts.</summary>
    public string? Why { get; init; }

    /// <summary>Of a prediction, what the model knows of the customer; null before the first purchase.</summary>
    public RfmSummary? Customer { get; init; }

    /// <summary>Of an account: its people who have anything in it, dated later included.</summary>
    public long People { get; init; }

    /// <summary>Records that are not in it: they were folded away before this version was made.</summary>
    public long LeftOut { get; init; }
}

/// <summary>Why an insight has no value.</summary>
public static class NoValue
{
    /// <summary>The moment is over, and things that are not kept count.</summary>
    public const string NotKept = "not_kept";

    /// <summary>What it is divided by comes to nothing.</summary>
    public const string DividedByZero = "divided_by_zero";

    /// <summary>Amounts of several currencies cannot be added up: each has its own.</summary>
    public const string SeveralCurrencies = "several_currencies";

    /// <summary>There is no model of the name that it asks.</summary>
    public const string NoModel = "no_model";

    /// <summary>It would be more than 10^15: the model, or what was bought, cannot be meant so.</summary>
    public const string TooLarge = "too_large";

    /// <summary>The model does not say what purchases are worth, or not in this currency.</summary>
    public const string NotOfThisCurrency = "not_of_this_currency";
}

/// <summary>One part of a divided insight.</summary>
/// <param name="Key">Its name (<see cref="Values"/>).</param>
/// <param name="Value">What it comes to.</param>
/// <param name="Share">
/// Of the value of the whole, from 0 to 1 as long as no part is below 0; 0 where that is not above 0. Shares of different
/// values come to more than 1 where one is in several parts.
/// </param>
/// <param name="IsTied">Whether another part comes to the same: then their names decide which is first.</param>
public sealed record InsightPart(string Key, decimal Value, double Share, bool IsTied)
{
    /// <summary>What each of the expressions it is divided by says; null for none.</summary>
    public IEnumerable<string?> Values => PartNames.ValuesOf(Key);

    /// <summary>All of these as one text.</summary>
    public string Name => string.Join(", ", Values);
}

/// <summary>One thing that counts in a value.</summary>
/// <param name="Origin">The record.</param>
/// <param name="At">When it counts.</param>
/// <param name="Value">What is measured of it; of a ratio what is divided, 0 where only its divisor counts.</param>
/// <param name="Divisor">Of a ratio what it is divided by; null elsewhere.</param>
/// <param name="Part">The part it belongs to; null where nothing is divided.</param>
public sealed record Contribution(
    ItemOrigin Origin,
    DateTimeOffset At,
    FieldValue Value,
    decimal? Divisor,
    string? Part
)
{
    internal static Contribution Of(InsightDefinition insight, in Item item) =>
        new(
            item.Origin!,
            new DateTimeOffset(item.At, TimeSpan.Zero),
            PlainValue.Of(insight.MeasuredType, item.Value).Written,
            insight.Measure == Measure.Ratio ? Exact.ToNumber(item.Divisor) : null,
            item.Part
        );
}
