namespace OrleansCdp.Insights;

/// <summary>The purchases of one customer, as what counts in a prediction tells them.</summary>
internal sealed class PurchaseHistory
{
    private readonly List<(long At, string? Currency, decimal Value)> purchases = [];
    private readonly List<(long At, decimal Value)> refunds = [];

    /// <summary>The currency of the first purchase; null where none is stated, or nothing was bought.</summary>
    public string? Currency => purchases.Count == 0 ? null : purchases[0].Currency;

    /// <summary>When the first purchase was made; there has to be one.</summary>
    public DateTimeOffset FirstAt => new(purchases.Min(purchase => purchase.At), TimeSpan.Zero);

    /// <summary>Adds an item: below zero it is a refund, which is no purchase.</summary>
    public void Add(in Item item) => Add(item.At, item.Part, Exact.ToNumber(item.Value.Order));

    /// <summary>Adds what is known of a day whose purchases are not kept.</summary>
    public void Add(Tally tally)
    {
        long at = tally.Stretch * TimeSpan.TicksPerDay;
        for (long i = 0; i < tally.Count; i++)
        {
            // The values of one day count together.
            Add(at, tally.Part, i == 0 ? Exact.ToNumber(tally.Sum) : 0);
        }

        if (tally.Second > 0)
        {
            Add(at, tally.Part, -Exact.ToNumber(tally.Second));
        }
    }

    /// <summary>What a model knows of the customer at a moment; null before the first purchase.</summary>
    /// <param name="at">The moment; purchases after it are left out.</param>
    /// <param name="counting">What is one purchase.</param>
    /// <param name="isOfOneCurrency">Whether all purchases were made in one currency.</param>
    /// <remarks>
    /// A refund takes its amount off the purchases of its period, then off those before, the latest first; no purchase is worth
    /// less than nothing.
    /// </remarks>
    public RfmSummary? Summary(DateTimeOffset at, RfmCounting counting, out bool isOfOneCurrency)
    {
        isOfOneCurrency =
            purchases.Select(purchase => purchase.Currency).Distinct().Take(2).Count() < 2;
        SortedList<int, (DateTimeOffset At, decimal Value)> periods = [];
        foreach ((long ticks, _, decimal value) in purchases)
        {
            DateTimeOffset when = new(ticks, TimeSpan.Zero);
            int period = counting.PeriodOf(when);
            periods[period] = periods.TryGetValue(period, out var known)
                ? (known.At < when ? known.At : when, known.Value + value)
                : (when, value);
        }

        foreach ((long ticks, decimal value) in refunds.OrderBy(refund => refund.At))
        {
            TakeOff(periods, counting.PeriodOf(new DateTimeOffset(ticks, TimeSpan.Zero)), value);
        }

        return RfmSummary.Of(
            periods.Values.Select(period => new Purchase(period.At, period.Value)),
            at,
            counting
        );
    }

    private static void TakeOff(
        SortedList<int, (DateTimeOffset At, decimal Value)> periods,
        int period,
        decimal amount
    )
    {
        for (int i = periods.Count - 1; i >= 0 && amount > 0; i--)
        {
            if (periods.Keys[i] > period)
            {
                continue;
            }

            var (at, value) = periods.Values[i];
            decimal taken = Math.Min(value, amount);
            periods.SetValueAtIndex(i, (at, value - taken));
            amount -= taken;
        }
    }

    private void Add(long at, string? currency, decimal value)
    {
        if (value < 0)
        {
            refunds.Add((at, -value));
        }
        else
        {
            purchases.Add((at, currency, value));
        }
    }
}
