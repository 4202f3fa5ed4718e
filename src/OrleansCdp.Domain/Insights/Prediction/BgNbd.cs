using MathNet.Numerics;

namespace OrleansCdp.Insights;

/// <summary>
/// When customers without a contract buy, and when they are gone: the BG/NBD model of Fader, Hardie and Lee, "Counting Your
/// Customers" the Easy Way: An Alternative to the Pareto/NBD Model, Marketing Science 24 (2005). Section numbers are of it.
/// </summary>
/// <remarks>
/// <para>
/// While alive a customer buys at a rate λ (a Poisson process), and after each purchase is gone for good with probability p;
/// λ is distributed Gamma(r, α) over the customers and p Beta(a, b), independently. The first purchase makes somebody a
/// customer; only those after it are counted and predicted.
/// </para>
/// <para>
/// Of somebody alive at T with x repeat purchases the likelihood is λ^x e^(-λT) (1 - p)^x, so that λ is distributed
/// Gamma(r + x, α + T) and p Beta(a, b + x), still independently. What is expected of a known customer is therefore
/// <see cref="ProbabilityAlive"/> times what the same model with these four parameters expects of a new one.
/// </para>
/// <para>All results are finite for whatever a <see cref="RfmSummary"/> can hold.</para>
/// </remarks>
public sealed record BgNbd
{
    /// <summary>A model with known parameters; <see cref="BgNbdFit"/> estimates them.</summary>
    /// <param name="r">Shape of the purchase rates' gamma distribution.</param>
    /// <param name="alpha">Its rate, in <paramref name="unit"/>.</param>
    /// <param name="a">First parameter of the dropout probabilities' beta distribution.</param>
    /// <param name="b">Its second parameter.</param>
    /// <param name="unit">The unit of <paramref name="alpha"/> and of every time given to the model.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is not a finite number above 0.</exception>
    public BgNbd(double r, double alpha, double a, double b, TimeUnit unit)
    {
        R = Finite.Positive(r);
        Alpha = Finite.Positive(alpha);
        A = Finite.Positive(a);
        B = Finite.Positive(b);
        Unit = unit;
    }

    /// <summary>Shape of the purchase rates' distribution: the smaller, the more unlike the customers.</summary>
    public double R { get; }

    /// <summary>Rate of the purchase rates' distribution, in <see cref="Unit"/>; r/α is the mean number of purchases in one.</summary>
    public double Alpha { get; }

    /// <summary>With <see cref="B"/> the dropout's distribution; a/(a + b) is its mean after each purchase.</summary>
    public double A { get; }

    /// <summary>See <see cref="A"/>.</summary>
    public double B { get; }

    /// <summary>The unit of every time that goes in or comes out.</summary>
    public TimeUnit Unit { get; }

    /// <summary>The logarithm of how likely these parameters make the customer's purchases (equation 6).</summary>
    /// <returns>A density over the times of the purchases, so it depends on <see cref="Unit"/> and can be positive.</returns>
    /// <exception cref="ArgumentException">The summary is in another unit.</exception>
    public double LogLikelihood(RfmSummary customer)
    {
        Check(customer);
        int x = customer.Frequency;
        double alive =
            SpecialFunctions.GammaLn(R + x)
            - SpecialFunctions.GammaLn(R)
            + LogSurvival(x)
            + (R * (Math.Log(Alpha) - Math.Log(Alpha + customer.Age)))
            - (x * Math.Log(Alpha + customer.Age));
        return x == 0 ? alive : alive + LogSpace.Softplus(LogOddsGone(customer));
    }

    /// <summary>
    /// The probability that the customer is still one at the end of what was observed (Fader, Hardie and Lee, "Computing
    /// P(alive) Using the BG/NBD Model", 2008).
    /// </summary>
    /// <returns>
    /// From 0 to 1. Without a repeat purchase it is 1, since the model has nobody leave but after one: for churn ask
    /// <see cref="ProbabilityOfNoPurchase"/>, which tells these apart.
    /// </returns>
    /// <exception cref="ArgumentException">The summary is in another unit.</exception>
    public double ProbabilityAlive(RfmSummary customer)
    {
        Check(customer);
        return customer.Frequency == 0 ? 1 : Math.Exp(-LogSpace.Softplus(LogOddsGone(customer)));
    }

    /// <summary>Repeat purchases to expect of a new customer, of whom nothing is known (equation 9).</summary>
    /// <param name="time">Since the first purchase, in <see cref="Unit"/>.</param>
    /// <remarks>
    /// The paper's closed form, (a + b - 1)/(a - 1) [1 - (α/(α + t))^r 2F1(r, b; a + b - 1; t/(α + t))], has no value at
    /// a = 1 and loses digits around it and for long times; so the integral that it solves is computed: the mean over p of
    /// (1 - (1 + p t/α)^-r)/p.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">A negative time, infinite or NaN.</exception>
    public double ExpectedPurchases(double time) =>
        Finite.NotNegative(time) == 0
            ? 0
            : DropoutMean.OfPurchases(R, Math.Log(time) - Math.Log(Alpha), A, B);

