using MathNet.Numerics;

namespace OrleansCdp.Insights;

/// <summary>Sums, differences and ratios of numbers whose logarithms are at hand and which themselves may overflow.</summary>
internal static class LogSpace
{
    // Below this the next term of each series is less than half a unit in the last place.
    private const double NegligibleLog = -37;

    /// <summary>ln(1 + x), exact for small x, too; .NET's <see cref="double.LogP1"/> is not.</summary>
    /// <remarks>Kahan's correction: what rounding 1 + x takes away is put back by the ratio.</remarks>
    public static double Log1P(double x)
    {
        double sum = 1 + x;
        return sum == 1 ? x
            : double.IsPositiveInfinity(sum) ? sum
            : Math.Log(sum) * (x / (sum - 1));
    }

    /// <summary>e^x - 1, exact for small x, too.</summary>
    /// <remarks>Kahan's correction, as in <see cref="Log1P"/>.</remarks>
    public static double ExpM1(double x)
    {
        double power = Math.Exp(x);
        if (power == 1)
        {
            return x;
        }

        double difference = power - 1;
        return difference == -1 || double.IsPositiveInfinity(power)
            ? difference
            : difference * (x / Math.Log(power));
    }

    /// <summary>ln(1 + e^v) without overflow.</summary>
    public static double Softplus(double v) => v > 0 ? v + Log1P(Math.Exp(-v)) : Log1P(Math.Exp(v));

    /// <summary>ln(ln(1 + e^v)), which for very negative v is v.</summary>
    public static double LogSoftplus(double v) => v < NegligibleLog ? v : Math.Log(Softplus(v));

    /// <summary>ln(1 - e^-x) where ln(x) is given, which for very small x is ln(x).</summary>
    public static double LogOfComplement(double logX) =>
        logX < NegligibleLog ? logX : Math.Log(-ExpM1(-Math.Exp(logX)));

    /// <summary>ln(B(a, b)), the beta function.</summary>
    public static double LogBeta(double a, double b) =>
        SpecialFunctions.GammaLn(a) + SpecialFunctions.GammaLn(b) - SpecialFunctions.GammaLn(a + b);
}
