using MathNet.Numerics;

namespace OrleansCdp.Insights;

/// <summary>
/// What customers spend on a purchase: the Gamma-Gamma model of Fader and Hardie, "The Gamma-Gamma Model of Monetary Value",
/// 2013 (brucehardie.com, note 025).
/// </summary>
/// <remarks>
/// A purchase's value is distributed Gamma(p, ν), and ν Gamma(q, γ) over the customers, independently of how often they buy.
/// All values are of one currency, and γ with them.
/// </remarks>
public sealed record GammaGamma
{
    /// <summary>A model with known parameters; <see cref="GammaGammaFit"/> estimates them.</summary>
    /// <param name="p">Shape of one customer's values.</param>
    /// <param name="q">Shape of the distribution over the customers; above 1, or no mean over them exists.</param>
    /// <param name="gamma">Its rate, in units of currency.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is not finite, not above 0, or q is not above 1.</exception>
    public GammaGamma(double p, double q, double gamma)
    {
        P = Finite.Positive(p);
        Q = Finite.Positive(q);
        Gamma = Finite.Positive(gamma);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(q, 1);
    }

    /// <summary>Shape of one customer's values: the larger, the more alike they are.</summary>
    public double P { get; }

    /// <summary>Shape of the distribution over the customers: the larger, the more alike they are.</summary>
    public double Q { get; }

    /// <summary>Rate of the distribution over the customers, in units of currency.</summary>
    public double Gamma { get; }

    /// <summary>The mean value of a purchase over all customers, pγ/(q - 1).</summary>
    public double PopulationMean => P * Gamma / (Q - 1);

    /// <summary>The mean value to expect of a customer's purchases (equation 5).</summary>
    /// <returns>
    /// Between the customer's own mean and <see cref="PopulationMean"/>, the nearer to the former the more purchases there
    /// are; the latter without a repeat purchase.
    /// </returns>
    public double ExpectedValue(RfmSummary customer)
    {
        // The weight of the customer's own mean; as a ratio of the two sums it could overflow.
        double own = P * customer.Frequency / ((P * customer.Frequency) + Q - 1);
        return ((1 - own) * PopulationMean) + (own * customer.MonetaryValue);
    }

    /// <summary>The logarithm of how likely these parameters make the customer's mean value (equation 1a).</summary>
    /// <param name="customer">With repeat purchases of some value.</param>
    /// <returns>A density over values, so it depends on the currency and can be positive.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There are no repeat purchases, or they were worth nothing.</exception>
    public double LogLikelihood(RfmSummary customer)
    {
        ArgumentOutOfRangeException.ThrowIfZero(customer.Frequency, nameof(customer));
        ArgumentOutOfRangeException.ThrowIfZero(customer.MonetaryValue, nameof(customer));
        return LogDensity(P, Q, Gamma, customer.Frequency, customer.MonetaryValue);
    }

    /// <summary>ln of the density of the mean value of x purchases, for any parameters above 0.</summary>
    internal static double LogDensity(double p, double q, double gamma, int x, double mean)
    {
        double shape = p * x;
        double logOdds = Math.Log(x * mean) - Math.Log(gamma);
        return -Math.Log(mean)
            - LogSpace.LogBeta(shape, q)
            - (q * LogSpace.Softplus(logOdds))
            - (shape * LogSpace.Softplus(-logOdds));
    }
}
