namespace OrleansCdp.Insights;

/// <summary>
/// What the papers' formulas are derived from, integrated as it stands: means over customers whose rate and dropout are
/// drawn from their distributions, by the double exponential rule. It shares nothing with the product's code.
/// </summary>
internal static class Mixture
{
    private const double End = 6;
    private const double Step = 0.05;
    private const double FineStep = Step / 4;

    // The variables are e^(2 sinh s) on (0, inf) and its odds on (0, 1).
    private const double Stretch = 2;

    /// <summary>The mean of f over Gamma(shape, rate), and of 1, which it is divided by.</summary>
    public static double OverGamma(double shape, double rate, Func<double, double> f)
    {
        double weights = 0;
        double sum = 0;
        foreach ((double x, double weight) in Gamma(shape, rate, FineStep))
        {
            weights += weight;
            sum += weight * f(x);
        }

        return sum / weights;
    }

    /// <summary>The mean of f over λ from Gamma(r, alpha) and p from Beta(a, b); f is given 1 - p, too.</summary>
    public static double OverCustomers(BgNbd model, Func<double, double, double, double> f)
    {
        (double X, double Weight)[] rates = [.. Gamma(model.R, model.Alpha, Step)];
        double weights = 0;
        double sum = 0;
        foreach ((double p, double q, double weight) in Beta(model.A, model.B))
        {
            double inner = 0;
            double ones = 0;
            foreach ((double rate, double share) in rates)
            {
                inner += share * f(rate, p, q);
                ones += share;
            }

            sum += weight * inner / ones;
            weights += weight;
        }

        return sum / weights;
    }

    private static IEnumerable<(double X, double Weight)> Gamma(
        double shape,
        double rate,
        double step
    )
    {
        for (double at = -End; at <= End; at += step)
        {
            double u = Stretch * Math.Sinh(at);
            double weight = Math.Exp((shape * u) - Math.Exp(u)) * Math.Cosh(at);
            if (weight > 0)
            {
                yield return (Math.Exp(u) / rate, weight);
            }
        }
    }

    private static IEnumerable<(double P, double Q, double Weight)> Beta(double a, double b)
    {
        for (double at = -End; at <= End; at += Step)
        {
            double u = Stretch * Math.Sinh(at);
            double p = 1 / (1 + Math.Exp(-u));
            double q = 1 / (1 + Math.Exp(u));
            double weight = Math.Pow(p, a) * Math.Pow(q, b) * Math.Cosh(at);
            if (weight > 0)
            {
                yield return (p, q, weight);
            }
        }
    }
}
