namespace OrleansCdp.Insights;

/// <summary>Customers to whom a model is to be fitted.</summary>
public sealed record PredictionSample
{
    /// <summary>One for each customer, whether he bought again or not; at most <see cref="PredictionFit.CustomersMax"/>.</summary>
    public required IReadOnlyList<RfmSummary> Customers { get; init; }

    /// <summary>How they were summarised; its unit is theirs.</summary>
    public required RfmCounting Counting { get; init; }

    /// <summary>
    /// The one currency of their values, as an ISO 4217 code. Null where there is not one: then what they spend is not fitted.
    /// </summary>
    public string? Currency { get; init; }

    /// <summary>The last moment whose purchases are known; null when it is not the same for all.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>How they were chosen, for people; at most <see cref="PredictionModel.TextMax"/> characters.</summary>
    public string? Cohort { get; init; }
}
