namespace OrleansCdp.Insights;

/// <summary>What future purchases of a customer are worth today.</summary>
public sealed record LifetimeValue
{
    /// <summary>Periods that can be looked ahead: a hundred years of months.</summary>
    public const int PeriodsMax = 1_200;

    /// <summary>Looks ahead for a number of periods.</summary>
    /// <param name="periods">How many, from 1 to <see cref="PeriodsMax"/>.</param>
    /// <param name="periodLength">How long one is, in the unit of the purchase model: 30 for a month of days.</param>
    /// <param name="discountRate">
    /// By how much less money is worth a period later: 0.01 for one percent a period. What is bought in the k-th period counts
    /// 1/(1 + rate)^k, as if all were paid at its end.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// Fewer than one or too many periods, a length that is not above 0, a rate that is below 0, or a number that is not finite.
    /// </exception>
    public LifetimeValue(int periods, double periodLength, double discountRate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(periods, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(periods, PeriodsMax);
        Periods = periods;
        PeriodLength = Finite.Positive(periodLength);
        DiscountRate = Finite.NotNegative(discountRate);
    }

    /// <summary>How many periods are looked ahead.</summary>
    public int Periods { get; }

    /// <summary>The length of one period, in the unit of the purchase model.</summary>
    public double PeriodLength { get; }

    /// <summary>The discount per period; 0.01 is one percent.</summary>
    public double DiscountRate { get; }

    /// <summary>Future purchases, each counted at its discount.</summary>
    /// <param name="purchases">When the customers buy.</param>
    /// <param name="customer">What is known at the end of what was observed.</param>
    /// <returns>A number of purchases; without a discount that of <see cref="BgNbd.ExpectedPurchases(RfmSummary, double)"/>.</returns>
    /// <exception cref="ArgumentException">The summary is in another unit than the model.</exception>
    public double DiscountedPurchases(BgNbd purchases, RfmSummary customer)
    {
        double sum = 0;
        double before = 0;
        for (int period = 1; period <= Periods; period++)
        {
            double until = purchases.ExpectedPurchases(customer, period * PeriodLength);
            sum += (until - before) * Math.Pow(1 + DiscountRate, -period);
            before = until;
        }

        return sum;
    }

    /// <summary>The predicted value: future purchases at their discount, times what one is expected to be worth.</summary>
    /// <param name="purchases">When the customers buy.</param>
    /// <param name="values">What they spend on a purchase.</param>
    /// <param name="customer">What is known at the end of what was observed.</param>
    /// <returns>An amount in the currency of <paramref name="values"/>; what was bought already is not in it.</returns>
    /// <exception cref="ArgumentException">The summary is in another unit than the model.</exception>
    public double Of(BgNbd purchases, GammaGamma values, RfmSummary customer) =>
        DiscountedPurchases(purchases, customer) * values.ExpectedValue(customer);
}
