using System.Collections.Immutable;
using System.Globalization;

namespace OrleansCdp;

/// <summary>
/// Names of parts: a letter for the kind, then each name with its length before it, so that no two lists of names
/// make the same key whatever characters they hold. Part of the stored format, never changed.
/// </summary>
internal static class PartKeys
{
    /// <summary>The key of a link's own part.</summary>
    public static string Of(string kind, LinkKey link) => kind + Sized(link.ToString());

    /// <summary>The key of a part of one object's records.</summary>
    public static string Of(string kind, LinkKey link, string recordObject) =>
        Of(kind, link) + Sized(recordObject);

    /// <summary>The key of one record.</summary>
    public static string Of(string kind, LinkKey link, string recordObject, string recordId) =>
        Of(kind, link, recordObject) + Sized(recordId);

    /// <summary>What a key names; empty names where it names less.</summary>
    public static (string Kind, string Link, string Object) Read(string key)
    {
        ReadOnlySpan<char> rest = key.AsSpan(1);
        string link = Take(ref rest);
        return (key[..1], link, Take(ref rest));
    }

    /// <summary>Walks two sorted arrays at once and says where they differ.</summary>
    /// <param name="before">Sorted by key.</param>
    /// <param name="after">Sorted by key.</param>
    /// <param name="keyOf">An item's key.</param>
    /// <param name="order">The order of keys.</param>
    /// <param name="differs">Called with the item before, if any, and after.</param>
    /// <param name="gone">Called with an item that is no more.</param>
    public static void Compare<TItem, TKey>(
        ImmutableArray<TItem> before,
        ImmutableArray<TItem> after,
        Func<TItem, TKey> keyOf,
        Func<TKey, TKey, int> order,
        Action<TItem?, TItem> differs,
        Action<TItem> gone
    )
        where TItem : class
    {
        if (before == after)
        {
            return;
        }

        int b = 0;
        int a = 0;
        while (b < before.Length || a < after.Length)
        {
            if (b < before.Length && a < after.Length && ReferenceEquals(before[b], after[a]))
            {
                b++;
                a++;
                continue;
            }

            int turn =
                b == before.Length ? 1
                : a == after.Length ? -1
                : order(keyOf(before[b]), keyOf(after[a]));
            if (turn < 0)
            {
                gone(before[b++]);
            }
            else
            {
                differs(turn == 0 ? before[b++] : null, after[a++]);
            }
        }
    }

    private static string Sized(string name) =>
        string.Create(CultureInfo.InvariantCulture, $"{name.Length}:{name}");

    private static string Take(ref ReadOnlySpan<char> rest)
    {
        int colon = rest.IndexOf(':');
        if (
            colon < 0
            || !int.TryParse(rest[..colon], CultureInfo.InvariantCulture, out int length)
            || length > rest.Length - colon - 1
        )
        {
            return "";
        }

        string name = rest.Slice(colon + 1, length).ToString();
        rest = rest[(colon + 1 + length)..];
        return name;
    }
}
