using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>To whom a model is to be fitted, and how their purchases are counted.</summary>
[GenerateSerializer, Immutable, Alias("cdp.fit-request")]
public sealed record FitRequest
{
    /// <summary>The insight that says what a purchase is where none is named: shipped.</summary>
    public const string DefaultInsight = "predicted_lifetime_value";

    /// <summary>What the model is to be called. Default: <see cref="Prediction.DefaultModel"/>.</summary>
    [Id(0)]
    public string Model { get; init; } = Prediction.DefaultModel;

    /// <summary>An insight of individuals that predicts: its sources say what a purchase is, and what it is worth.</summary>
    [Id(1)]
    public string Insight { get; init; } = DefaultInsight;

    /// <summary>
    /// The last moment that counts as observed; null for now. Purchases after it do not count, and who bought nothing until then
    /// is no customer.
    /// </summary>
    [Id(2)]
    public DateTimeOffset? Until { get; init; }

    /// <summary>In what the model counts time. Default: days.</summary>
    [Id(3)]
    public TimeUnit Unit { get; init; } = TimeUnit.Day;

    /// <summary>The calendar period (UTC) whose purchases are one. Default: a day.</summary>
    [Id(4)]
    public TimeUnit Period { get; init; } = TimeUnit.Day;

    /// <summary>
    /// The currency in which values are fitted, an ISO 4217 code; null for that of most repeat purchases.
    /// </summary>
    [Id(5)]
    public string? Currency { get; init; }

    /// <summary>Only customers whose first purchase was not before this; null for all.</summary>
    [Id(6)]
    public DateTimeOffset? FirstFrom { get; init; }

    /// <summary>Only customers whose first purchase was before this; null for all.</summary>
    [Id(7)]
    public DateTimeOffset? FirstBefore { get; init; }

    /// <summary>
    /// Most customers, from 1 to <see cref="PredictionFit.CustomersMax"/>, which is the default. Of more the first by the order of
    /// their ids: these are hashes, so it is a sample that does not depend on what anybody bought.
    /// </summary>
    [Id(8)]
    public int CustomersMax { get; init; } = PredictionFit.CustomersMax;

    /// <summary>What is wrong with it, whatever the insight is.</summary>
    /// <param name="now">The time it is.</param>
    /// <returns>Null when nothing is.</returns>
    public FitRefusal? WrongAt(DateTimeOffset now) =>
        !DefinitionNames.IsName(Model)
            ? new(
                FitRefusals.BadModel,
                "A model's name is small letters, digits and dashes, at most 100."
            )
        : Until > now
            ? new(FitRefusals.BadUntil, "`until` is in the future: nothing is known of it yet.")
        : Currency is { } code && !PredictionModel.IsCurrency(code)
            ? new(
                FitRefusals.BadCurrency,
                "`currency` is an ISO 4217 code such as EUR: three capital letters."
            )
        : FirstFrom >= FirstBefore
            ? new(
                FitRefusals.BadCohort,
                "`firstPurchaseFrom` is before `firstPurchaseBefore`: else nobody is in the cohort."
            )
        : CustomersMax is < 1 or > PredictionFit.CustomersMax
            ? new(
                FitRefusals.BadLimit,
                $"`customersMax` must be from 1 to {PredictionFit.CustomersMax}."
            )
        : null;

    /// <summary>Why nothing can be fitted by an insight.</summary>
    /// <param name="insight">The insight of that name; null when there is none.</param>
    /// <returns>Null when it can.</returns>
    public FitRefusal? WrongWith(InsightDefinition? insight) =>
        insight is null
            ? new(FitRefusals.UnknownInsight, $"There is no active insight `{Insight}`.")
        : insight.Prediction is null || insight.Of != Events.SubjectKind.Individual
            ? new(
                FitRefusals.NoPrediction,
                $"`{Insight}` does not predict what an individual buys, so it does not say what a purchase is."
            )
        : Currency is not null && !insight.HasValue
            ? new(
                FitRefusals.BadCurrency,
                $"`{Insight}` does not say what a purchase is worth, in no currency."
            )
        : null;

    /// <summary>Whether a customer is in the cohort.</summary>
    public bool Includes(CustomerSummary customer) =>
        !(customer.FirstAt < FirstFrom) && !(customer.FirstAt >= FirstBefore);
}

/// <summary>Why nothing was fitted; not because of the customers.</summary>
/// <param name="Code">A value of <see cref="FitRefusals"/>.</param>
/// <param name="Detail">Why, for people.</param>
[GenerateSerializer, Immutable, Alias("cdp.fit-refusal")]
public sealed record FitRefusal([property: Id(0)] string Code, [property: Id(1)] string Detail);

/// <summary>Codes of refusals. Never renamed.</summary>
public static class FitRefusals
{
    /// <summary>No model can have that name.</summary>
    public const string BadModel = "bad_model";

    /// <summary>The end of what was observed is in the future.</summary>
    public const string BadUntil = "bad_until";

    /// <summary>It is no currency, or the insight has none.</summary>
    public const string BadCurrency = "bad_currency";

    /// <summary>Nobody can be in the cohort.</summary>
    public const string BadCohort = "bad_cohort";

    /// <summary>So many customers are none, or too many.</summary>
    public const string BadLimit = "bad_limit";

    /// <summary>There is no such insight.</summary>
    public const string UnknownInsight = "unknown_insight";

    /// <summary>The insight predicts nothing of individuals.</summary>
    public const string NoPrediction = "no_prediction";

    /// <summary>A fit is under way.</summary>
    public const string UnderWay = "under_way";

    /// <summary>The insight was defined anew meanwhile.</summary>
    public const string Overtaken = "overtaken";
}
