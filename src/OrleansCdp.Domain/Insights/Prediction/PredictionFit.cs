namespace OrleansCdp.Insights;

/// <summary>What came of fitting the models of purchases and of their values to customers.</summary>
public abstract record PredictionFit
{
    /// <summary>
    /// Customers of one fit. More determine the parameters hardly better. Of a larger population take a sample that does not depend
    /// on what anybody bought.
    /// </summary>
    public const int CustomersMax = 200_000;

    private const string Beyond = " too small or too large for a model to be stated in their unit.";

    private PredictionFit() { }

    /// <summary>Fits both models.</summary>
    /// <param name="name">What the model shall be called.</param>
    /// <param name="sample">The customers.</param>
    /// <param name="now">When it is fitted.</param>
    /// <returns>
    /// A draft. Without values when the customers do not determine these, or have no one currency; and none at all when they
    /// do not determine when they buy.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// The customers are in another unit than their counting says, or what is said to be their currency is none.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// There are more than <see cref="CustomersMax"/>, one has more than <see cref="BgNbdFit.FrequencyMax"/> repeat purchases, the
    /// cohort is said in too many words, or purchases are known of times after <paramref name="now"/>.
    /// </exception>
    public static PredictionFit Of(string name, PredictionSample sample, DateTimeOffset now)
    {
        Check(sample, now);
        return WithinBounds(BgNbdFit.Of(sample.Customers)) switch
        {
            ModelFit<BgNbd>.Fitted purchases => DraftOf(name, sample, purchases, now),
            ModelFit<BgNbd>.NotFitted none => new NotFitted(none.Obstacle, none.Explanation),
            _ => throw new InvalidOperationException("A fit is a model or none."),
        };
    }

    private static void Check(PredictionSample sample, DateTimeOffset now)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            sample.Customers.Count,
            CustomersMax,
            nameof(sample)
        );
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            sample.Cohort?.Length ?? 0,
            PredictionModel.TextMax,
            nameof(sample)
        );
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sample.Until ?? now, now, nameof(sample));
        if (sample.Customers.Any(customer => customer.Unit != sample.Counting.Unit))
        {
            throw new ArgumentException(
                $"A customer is not in the unit {sample.Counting.Unit}.",
                nameof(sample)
            );
        }

        if (sample.Currency is { } currency && !PredictionModel.IsCurrency(currency))
        {
            throw new ArgumentException("Its currency is no code of one.", nameof(sample));
        }
    }

    private static Drafted DraftOf(
        string name,
        PredictionSample sample,
        ModelFit<BgNbd>.Fitted purchases,
        DateTimeOffset now
    )
    {
        ModelFit<GammaGamma>? values = sample.Currency is null
            ? null
            : WithinBounds(GammaGammaFit.Of(sample.Customers));
        var valued = values as ModelFit<GammaGamma>.Fitted;
        PredictionModel model = new()
        {
            Name = name,
            Counting = sample.Counting,
            Purchases = purchases.Model,
            Values = valued?.Model,
            Currency = valued is null ? null : sample.Currency,
            Fitted = new FittedTo
            {
                At = now,
                Until = sample.Until,
                Customers = sample.Customers.Count,
                RepeatBuyers = sample.Customers.Count(customer => customer.Frequency > 0),
                LogLikelihood = purchases.LogLikelihood,
                ValuesLogLikelihood = valued?.LogLikelihood,
                Cohort = sample.Cohort,
            },
        };
        return new Drafted(model, purchases, values);
    }

    // Of shapes a fit gives up earlier; of scales it knows no bounds, because it scales by the mean.
    private static ModelFit<BgNbd> WithinBounds(ModelFit<BgNbd> fit) =>
        fit is ModelFit<BgNbd>.Fitted found && !IsScale(found.Model.Alpha)
            ? new ModelFit<BgNbd>.NotFitted(FitObstacle.OutOfBounds, "Their times are" + Beyond)
            : fit;

    private static ModelFit<GammaGamma> WithinBounds(ModelFit<GammaGamma> fit) =>
        fit is ModelFit<GammaGamma>.Fitted found && !IsScale(found.Model.Gamma)
            ? new ModelFit<GammaGamma>.NotFitted(
                FitObstacle.OutOfBounds,
                "Their values are" + Beyond
            )
            : fit;

    private static bool IsScale(double value) =>
        value is >= PredictionModel.ScaleMin and <= PredictionModel.ScaleMax;

    /// <summary>A model that somebody may put in force.</summary>
    /// <param name="Model">The model, which says of itself what it was fitted to.</param>
    /// <param name="Purchases">How its purchases were fitted: to all customers.</param>
    /// <param name="Values">
    /// How its values were fitted: to those who bought again for a price, or why they were not. Null when the customers have no
    /// one currency.
    /// </param>
    public sealed record Drafted(
        PredictionModel Model,
        ModelFit<BgNbd>.Fitted Purchases,
        ModelFit<GammaGamma>? Values
    ) : PredictionFit;

    /// <summary>These customers do not determine when they buy; any parameters would be nonsense.</summary>
    /// <param name="Obstacle">Why.</param>
    /// <param name="Explanation">The same for a person to read.</param>
    public sealed record NotFitted(FitObstacle Obstacle, string Explanation) : PredictionFit;
}
