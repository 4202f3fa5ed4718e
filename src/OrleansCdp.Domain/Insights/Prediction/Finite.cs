using System.Runtime.CompilerServices;

namespace OrleansCdp.Insights;

/// <summary>Refuses what a formula has no answer for: NaN and the infinities pass every comparison unnoticed.</summary>
internal static class Finite
{
    /// <exception cref="ArgumentOutOfRangeException">Not a finite number above 0.</exception>
    public static double Positive(
        double value,
        [CallerArgumentExpression(nameof(value))] string? name = null
    ) => value > 0 && double.IsFinite(value) ? value : throw Refused(value, name, "above 0");

    /// <exception cref="ArgumentOutOfRangeException">Not a finite number of 0 or more.</exception>
    public static double NotNegative(
        double value,
        [CallerArgumentExpression(nameof(value))] string? name = null
    ) => value >= 0 && double.IsFinite(value) ? value : throw Refused(value, name, "of 0 or more");

    private static ArgumentOutOfRangeException Refused(double value, string? name, string range) =>
        new(name, value, $"It has to be a finite number {range}.");
}