    /// <summary>Purchases to expect of a customer (equation 10).</summary>
    /// <param name="customer">What is known at the end of what was observed.</param>
    /// <param name="horizon">From then on, in <see cref="Unit"/>.</param>
    /// <remarks>Computed as the remarks of the type say, which is equal to the paper's form.</remarks>
    /// <exception cref="ArgumentException">The summary is in another unit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A negative horizon, infinite or NaN.</exception>
    public double ExpectedPurchases(RfmSummary customer, double horizon)
    {
        double alive = ProbabilityAlive(customer);
        return alive == 0 ? 0 : alive * Survivor(customer).ExpectedPurchases(horizon);
    }

    /// <summary>The probability of so many repeat purchases of a new customer (equation 8).</summary>
    /// <param name="count">Repeat purchases, 0 or more.</param>
    /// <param name="time">Since the first purchase, in <see cref="Unit"/>.</param>
    /// <remarks>
    /// The paper's 1 less a sum of negative binomial probabilities is their upper tail, the regularised incomplete beta
    /// function I_(t/(α + t))(count, r), which does not cancel.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">A negative count or time, or a time infinite or NaN.</exception>
    public double ProbabilityOfPurchases(int count, double time)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        double bought = Finite.NotNegative(time) / (Alpha + time);
        if (count == 0 || bought == 0)
        {
            return count == 0 ? Math.Exp(-R * LogSpace.Log1P(time / Alpha)) : 0;
        }

        double waiting = Alpha / (Alpha + time);
        double alive = Math.Exp(
            LogSurvival(count)
                + SpecialFunctions.GammaLn(R + count)
                - SpecialFunctions.GammaLn(R)
                - SpecialFunctions.GammaLn(count + 1.0)
                - (R * LogSpace.Log1P(time / Alpha))
                + (count * Math.Log(bought))
        );
        double gone = A / (B + count - 1) * Math.Exp(LogSurvival(count));
        return alive + (gone * IncompleteBeta.Regularized(bought, waiting, count, R));
    }

    /// <summary>The probability of so many purchases of a customer.</summary>
    /// <param name="customer">What is known at the end of what was observed.</param>
    /// <param name="count">Purchases after it, 0 or more.</param>
    /// <param name="horizon">From then on, in <see cref="Unit"/>.</param>
    /// <remarks>As the remarks of the type say, and whoever is gone makes none.</remarks>
    /// <exception cref="ArgumentException">The summary is in another unit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A negative count or horizon, or a horizon infinite or NaN.</exception>
    public double ProbabilityOfPurchases(RfmSummary customer, int count, double horizon) =>
        count == 0
            ? ProbabilityOfNoPurchase(customer, horizon)
            : ProbabilityAlive(customer)
                * Survivor(customer).ProbabilityOfPurchases(count, horizon);

    /// <summary>The probability that a customer buys nothing within a time: what churn means where nobody gives notice.</summary>
    /// <param name="customer">What is known at the end of what was observed.</param>
    /// <param name="horizon">From then on, in <see cref="Unit"/>.</param>
    /// <remarks>
    /// <para>
    /// Who is gone buys nothing. Who is alive at T does so with probability e^(-λt), because between purchases nobody
    /// leaves; λ is then distributed Gamma(r + x, α + T), over which the mean of e^(-λt) is ((α + T)/(α + T + t))^(r + x).
    /// Hence P(X(T, T + t) = 0 | x, t_x, T) = 1 - P(alive) [1 - ((α + T)/(α + T + t))^(r + x)].
    /// </para>
    /// <para>
    /// Unlike 1 - P(alive) it is not 0 for ever of somebody who bought once: with a long silence it goes to 1 for a horizon
    /// that is fixed.
    /// </para>
    /// </remarks>
    /// <returns>From 1 at horizon 0 down to 1 - P(alive).</returns>
    /// <exception cref="ArgumentException">The summary is in another unit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A negative horizon, infinite or NaN.</exception>
    public double ProbabilityOfNoPurchase(RfmSummary customer, double horizon)
    {
        double longer = LogSpace.Log1P(Finite.NotNegative(horizon) / (Alpha + customer.Age));
        double buysWhenAlive = -LogSpace.ExpM1(-(R + customer.Frequency) * longer);
        return 1 - (ProbabilityAlive(customer) * buysWhenAlive);
    }

    /// <summary>The model of new customers that is also that of this one from now on, if alive.</summary>
    private BgNbd Survivor(RfmSummary customer) =>
        new(R + customer.Frequency, Alpha + customer.Age, A, B + customer.Frequency, Unit);

    /// <summary>ln of the mean over p of (1 - p)^x: nobody left at the first x purchases.</summary>
    private double LogSurvival(int x) =>
        SpecialFunctions.GammaLn(B + x)
        - SpecialFunctions.GammaLn(B)
        + SpecialFunctions.GammaLn(A + B)
        - SpecialFunctions.GammaLn(A + B + x);

    /// <summary>ln of how much likelier it is that the customer left with the last purchase than not.</summary>
    private double LogOddsGone(RfmSummary customer) =>
        Math.Log(A)
        - Math.Log(B + customer.Frequency - 1)
        + (
            (R + customer.Frequency)
            * (Math.Log(Alpha + customer.Age) - Math.Log(Alpha + customer.Recency))
        );

    private void Check(RfmSummary customer)
    {
        if (customer.Unit != Unit)
        {
            throw new ArgumentException(
                $"The summary is in the unit {customer.Unit}, the parameters are in {Unit}.",
                nameof(customer)
            );
        }
    }
}
