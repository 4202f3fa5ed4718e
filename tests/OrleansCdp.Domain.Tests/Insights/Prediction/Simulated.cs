using MathNet.Numerics.Distributions;

namespace OrleansCdp.Insights;

/// <summary>Customers who behave as the models say, by a seed.</summary>
internal static class Simulated
{
    public const double AgeMin = 27;
    public const double AgeMax = 39;

    public static RfmSummary[] Customers(BgNbd purchases, GammaGamma values, int count, int seed)
    {
        Random chance = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Customer(purchases, values, chance))];
    }

    private static RfmSummary Customer(BgNbd purchases, GammaGamma values, Random chance)
    {
        double rate = Gamma.Sample(chance, purchases.R, purchases.Alpha);
        double dropout = Beta.Sample(chance, purchases.A, purchases.B);
        double age = AgeMin + (chance.NextDouble() * (AgeMax - AgeMin));
        double perUnit = Gamma.Sample(chance, values.Q, values.Gamma);
        int repeats = 0;
        double last = 0;
        double spent = 0;
        while (true)
        {
            double next = last - (Math.Log(1 - chance.NextDouble()) / rate);
            if (!(next < age))
            {
                break;
            }

            last = next;
            repeats++;
            spent += Gamma.Sample(chance, values.P, perUnit);
            if (chance.NextDouble() < dropout)
            {
                break;
            }
        }

        double mean = repeats == 0 ? 0 : spent / repeats;
        return new RfmSummary(repeats, last, age, mean, purchases.Unit);
    }
}
