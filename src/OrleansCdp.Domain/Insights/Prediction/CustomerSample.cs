namespace OrleansCdp.Insights;

/// <summary>Collects the customers to whom a model is fitted, in the order of their ids.</summary>
/// <param name="request">Who is asked for.</param>
/// <param name="insight">What says what a purchase is, and what it is worth.</param>
/// <param name="version">Its version.</param>
public sealed class CustomerSample(FitRequest request, InsightDefinition insight, int version)
{
    private readonly List<CustomerSummary> customers = [];

    /// <summary>Whether there are more customers than were asked for; then further ones are not taken.</summary>
    public bool IsSample { get; private set; }

    /// <summary>Customers.</summary>
    public int Count => customers.Count;

    /// <summary>Those who bought more than once.</summary>
    public int RepeatBuyers => customers.Count(customer => customer.Frequency > 0);

    /// <summary>Those of whom purchases are missing.</summary>
    public int Incomplete => customers.Count(customer => customer.IsIncomplete);

    /// <summary>
    /// The currency in which values are fitted; null where purchases have no value, or nobody bought again in one currency. Of an
    /// insight without currencies the one that was asked for, or <c>XXX</c>.
    /// </summary>
    public string? Currency =>
        !insight.HasValue ? null
        : request.Currency is { } wanted ? wanted
        : !insight.IsMoney ? MoneySums.NoCurrency
        : customers
            .Where(customer =>
                customer is { Frequency: > 0, Currency: { } code }
                && PredictionModel.IsCurrency(code)
            )
            .GroupBy(customer => customer.Currency!, customer => (long)customer.Frequency)
            .OrderByDescending(same => same.Sum())
            .ThenBy(same => same.Key, StringComparer.Ordinal)
            .FirstOrDefault()
            ?.Key;

    /// <summary>Adds a customer who is in the cohort and fits in.</summary>
    public void Add(CustomerSummary customer)
    {
        if (!request.Includes(customer) || customer.Frequency > BgNbdFit.FrequencyMax)
        {
            return;
        }

        IsSample = Count >= request.CustomersMax;
        if (!IsSample)
        {
            customers.Add(customer);
        }
    }

    /// <summary>Repeat buyers whose purchases are, not all, in a currency: they count without their value.</summary>
    public int WithoutValue(string? currency) =>
        customers.Count(customer => customer.Frequency > 0 && !IsOf(customer, currency));

    /// <summary>What a model is fitted to.</summary>
    /// <param name="until">The last moment that was observed.</param>
    public PredictionSample ToSample(DateTimeOffset until)
    {
        string? currency = Currency;
        return new PredictionSample
        {
            Customers =
            [
                .. customers.Select(customer =>
                    customer.ToRfm(request.Unit, IsOf(customer, currency))
                ),
            ],
            Counting = new RfmCounting { Unit = request.Unit, Period = request.Period },
            Currency = currency,
            Until = until,
            Cohort = CohortOf(currency),
        };
    }

    private bool IsOf(CustomerSummary customer, string? currency) =>
        currency is not null && (!insight.IsMoney || customer.Currency == currency);

    /// <summary>How they were chosen, for people.</summary>
    private string CohortOf(string? currency)
    {
        List<string> parts = [$"purchases as {insight.Name} version {version} has them"];
        if (request.FirstFrom is { } from)
        {
            parts.Add($"the first not before {Rfc3339.Format(from)}");
        }

        if (request.FirstBefore is { } before)
        {
            parts.Add($"the first before {Rfc3339.Format(before)}");
        }

        if (currency is not null && WithoutValue(currency) is > 0 and int others)
        {
            parts.Add($"{others} repeat buyers in other currencies without their values");
        }

        if (IsSample)
        {
            parts.Add($"of more the first {Count} by their ids, which are hashes");
        }

        return string.Join("; ", parts);
    }
}
