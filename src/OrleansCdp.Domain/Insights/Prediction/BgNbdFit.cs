using System.Runtime.InteropServices;

namespace OrleansCdp.Insights;

/// <summary>Estimates the parameters of <see cref="BgNbd"/> from what customers did, by maximum likelihood.</summary>
public sealed class BgNbdFit
{
    /// <summary>Repeat purchases of one customer: days of more than 250 years.</summary>
    public const int FrequencyMax = 100_000;

    private static readonly string[] Names = ["r", "alpha", "a", "b"];

    private readonly List<Row> rows = [];

    // Customers by weight with more than so many repeat purchases: products over purchases need no gamma function, and no
    // difference of large ones.
    private readonly double[] moreThan;
    private readonly double sampleSize;
    private readonly double meanFrequency;
    private readonly double meanAge;

    private BgNbdFit(IReadOnlyList<RfmSummary> customers, IReadOnlyList<double>? weights)
    {
        int most = customers.Max(customer => customer.Frequency);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(most, FrequencyMax, nameof(customers));
        moreThan = new double[most];
        Dictionary<RfmSummary, double> counts = [];
        for (int i = 0; i < customers.Count; i++)
        {
            RfmSummary said = customers[i];
            RfmSummary same = new(said.Frequency, said.Recency, said.Age, 0, said.Unit);
            counts[same] = counts.GetValueOrDefault(same) + FitWeights.Of(weights, i);
        }

        foreach ((RfmSummary customer, double weight) in counts)
        {
            sampleSize += weight;
            meanFrequency += weight * customer.Frequency;
            meanAge += weight * customer.Age;
            if (customer.Frequency > 0)
            {
                moreThan[customer.Frequency - 1] += weight;
            }
        }

        meanFrequency /= sampleSize;
        meanAge /= sampleSize;
        for (int x = most - 2; x >= 0; x--)
        {
            moreThan[x] += moreThan[x + 1];
        }

        foreach ((RfmSummary customer, double weight) in counts)
        {
            rows.Add(
                new(
                    customer.Frequency,
                    customer.Recency / meanAge,
                    customer.Age / meanAge,
                    weight / sampleSize
                )
            );
        }
    }

    /// <summary>Fits the model.</summary>
    /// <param name="customers">One for each customer, repeat buyer or not; all in one unit.</param>
    /// <param name="weights">How many customers each stands for; null is one.</param>
    /// <returns>The model in the customers' unit, or why these do not determine one.</returns>
    /// <remarks>Time is scaled to a mean age of 1 while fitting, so the unit makes no difference.</remarks>
    /// <exception cref="ArgumentException">
    /// The customers are in different units, or there is not one weight for each.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A weight is not a number from 0 to 1e12, or a customer has more than <see cref="FrequencyMax"/> repeat purchases.
    /// </exception>
    public static ModelFit<BgNbd> Of(
        IReadOnlyList<RfmSummary> customers,
        IReadOnlyList<double>? weights = null
    )
    {
        FitWeights.Check(customers, weights);
        if (
            !customers
                .Where((customer, i) => FitWeights.Of(weights, i) * customer.Frequency > 0)
                .Any()
        )
        {
            return new ModelFit<BgNbd>.NotFitted(
                FitObstacle.NoRepeatPurchases,
                "No customer bought twice, so nothing tells how often they come back."
            );
        }

        BgNbdFit fit = new(customers, weights);
        return fit.meanAge > 0
            ? fit.Maximum(customers[0].Unit)
            : new ModelFit<BgNbd>.NotFitted(
                FitObstacle.NoTimeObserved,
                "All customers were observed for no time, so nothing tells how often they come back."
            );
    }

    private ModelFit<BgNbd> Maximum(TimeUnit unit)
    {
        MaximumLikelihood.Search search = MaximumLikelihood.Find(
            MeanLogLikelihood,
            Names,
            meanFrequency,
            1,
            1,
            1
        );
        if (search.Parameters is not { } found)
        {
            return new ModelFit<BgNbd>.NotFitted(
                FitObstacle.NoInteriorMaximum,
                $"No parameters are the most likely ones ({search.Reason}): the customers are too few or too much alike."
            );
        }

        // A density over x times, each of which is the scaled one times the scale.
        double mean = MeanLogLikelihood(found, stackalloc double[found.Length]);
        double logLikelihood = sampleSize * (mean - (meanFrequency * Math.Log(meanAge)));
        BgNbd model = new(found[0], found[1] * meanAge, found[2], found[3], unit);
        return new ModelFit<BgNbd>.Fitted(model, logLikelihood, sampleSize, search.Iterations);
    }

    private double MeanLogLikelihood(ReadOnlySpan<double> parameters, Span<double> gradient)
    {
        (double r, double alpha, double a, double b) = (
            parameters[0],
            parameters[1],
            parameters[2],
            parameters[3]
        );
        double value = AddFrequencies(r, a, b, gradient);
        double logAlpha = Math.Log(alpha);
        foreach (Row row in rows)
        {
            double shape = r + row.Frequency;
            double logAge = Math.Log(alpha + row.Age);
            double log = (r * (logAlpha - logAge)) - (row.Frequency * logAge);
            double alive = 1;
            double logRecency = logAge;
            if (row.Frequency > 0)
            {
                logRecency = Math.Log(alpha + row.Recency);
                double odds =
                    Math.Log(a / (b + row.Frequency - 1)) + (shape * (logAge - logRecency));
                double softplus = LogSpace.Softplus(odds);
                log += softplus;
                alive = Math.Exp(-softplus);
            }

            double gone = 1 - alive;
            value += row.Weight * log;
            gradient[0] += row.Weight * (logAlpha - (alive * logAge) - (gone * logRecency));
            gradient[1] +=
                row.Weight
                * (
                    (r / alpha)
                    - (shape * ((alive / (alpha + row.Age)) + (gone / (alpha + row.Recency))))
                );
            gradient[2] += row.Weight * gone / a;
            gradient[3] -= gone == 0 ? 0 : row.Weight * gone / (b + row.Frequency - 1);
        }

        return value;
    }

    /// <summary>What depends on the frequency alone: Γ(r + x)/Γ(r) and B(a, b + x)/B(a, b).</summary>
    private double AddFrequencies(double r, double a, double b, Span<double> gradient)
    {
        gradient.Clear();
        double value = 0;
        for (int x = 0; x < moreThan.Length; x++)
        {
            double share = moreThan[x] / sampleSize;
            value += share * (Math.Log(r + x) - LogSpace.Log1P(a / (b + x)));
            gradient[0] += share / (r + x);
            gradient[2] -= share / (a + b + x);
            gradient[3] += share * a / ((b + x) * (a + b + x));
        }

        return value;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Row(int Frequency, double Recency, double Age, double Weight);
}
