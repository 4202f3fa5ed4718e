using System.Numerics;

namespace OrleansCdp.Events;

/// <summary>Seeded random numbers (SplitMix64), the same on every platform and runtime.</summary>
/// <param name="seed">Equal seeds give equal numbers.</param>
internal sealed class Chance(ulong seed)
{
    private ulong state = seed;

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        state += 0x9E3779B97F4A7C15;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 to below <paramref name="bound"/>.</summary>
    public int Below(int bound) => (int)Math.BigMul(NextBits(), (ulong)bound, out _);

    /// <summary>A number from 0 to below 1.</summary>
    public double Fraction() => (NextBits() >> 11) * (1.0 / (1UL << 53));
}

/// <summary>Chooses whom an event is about.</summary>
internal abstract class KeyChoice
{
    /// <summary>A key from 0.</summary>
    public abstract int Next(Chance chance);

    /// <summary>The choice of a name.</summary>
    /// <exception cref="FormatException">Neither <c>zipf</c> nor <c>uniform</c>.</exception>
    public static KeyChoice Of(string name, int count) =>
        name switch
        {
            "zipf" => new Zipf(count),
            "uniform" => new Uniform(count),
            _ => throw new FormatException($"Keys are zipf or uniform, not '{name}'."),
        };

    private sealed class Uniform(int count) : KeyChoice
    {
        public override int Next(Chance chance) => chance.Below(count);
    }

    /// <summary>Zipf with exponent 0.99, sampled by Vose's alias method: one look per key.</summary>
    private sealed class Zipf : KeyChoice
    {
        private const double Exponent = 0.99;
        private readonly double[] threshold;
        private readonly int[] alias;

        public Zipf(int count)
        {
            threshold = new double[count];
            alias = new int[count];
            for (int i = 0; i < count; i++)
            {
                threshold[i] = Math.Pow(i + 1, -Exponent);
            }

            double scale = count / threshold.Sum();
            Stack<int> small = new();
            Stack<int> large = new();
            for (int i = 0; i < count; i++)
            {
                threshold[i] *= scale;
                (threshold[i] < 1 ? small : large).Push(i);
            }

            while (small.Count > 0 && large.Count > 0)
            {
                int less = small.Pop();
                int more = large.Pop();
                alias[less] = more;
                threshold[more] -= 1 - threshold[less];
                (threshold[more] < 1 ? small : large).Push(more);
            }

            foreach (int rest in small.Concat(large))
            {
                threshold[rest] = 1; // What rounding left over.
            }
        }

        public override int Next(Chance chance)
        {
            int column = chance.Below(threshold.Length);
            return chance.Fraction() < threshold[column] ? column : alias[column];
        }
    }
}
