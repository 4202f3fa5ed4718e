namespace OrleansCdp.Insights;

/// <summary>How many customers a summary stands for.</summary>
internal static class FitWeights
{
    /// <summary>The most customers one summary may stand for; more than there are people.</summary>
    public const double WeightMax = 1e12;

    /// <exception cref="ArgumentException">Units differ, or there is not one weight for each customer.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A weight is not a number from 0 to 1e12.</exception>
    public static void Check(IReadOnlyList<RfmSummary> customers, IReadOnlyList<double>? weights)
    {
        if (customers.Any(customer => customer.Unit != customers[0].Unit))
        {
            throw new ArgumentException("The customers are in different units.", nameof(customers));
        }

        if (weights is not null && weights.Count != customers.Count)
        {
            throw new ArgumentException(
                $"There are {customers.Count} customers and {weights.Count} weights.",
                nameof(weights)
            );
        }

        foreach (double weight in weights ?? [])
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(
                Finite.NotNegative(weight, nameof(weights)),
                WeightMax,
                nameof(weights)
            );
        }
    }

    public static double Of(IReadOnlyList<double>? weights, int customer) =>
        weights?[customer] ?? 1;
}
