using System.Collections.Immutable;

namespace OrleansCdp;

/// <summary>
/// Search in arrays that are kept sorted: equal states have equal bytes, and small arrays need no hash table.
/// </summary>
public static class SortedArrays
{
    /// <summary>Where a key is, or the complement of where it would be inserted.</summary>
    /// <param name="items">Sorted by <paramref name="order"/>.</param>
    /// <param name="key">The key looked for.</param>
    /// <param name="order">Compares an item with a key; a static lambda allocates nothing.</param>
    public static int IndexOf<T, TKey>(
        this ImmutableArray<T> items,
        TKey key,
        Func<T, TKey, int> order
    )
    {
        int low = 0;
        int high = items.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int compared = order(items[middle], key);
            if (compared == 0)
            {
                return middle;
            }

            if (compared < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return ~low;
    }
}
