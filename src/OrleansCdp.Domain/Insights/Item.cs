using System.Runtime.InteropServices;

namespace OrleansCdp.Insights;

/// <summary>The record an item is of.</summary>
/// <param name="Link">The link it is shown under.</param>
/// <param name="Object">Its canonical object.</param>
/// <param name="Id">Its id at its source.</param>
public sealed record ItemOrigin(LinkKey Link, string Object, string Id)
{
    /// <summary>An order of origins that does not depend on which link told of a record last.</summary>
    internal int Order(ItemOrigin other)
    {
        int order = string.CompareOrdinal(Object, other.Object);
        order = order == 0 ? string.CompareOrdinal(Link.Source, other.Link.Source) : order;
        return order == 0 ? string.CompareOrdinal(Id, other.Id) : order;
    }
}

/// <summary>What a value is compared by: a number in billionths, ticks, or a truth value; or a text.</summary>
/// <param name="Order">The number; 0 for a text.</param>
/// <param name="Text">The text; null for a number.</param>
[GenerateSerializer, Immutable, Alias("cdp.measured"), StructLayout(LayoutKind.Auto)]
public readonly record struct Measured(
    [property: Id(0)] Int128 Order,
    [property: Id(1)] string? Text = null
) : IComparable<Measured>
{
    /// <inheritdoc/>
    public int CompareTo(Measured other) =>
        Text is null || other.Text is null
            ? Order.CompareTo(other.Order)
            : string.CompareOrdinal(Text, other.Text);

    /// <summary>Whether the left value is lower.</summary>
    public static bool operator <(Measured left, Measured right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left value is higher.</summary>
    public static bool operator >(Measured left, Measured right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left value is lower or the same.</summary>
    public static bool operator <=(Measured left, Measured right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left value is higher or the same.</summary>
    public static bool operator >=(Measured left, Measured right) => left.CompareTo(right) >= 0;
}

/// <summary>One thing that counts in an insight: a record, a line, a closure, something done.</summary>
/// <param name="At">When it counts, UTC ticks.</param>
/// <param name="Value">What is measured of it; of a ratio what is divided, of a count one.</param>
/// <param name="Divisor">Of a ratio, what it is divided by, in billionths; else 0.</param>
/// <param name="Part">The part it belongs to (<see cref="PartNames"/>); null where nothing is divided.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Item(long At, Measured Value, Int128 Divisor, string? Part)
{
    /// <summary>The record it is of; null for what was done.</summary>
    public ItemOrigin? Origin { get; init; }

    /// <summary>Its place among the items of its record.</summary>
    public int Place { get; init; }

    /// <summary>The place of the first item that is later than a moment.</summary>
    /// <param name="items">Sorted by time.</param>
    /// <param name="moment">UTC ticks.</param>
    public static int FirstAfter(ReadOnlySpan<Item> items, long moment)
    {
        int from = 0;
        int to = items.Length;
        while (from < to)
        {
            int middle = (from + to) / 2;
            if (items[middle].At > moment)
            {
                to = middle;
            }
            else
            {
                from = middle + 1;
            }
        }

        return from;
    }
}

/// <summary>How the parts of a divided insight are named.</summary>
internal static class PartNames
{
    /// <summary>Characters of a part's key; what has a longer one is in <see cref="Other"/>.</summary>
    public const int LengthMax = 200;

    /// <summary>Where parts go that are too many, or have too long a name.</summary>
    public const string Other = "(other)";

    /// <summary>Stands between the values of several expressions.</summary>
    public const char Between = '\u001f';

    /// <summary>Stands for no value: no field begins with it, for it is not a text that is kept.</summary>
    public const string None = "\u0000";

    /// <summary>The values a key was made of; null for none.</summary>
    public static IEnumerable<string?> ValuesOf(string key) =>
        key.Split(Between).Select(value => value == None ? null : value);
}
