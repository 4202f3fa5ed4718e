using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;

namespace OrleansCdp.Identity;

/// <summary>
/// How many of those who have a field hold each value of it, frozen with a ruleset version. Nothing that decides who
/// somebody is reads a living count, or the order of arrival would matter.
/// </summary>
public sealed class Frequencies
{
    /// <summary>Values listed of one field, the most common ones.</summary>
    public const int ListedMax = 2_000;

    private readonly FrozenDictionary<ulong, double> counts;

    /// <summary>A table.</summary>
    /// <param name="entities">Who have the field at all.</param>
    /// <param name="others">How many hold a value that is not listed; above 0, and below 1 where most are held once.</param>
    /// <param name="listed">
    /// The most common values, at most <see cref="ListedMax"/>; those that would name a person as <c>#</c> and 16
    /// digits of their hash.
    /// </param>
    public Frequencies(
        double entities,
        double others,
        ImmutableArray<KeyValuePair<string, int>> listed
    )
    {
        Entities = entities;
        Others = others;
        Listed = listed;
        counts = listed.ToFrozenDictionary(
            entry => HashOf(entry.Key),
            entry => (double)entry.Value
        );
    }

    /// <summary>How many have the field at all.</summary>
    public double Entities { get; }

    /// <summary>How many hold a value that is not listed.</summary>
    public double Others { get; }

    /// <summary>The listed values with their counts.</summary>
    public ImmutableArray<KeyValuePair<string, int>> Listed { get; }

    /// <summary>How many hold a value.</summary>
    /// <param name="value">By <see cref="MatchField.HashOf"/>.</param>
    public double CountOf(ulong value) =>
        counts.TryGetValue(value, out double count) ? count : Others;

    /// <summary>Bits that sharing a value is worth by its rarity alone; of a word, its weight.</summary>
    /// <param name="value">By <see cref="MatchField.HashOf"/>.</param>
    public double RarityOf(ulong value) => double.Log2((Entities + 1) / CountOf(value));

    /// <summary>How a value stands in a definition that must not name people.</summary>
    public static string HashedName(ulong value) =>
        "#" + value.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>The hash of a value as it stands in a definition, in words or hashed.</summary>
    public static ulong HashOf(string listed) =>
        listed.Length == 17
        && listed[0] == '#'
        && ulong.TryParse(
            listed.AsSpan(1),
            NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture,
            out ulong hash
        )
            ? hash
            : MatchField.HashOf(listed);
}
