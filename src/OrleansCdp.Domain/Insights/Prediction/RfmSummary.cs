using System.Runtime.InteropServices;

namespace OrleansCdp.Insights;

/// <summary>
/// What BG/NBD and Gamma-Gamma know of one customer: recency, frequency and monetary value, sufficient statistics of the
/// purchases (Fader, Hardie and Lee, "RFM and CLV: Using Iso-Value Curves for Customer Base Analysis", 2005).
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RfmSummary
{
    /// <summary>The longest time, in either unit: two million years of days.</summary>
    public const double AgeMax = 1e9;

    /// <summary>The highest mean value of a purchase.</summary>
    public const double MonetaryValueMax = 1e15;

    /// <summary>A summary that was counted elsewhere.</summary>
    /// <param name="frequency">Purchases after the first; the papers' x.</param>
    /// <param name="recency">Time from the first purchase to the last; the papers' t_x, 0 without repeats.</param>
    /// <param name="age">Time from the first purchase to the end of what was observed; the papers' T.</param>
    /// <param name="monetaryValue">Mean value of the purchases after the first, in one currency; 0 without any.</param>
    /// <param name="unit">In what recency and age are counted.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A number is negative, NaN or above its maximum, the last purchase is after the end, or there is a recency or a value
    /// without a repeat purchase.
    /// </exception>
    public RfmSummary(
        int frequency,
        double recency,
        double age,
        double monetaryValue,
        TimeUnit unit
    )
    {
        ArgumentOutOfRangeException.ThrowIfNegative(frequency);
        Frequency = frequency;
        Recency = Finite.NotNegative(recency);
        Age = Finite.NotNegative(age);
        MonetaryValue = Finite.NotNegative(monetaryValue);
        Unit = unit;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(recency, age);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(age, AgeMax);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(monetaryValue, MonetaryValueMax);
        if (frequency == 0)
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(recency, 0);
            ArgumentOutOfRangeException.ThrowIfNotEqual(monetaryValue, 0);
        }
    }

    /// <summary>Purchases after the first; the papers' x.</summary>
    public int Frequency { get; }

    /// <summary>Time from the first purchase to the last, in <see cref="Unit"/>; the papers' t_x.</summary>
    public double Recency { get; }

    /// <summary>Time from the first purchase to the end of what was observed, in <see cref="Unit"/>; the papers' T.</summary>
    public double Age { get; }

    /// <summary>Mean value of the purchases after the first, in the currency of the purchases; 0 without any.</summary>
    public double MonetaryValue { get; }

    /// <summary>In what <see cref="Recency"/> and <see cref="Age"/> are counted.</summary>
    public TimeUnit Unit { get; }

    /// <summary>Summarises one customer's purchases.</summary>
    /// <param name="purchases">All of one customer, in any order and of one currency.</param>
    /// <param name="end">The last moment that counts as observed; purchases after it are left out.</param>
    /// <param name="counting">What is one purchase, and in what unit time is counted.</param>
    /// <returns>
    /// The summary, with at most <see cref="MonetaryValueMax"/> a purchase; null when there is none up to <paramref name="end"/>.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">A value is negative: take refunds off beforehand.</exception>
    public static RfmSummary? Of(
        IEnumerable<Purchase> purchases,
        DateTimeOffset end,
        RfmCounting counting
    )
    {
        SortedDictionary<int, decimal> values = [];
        foreach (Purchase purchase in purchases)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(purchase.Value, nameof(purchases));
            if (purchase.At <= end)
            {
                int period = counting.PeriodOf(purchase.At);
                values[period] = values.GetValueOrDefault(period) + purchase.Value;
            }
        }

        if (values.Count == 0)
        {
            return null;
        }

        (int first, decimal firstValue) = values.First();
        int repeats = values.Count - 1;
        decimal repeated = values.Values.Sum() - firstValue;
        return new RfmSummary(
            repeats,
            counting.TimeOf(values.Keys.Last() - first),
            counting.TimeOf(counting.PeriodOf(end) - first),
            repeats == 0 ? 0 : Math.Min((double)(repeated / repeats), MonetaryValueMax),
            counting.Unit
        );
    }
}

/// <summary>One purchase of a customer.</summary>
/// <param name="At">When it was made.</param>
/// <param name="Value">What it was worth, in the one currency that is used throughout; 0 or more.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Purchase(DateTimeOffset At, decimal Value);
