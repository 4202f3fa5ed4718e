namespace OrleansCdp.Insights;

/// <summary>What came of estimating a model's parameters by maximum likelihood.</summary>
/// <typeparam name="TModel">The model with its parameters.</typeparam>
public abstract record ModelFit<TModel>
{
    private ModelFit() { }

    /// <summary>There is a maximum, and this is it.</summary>
    /// <param name="Model">The most likely parameters.</param>
    /// <param name="LogLikelihood">Of all customers at these parameters; comparable only between fits to the same data.</param>
    /// <param name="SampleSize">Customers it was fitted to, by weight; those that say nothing are not among them.</param>
    /// <param name="Iterations">Steps to the maximum.</param>
    public sealed record Fitted(
        TModel Model,
        double LogLikelihood,
        double SampleSize,
        int Iterations
    ) : ModelFit<TModel>;

    /// <summary>These customers do not determine the parameters; any would be nonsense.</summary>
    /// <param name="Obstacle">Why.</param>
    /// <param name="Explanation">The same for a person to read.</param>
    public sealed record NotFitted(FitObstacle Obstacle, string Explanation) : ModelFit<TModel>;
}

/// <summary>Why a model cannot be fitted.</summary>
public enum FitObstacle
{
    /// <summary>Nobody bought twice.</summary>
    NoRepeatPurchases,

    /// <summary>Everybody was observed for no time at all.</summary>
    NoTimeObserved,

    /// <summary>
    /// The likelihood grows for ever as parameters go to 0 or to infinity: the customers are too few, or too much alike to
    /// estimate how they differ.
    /// </summary>
    NoInteriorMaximum,

    /// <summary>The mean value of a purchase over all customers would be infinite (q of 1 or less).</summary>
    NoPopulationMean,

    /// <summary>Times or values are too small or too large for the bounds that a <see cref="PredictionModel"/> has.</summary>
    OutOfBounds,
}
