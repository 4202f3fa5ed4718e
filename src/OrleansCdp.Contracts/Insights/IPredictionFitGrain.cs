namespace OrleansCdp.Insights;

/// <summary>
/// Estimates the parameters of predictions from the stored individuals. Key 0: one fit at a time, for each asks everybody.
/// </summary>
[Alias("cdp.prediction-fit")]
public interface IPredictionFitGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Individuals that are asked at once. So few that events and reads hardly notice: each answers from memory, or is read from
    /// storage for it.
    /// </summary>
    const int AskedAtOnceMax = 16;

    /// <summary>Longest time that a fit takes.</summary>
    const string WorkTimeMax = "01:00:00";

    /// <summary>Fits a model to the customers that are stored. Changes nothing.</summary>
    /// <param name="request">To whom, and how.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>A draft for a person to review; or why the customers determine none; or why nothing was done.</returns>
    [Alias("fit")]
    [ResponseTimeout(WorkTimeMax)]
    Task<FitAnswer> FitAsync(FitRequest request, CancellationToken cancel);
}

/// <summary>What came of a fit.</summary>
[GenerateSerializer, Immutable, Alias("cdp.fit-answer")]
public sealed record FitAnswer
{
    /// <summary>Why nothing was done; null when it was. Then nothing else is said.</summary>
    [Id(0)]
    public FitRefusal? Refusal { get; init; }

    /// <summary>The draft, a definition of a model; empty where there is none.</summary>
    [Id(1)]
    public string Text { get; init; } = "";

    /// <summary>Why the customers determine no model; null when they do.</summary>
    [Id(2)]
    public FitGap? Gap { get; init; }

    /// <summary>Why the model has no values though purchases have some; null when it has, or there are none.</summary>
    [Id(3)]
    public FitGap? ValuesGap { get; init; }

    /// <summary>The last moment that was observed.</summary>
    [Id(4)]
    public DateTimeOffset Until { get; init; }

    /// <summary>Individuals that were asked.</summary>
    [Id(5)]
    public int Individuals { get; init; }

    /// <summary>Of these, those whose stored state is damaged: they did not answer.</summary>
    [Id(6)]
    public int Damaged { get; init; }

    /// <summary>Customers it was fitted to.</summary>
    [Id(7)]
    public int Customers { get; init; }

    /// <summary>Whether there are more, of whom these are a sample by the order of their ids, which are hashes.</summary>
    [Id(8)]
    public bool IsSample { get; init; }

    /// <summary>Customers who bought more than once.</summary>
    [Id(9)]
    public int RepeatBuyers { get; init; }

    /// <summary>Customers of whom purchases are missing: folded away before the insight was defined as it is.</summary>
    [Id(10)]
    public int Incomplete { get; init; }

    /// <summary>The currency of the values; null for none.</summary>
    [Id(11)]
    public string? Currency { get; init; }

    /// <summary>Repeat buyers who bought in other currencies: they count without their values.</summary>
    [Id(12)]
    public int InOtherCurrencies { get; init; }

    /// <summary>Of the purchases of all customers at the parameters; null where there are none.</summary>
    [Id(13)]
    public double? LogLikelihood { get; init; }

    /// <summary>Of the mean values of repeat buyers, likewise.</summary>
    [Id(14)]
    public double? ValuesLogLikelihood { get; init; }
}

/// <summary>Why customers do not determine parameters.</summary>
/// <param name="Obstacle">Why.</param>
/// <param name="Explanation">The same for a person to read.</param>
[GenerateSerializer, Immutable, Alias("cdp.fit-gap")]
public sealed record FitGap(
    [property: Id(0)] FitObstacle Obstacle,
    [property: Id(1)] string Explanation
);
