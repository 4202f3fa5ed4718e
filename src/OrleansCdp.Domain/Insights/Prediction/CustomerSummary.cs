namespace OrleansCdp.Insights;

/// <summary>What a fit asks of an individual: what is known of it as a customer.</summary>
/// <param name="Revision">The version of the insight that says what a purchase is: <see cref="ActiveInsight.Revision"/>.</param>
/// <param name="Until">The last moment that counts as observed; purchases after it are left out.</param>
/// <param name="Unit">In what time is counted.</param>
/// <param name="Period">The calendar period (UTC) whose purchases are one.</param>
[GenerateSerializer, Immutable, Alias("cdp.customer-question")]
public sealed record CustomerQuestion(
    [property: Id(0)] long Revision,
    [property: Id(1)] DateTimeOffset Until,
    [property: Id(2)] TimeUnit Unit,
    [property: Id(3)] TimeUnit Period
)
{
    /// <summary>How purchases become a summary.</summary>
    public RfmCounting Counting => new() { Unit = Unit, Period = Period };
}

/// <summary>What an individual is as a customer.</summary>
[GenerateSerializer, Immutable, Alias("cdp.customer-answer")]
public sealed record CustomerAnswer
{
    /// <summary>Nobody who has bought: no customer, or one who lives on elsewhere and is counted there.</summary>
    public static CustomerAnswer Nobody { get; } = new();

    /// <summary>The version of the insight that was asked for is computed no more.</summary>
    public static CustomerAnswer Replaced { get; } = new() { IsReplaced = true };

    /// <summary>The customer; null for none.</summary>
    [Id(0)]
    public CustomerSummary? Customer { get; init; }

    /// <summary>Whether there is no such version of the insight any more, so that nothing is known.</summary>
    [Id(1)]
    public bool IsReplaced { get; init; }

    /// <summary>The answer of an individual.</summary>
    /// <param name="links">Its links.</param>
    /// <param name="insights">The insights that are computed where it is.</param>
    /// <param name="question">What is asked.</param>
    public static CustomerAnswer Of(LinkSet links, InsightSet insights, CustomerQuestion question)
    {
        if (insights.Find(question.Revision) is not { } insight)
        {
            return Replaced;
        }

        // Of one insight: all others would be read out of every record, and forgotten again.
        InsightLedger ledger = new(
            new InsightSet([insight], insights.Newest),
            insight.Definition.Of
        );
        ledger.Become(links);
        return ledger.CustomerOf(insight, question) is { } customer
            ? new CustomerAnswer { Customer = customer }
            : Nobody;
    }
}

/// <summary>The purchases of one customer, as far as a fit needs them.</summary>
[GenerateSerializer, Immutable, Alias("cdp.customer-summary")]
public sealed record CustomerSummary
{
    /// <summary>Purchases after the first.</summary>
    [Id(0)]
    public int Frequency { get; init; }

    /// <summary>Time from the first purchase to the last, in the unit that was asked for.</summary>
    [Id(1)]
    public double Recency { get; init; }

    /// <summary>Time from the first purchase to the end of what was observed, likewise.</summary>
    [Id(2)]
    public double Age { get; init; }

    /// <summary>Mean value of the purchases after the first; says something only where all are of one currency.</summary>
    [Id(3)]
    public double MonetaryValue { get; init; }

    /// <summary>The currency of all purchases; null where there are several, or the insight has none.</summary>
    [Id(4)]
    public string? Currency { get; init; }

    /// <summary>When the first purchase was made.</summary>
    [Id(5)]
    public DateTimeOffset FirstAt { get; init; }

    /// <summary>Whether purchases are missing: they were folded away before this version of the insight was made.</summary>
    [Id(6)]
    public bool IsIncomplete { get; init; }

    /// <summary>The same for a model.</summary>
    /// <param name="unit">The unit that was asked for.</param>
    /// <param name="isOfCurrency">Whether its value counts.</param>
    internal RfmSummary ToRfm(TimeUnit unit, bool isOfCurrency) =>
        new(Frequency, Recency, Age, isOfCurrency ? MonetaryValue : 0, unit);
}
