using MathNet.Numerics;

namespace OrleansCdp.Insights;

/// <summary>
/// The regularised incomplete beta function by its continued fraction (Olver et al., NIST Handbook of Mathematical
/// Functions, 8.17.22), with as many terms as it takes: the library at hand stops at 140, which is too soon for thousands of
/// purchases.
/// </summary>
internal static class IncompleteBeta
{
    // The fraction needs in the order of the square root of the larger parameter.
    private const int TermsMax = 100_000;
    private const double Tolerance = 1e-16;
    private const double Tiny = 1e-300;

    /// <summary>I_x(a, b), from 0 to 1.</summary>
    /// <param name="x">From 0 to 1.</param>
    /// <param name="complement">1 - x, given apart because near x = 1 it cannot be had from x.</param>
    /// <param name="a">Above 0.</param>
    /// <param name="b">Above 0.</param>
    public static double Regularized(double x, double complement, double a, double b)
    {
        if (x <= 0)
        {
            return 0;
        }

        if (complement <= 0)
        {
            return 1;
        }

        double value =
            x * (a + b + 2) < a + 1
                ? Fraction(x, complement, a, b)
                : 1 - Fraction(complement, x, b, a);
        return Math.Clamp(value, 0, 1);
    }

    private static double Fraction(double x, double complement, double a, double b)
    {
        double front = Math.Exp(
            (a * Math.Log(x)) + (b * Math.Log(complement)) - LogSpace.LogBeta(a, b)
        );

        // Lentz's method: the ratios of successive numerators and of successive denominators.
        double numerators = 1;
        double denominators = 0;
        double fraction = 1;
        for (int term = 0; term < TermsMax; term++)
        {
            int m = term / 2;
            double even = a + (2 * m);
            double d =
                term == 0 ? 1
                : term % 2 == 0 ? m * (b - m) * x / ((even - 1) * even)
                : -(a + m) * (a + b + m) * x / (even * (even + 1));
            denominators = 1 / Nonzero(1 + (d * denominators));
            numerators = Nonzero(1 + (d / numerators));
            double change = numerators * denominators;
            fraction *= change;
            if (term > 0 && Math.Abs(change - 1) < Tolerance)
            {
                break;
            }
        }

        return front * (fraction - 1) / a;
    }

    private static double Nonzero(double value) => Math.Abs(value) < Tiny ? Tiny : value;
}
