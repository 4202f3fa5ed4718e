namespace OrleansCdp.Insights;

/// <summary>
/// Numbers as insights add them up: to nine decimals, as whole billionths. So a sum is exact, and the same in whatever order
/// it was added.
/// </summary>
internal static class Exact
{
    /// <summary>Decimals that are kept; the next one rounds, half away from zero.</summary>
    public const int Decimals = 9;

    private const decimal Billion = 1_000_000_000m;

    /// <summary>One, in billionths.</summary>
    public static Int128 One { get; } = 1_000_000_000;

    /// <summary>A number in billionths.</summary>
    /// <returns>False for one farther from 0 than <see cref="Limits.AmountMax"/>: it cannot be measured.</returns>
    public static bool TryOf(decimal number, out Int128 billionths)
    {
        bool fits = Math.Abs(number) <= Limits.AmountMax;
        billionths = fits
            ? (Int128)(Math.Round(number, Decimals, MidpointRounding.AwayFromZero) * Billion)
            : 0;
        return fits;
    }

    /// <summary>The number that so many billionths are.</summary>
    public static decimal ToNumber(Int128 billionths)
    {
        (Int128 whole, Int128 rest) = Int128.DivRem(billionths, One);
        return (decimal)whole + ((decimal)rest / Billion);
    }
}
