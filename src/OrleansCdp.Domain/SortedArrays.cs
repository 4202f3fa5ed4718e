using System.Collections.Immutable;

namespace OrleansCdp;

/// <summary>
/// Search and comparison of arrays that are kept sorted: equal states have equal bytes, and small arrays need no hash table.
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
    ) => items.AsSpan().IndexOf(key, order);

    /// <summary>Where a key is, or the complement of where it would be inserted.</summary>
    /// <param name="items">Sorted by <paramref name="order"/>.</param>
    /// <param name="key">The key looked for.</param>
    /// <param name="order">Compares an item with a key; a static lambda allocates nothing.</param>
    public static int IndexOf<T, TKey>(
        this ReadOnlySpan<T> items,
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

    /// <summary>
    /// Walks two sorted arrays at once and says where they differ. What is the same object in both is not looked into.
    /// </summary>
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
        where TItem : class =>
        Compare(
            before,
            after,
            (differs, gone),
            keyOf,
            order,
            static (calls, known, item) => calls.differs(known, item),
            static (calls, item) => calls.gone(item)
        );

    /// <summary>The same, for static lambdas, which allocate nothing.</summary>
    /// <param name="before">Sorted by key.</param>
    /// <param name="after">Sorted by key.</param>
    /// <param name="state">What the two calls are given.</param>
    /// <param name="keyOf">An item's key.</param>
    /// <param name="order">The order of keys.</param>
    /// <param name="differs">Called with the item before, if any, and after.</param>
    /// <param name="gone">Called with an item that is no more.</param>
    public static void Compare<TItem, TKey, TState>(
        ImmutableArray<TItem> before,
        ImmutableArray<TItem> after,
        TState state,
        Func<TItem, TKey> keyOf,
        Func<TKey, TKey, int> order,
        Action<TState, TItem?, TItem> differs,
        Action<TState, TItem> gone
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
                gone(state, before[b++]);
            }
            else
            {
                differs(state, turn == 0 ? before[b++] : null, after[a++]);
            }
        }
    }
}
