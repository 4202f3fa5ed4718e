using System.Runtime.InteropServices;

namespace OrleansCdp.Expressions;

/// <summary>
/// By how much the value of a field may go up and down before an answer that depends on it may be another, as long as time alone
/// does not change that (<see cref="Course"/>).
/// </summary>
/// <param name="Up">As long as it goes up by less; infinite where it may go up as it likes.</param>
/// <param name="Down">As long as it goes down by less; infinite where it may go down as it likes.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Leeway(double Up, double Down)
{
    // What is no whole number is rounded: who asks a little early asks again, who asks late is late.
    private const double Early = 1 - 1e-9;

    /// <summary>No change matters.</summary>
    public static Leeway Any { get; } = new(double.PositiveInfinity, double.PositiveInfinity);

    /// <summary>Every change matters.</summary>
    public static Leeway None { get; }

    /// <summary>It may go up as it likes, and every way down matters.</summary>
    public static Leeway Upwards { get; } = new(double.PositiveInfinity, 0);

    /// <summary>It may go down as it likes, and every way up matters.</summary>
    public static Leeway Downwards { get; } = new(0, double.PositiveInfinity);

    /// <summary>Whether values of a type go up and down; texts and truth values are others, or not.</summary>
    public static bool Measures<T>() =>
        typeof(T) == typeof(decimal)
        || typeof(T) == typeof(DateTimeOffset)
        || typeof(T) == typeof(TimeSpan);

    /// <summary>Of what stands to a bound in some way, as long as a test of that has the same answer.</summary>
    /// <param name="value">The value.</param>
    /// <param name="bound">The bound.</param>
    /// <param name="holds">The test: told -1 where the value is less, 0 or 1.</param>
    public static Leeway Of<T>(T value, T bound, Func<int, bool> holds)
        where T : notnull
    {
        int side = Comparer<T>.Default.Compare(value, bound);
        return new Leeway(Towards(1), Towards(-1));

        double Towards(int way)
        {
            bool held = holds(Math.Sign(side));
            bool isBehind = Math.Sign(side) == -way;
            return (!isBehind || holds(0) == held) && holds(way) == held
                ? double.PositiveInfinity
                : Distance();
        }

        // What is no number goes by no amount that is known.
        double Distance() =>
            (value, bound) is (decimal one, decimal other)
            && Arithmetic.Subtract(one, other, out decimal distance)
                ? Math.Abs((double)distance) * Early
                : 0;
    }

    /// <summary>What is left after the value went up and down.</summary>
    /// <param name="up">By how much, at most; infinite where that is not known.</param>
    /// <param name="down">By how much, at most.</param>
    public Leeway After(double up, double down) => new(Left(Up, up), Left(Down, down));

    /// <summary>Whether the answer may be another after the value went so far.</summary>
    /// <param name="up">By how much it went up since it had this.</param>
    /// <param name="down">By how much it went down.</param>
    public bool IsLostBy(double up, double down) =>
        (up > 0 && up >= Up && !double.IsInfinity(Up))
        || (down > 0 && down >= Down && !double.IsInfinity(Down));

    /// <summary>What two answers leave that both have to stay.</summary>
    public Leeway With(Leeway other) => new(Math.Min(Up, other.Up), Math.Min(Down, other.Down));

    private static double Left(double leeway, double gone) =>
        double.IsInfinity(leeway) ? leeway : Math.Max(0, leeway - gone);
}

/// <summary>The leeway of each field that an expression may name.</summary>
internal sealed class Leeways
{
    private readonly Leeway[] bySlot;

    /// <summary>Of so many fields, none of which matters yet.</summary>
    public Leeways(int slots)
    {
        bySlot = new Leeway[slots];
        Array.Fill(bySlot, Leeway.Any);
    }

    /// <summary>Notes that an answer leaves a field no more than this.</summary>
    public void Narrow(int slot, Leeway leeway) => bySlot[slot] = bySlot[slot].With(leeway);

    /// <summary>Takes off by how much a field's value may have gone.</summary>
    /// <param name="slot">The field.</param>
    /// <param name="up">By how much it went up, at most; infinite where that is not known.</param>
    /// <param name="down">By how much it went down, at most.</param>
    /// <returns>Whether the answer may be another.</returns>
    public bool Spend(int slot, double up, double down)
    {
        ref Leeway leeway = ref bySlot[slot];
        bool isLost = leeway.IsLostBy(up, down);
        leeway = leeway.After(up, down);
        return isLost;
    }
}
