namespace OrleansCdp.Insights;

/// <summary>
/// Means over the dropout probability p, which is distributed Beta(a, b), by the trapezoidal rule in ln(p/(1 - p)).
/// </summary>
/// <remarks>
/// In that variable the integrand has one peak and falls off exponentially on both sides, for which the rule converges
/// exponentially (Trefethen and Weideman, "The Exponentially Convergent Trapezoidal Rule", 2014). Where a side has become an
/// exact exponential the rest of the rule is a geometric series, so that even a = 0.001 needs no more than some hundred
/// steps. Dividing by the same rule for the constant 1 spares the beta function and its cancellation.
/// </remarks>
internal static class DropoutMean
{
    private const double StepMax = 0.25;

    // Of the peak's width; the error is e^-(2 π² 1.6²), below 1e-21.
    private const double StepsPerWidth = 1.6;

    // e^-37 is less than half a unit in the last place.
    private const double NegligibleLog = 37;
    private const double Negligible = 1e-18;

    /// <summary>The mean of (1 - (1 + p w)^-r)/p: purchases before the dropout, in a time of w = t/α.</summary>
    /// <param name="r">Above 0.</param>
    /// <param name="logW">ln(w), which is finite where w would overflow.</param>
    /// <param name="a">Above 0.</param>
    /// <param name="b">Above 0.</param>
    public static double OfPurchases(double r, double logW, double a, double b)
    {
        Rule rule = new(r, logW, a, b);
        double centre = Math.Log(a) - Math.Log(b);
        double step = Math.Min(StepMax, Math.Sqrt((1 / a) + (1 / b)) / StepsPerWidth);
        double leftEnd =
            -NegligibleLog - LogSpace.Log1P(b) - LogSpace.Log1P(r + 1) - LogSpace.Softplus(logW);
        double rightEnd = NegligibleLog + LogSpace.Log1P(a);
        Sums right = rule.Walk(centre, step, rightEnd, b);
        Sums left = rule.Walk(centre - step, -step, leftEnd, a);
        return (right.Purchases + left.Purchases) / (right.Weight + left.Weight);
    }

    private readonly record struct Sums(double Weight, double Purchases);

    /// <summary>The density of p without its constant, and what is averaged, as functions of y = ln(p/(1 - p)).</summary>
    private readonly struct Rule(double r, double logW, double a, double b)
    {
        private readonly double logR = Math.Log(r);
        private readonly double peak = -(a * Math.Log((a + b) / a)) - (b * Math.Log((a + b) / b));

        /// <summary>Adds from a point outwards until nothing is left.</summary>
        /// <param name="from">The first point.</param>
        /// <param name="step">Negative to the left.</param>
        /// <param name="end">From here on outwards the integrand is exponential.</param>
        /// <param name="decay">It falls by this power of e per unit of y.</param>
        public Sums Walk(double from, double step, double end, double decay)
        {
            double ratio = -LogSpace.ExpM1(-decay * Math.Abs(step));
            double weights = 0;
            double purchases = 0;
            double before = 0;
            for (int i = 0; ; i++)
            {
                double y = from + (i * step);
                Sums term = At(y);
                bool isExponential = step > 0 ? y >= end : y <= end;
                if (isExponential)
                {
                    return new(
                        weights + (term.Weight / ratio),
                        purchases + (term.Purchases / ratio)
                    );
                }

                weights += term.Weight;
                purchases += term.Purchases;
                if (
                    term.Weight <= Negligible * weights
                    && term.Purchases <= Negligible * purchases
                    && term.Purchases <= before
                )
                {
                    return new(weights, purchases);
                }

                before = term.Purchases;
            }
        }

        private Sums At(double y)
        {
            double logP = -LogSpace.Softplus(-y);
            double logQ = -LogSpace.Softplus(y);
            double logDensity = (a * logP) + (b * logQ) - peak;
            double logRate = logR + LogSpace.LogSoftplus(logP + logW);
            double logPurchases = LogSpace.LogOfComplement(logRate) - logP;
            return new(Math.Exp(logDensity), Math.Exp(logDensity + logPurchases));
        }
    }
}
