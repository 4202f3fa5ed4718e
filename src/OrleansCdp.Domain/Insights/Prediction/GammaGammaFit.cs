using System.Runtime.InteropServices;
using MathNet.Numerics;

namespace OrleansCdp.Insights;

/// <summary>Estimates the parameters of <see cref="GammaGamma"/> from what customers spent, by maximum likelihood.</summary>
public sealed class GammaGammaFit
{
    private static readonly string[] Names = ["p", "q", "gamma"];

    private readonly List<Row> rows = [];
    private readonly double sampleSize;
    private readonly double scale;

    private GammaGammaFit(IReadOnlyList<RfmSummary> customers, IReadOnlyList<double>? weights)
    {
        for (int i = 0; i < customers.Count; i++)
        {
            RfmSummary customer = customers[i];
            double weight = FitWeights.Of(weights, i);
            if (weight > 0 && customer is { Frequency: > 0, MonetaryValue: > 0 })
            {
                rows.Add(new(customer.Frequency, customer.MonetaryValue, weight));
                sampleSize += weight;
                scale += weight * customer.MonetaryValue;
            }
        }

        scale /= sampleSize;
        foreach (ref Row row in CollectionsMarshal.AsSpan(rows))
        {
            row = new(row.Frequency, row.Mean / scale, row.Weight / sampleSize);
        }
    }

    /// <summary>Fits the model.</summary>
    /// <param name="customers">
    /// One for each customer. Those without repeat purchases, or whose repeat purchases were worth nothing, say nothing
    /// about values and are left out.
    /// </param>
    /// <param name="weights">How many customers each stands for; null is one.</param>
    /// <returns>The model in the values' currency, or why these customers do not determine one.</returns>
    /// <remarks>Values are scaled to a mean of 1 while fitting, so the currency makes no difference.</remarks>
    /// <exception cref="ArgumentException">
    /// The customers are in different units, or there is not one weight for each.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A weight is not a number from 0 to 1e12.</exception>
    public static ModelFit<GammaGamma> Of(
        IReadOnlyList<RfmSummary> customers,
        IReadOnlyList<double>? weights = null
    )
    {
        FitWeights.Check(customers, weights);
        GammaGammaFit fit = new(customers, weights);
        return fit.rows.Count > 0
            ? fit.Maximum()
            : new ModelFit<GammaGamma>.NotFitted(
                FitObstacle.NoRepeatPurchases,
                "No customer bought twice for a price, so nothing tells what a purchase is worth."
            );
    }

    private ModelFit<GammaGamma> Maximum()
    {
        MaximumLikelihood.Search search = MaximumLikelihood.Find(MeanLogLikelihood, Names, 1, 2, 1);
        if (search.Parameters is not { } found)
        {
            return new ModelFit<GammaGamma>.NotFitted(
                FitObstacle.NoInteriorMaximum,
                $"No parameters are the most likely ones ({search.Reason}): the customers are too few or their values too much alike."
            );
        }

        if (found[1] <= 1)
        {
            return new ModelFit<GammaGamma>.NotFitted(
                FitObstacle.NoPopulationMean,
                "Values differ so much between customers that the most likely parameters have no mean."
            );
        }

        double mean = MeanLogLikelihood(found, stackalloc double[found.Length]);
        return new ModelFit<GammaGamma>.Fitted(
            new GammaGamma(found[0], found[1], found[2] * scale),
            sampleSize * (mean - Math.Log(scale)),
            sampleSize,
            search.Iterations
        );
    }

    private double MeanLogLikelihood(ReadOnlySpan<double> parameters, Span<double> gradient)
    {
        gradient.Clear();
        (double p, double q, double gamma) = (parameters[0], parameters[1], parameters[2]);
        double value = 0;
        double digammaOfQ = SpecialFunctions.DiGamma(q);
        foreach (Row row in rows)
        {
            double shape = p * row.Frequency;
            double sum = row.Frequency * row.Mean;
            double logOdds = Math.Log(sum) - Math.Log(gamma);
            double digamma = SpecialFunctions.DiGamma(shape + q);
            value += row.Weight * GammaGamma.LogDensity(p, q, gamma, row.Frequency, row.Mean);
            gradient[0] +=
                row.Weight
                * row.Frequency
                * (digamma - SpecialFunctions.DiGamma(shape) - LogSpace.Softplus(-logOdds));
            gradient[1] += row.Weight * (digamma - digammaOfQ - LogSpace.Softplus(logOdds));
            gradient[2] += row.Weight * ((q / gamma) - ((q + shape) / (gamma + sum)));
        }

        return value;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Row(int Frequency, double Mean, double Weight);
}
