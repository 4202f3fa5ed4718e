using System.Globalization;

namespace OrleansCdp.Expressions;

/// <summary>Durations as they are written: a whole number and a unit of fixed length.</summary>
internal static class Durations
{
    private static readonly (string Unit, TimeSpan Length)[] Units =
    [
        ("year", TimeSpan.FromDays(365)),
        ("week", TimeSpan.FromDays(7)),
        ("day", TimeSpan.FromDays(1)),
        ("hour", TimeSpan.FromHours(1)),
        ("minute", TimeSpan.FromMinutes(1)),
        ("second", TimeSpan.FromSeconds(1)),
    ];

    /// <summary>The longest one that can be written: a century.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromDays(36_500);

    /// <summary>The length of one unit, written in the singular or the plural; null for no unit.</summary>
    public static TimeSpan? LengthOf(string word)
    {
        foreach ((string unit, TimeSpan length) in Units)
        {
            if (word == unit || (word.Length == unit.Length + 1 && word == unit + "s"))
            {
                return length;
            }
        }

        return null;
    }

    /// <summary>The one way a duration of whole seconds is written: in the largest unit that fits.</summary>
    public static string Print(TimeSpan duration)
    {
        foreach ((string unit, TimeSpan length) in Units)
        {
            if (duration.Ticks % length.Ticks == 0)
            {
                long count = duration.Ticks / length.Ticks;
                return count == 1
                    ? $"1 {unit}"
                    : string.Create(CultureInfo.InvariantCulture, $"{count} {unit}s");
            }
        }

        throw new ArgumentOutOfRangeException(nameof(duration), duration, "Not of whole seconds.");
    }
}
