using System.Runtime.InteropServices;

namespace OrleansCdp.Insights;

/// <summary>The items of records that count in an insight, and in all others of its group (<see cref="ItemGroups"/>).</summary>
/// <param name="reads">What is read of records: that insight, or another one of the group.</param>
internal sealed class InsightItems(InsightDefinition reads)
{
    /// <summary>Items up to which it is cheaper to insert each than to sort.</summary>
    private const int FewMax = 16;

    private static readonly Comparer<Item> Order = Comparer<Item>.Create(
        static (left, right) =>
        {
            int order = left.At.CompareTo(right.At);
            order = order == 0 ? left.Origin!.Order(right.Origin!) : order;
            return order == 0 ? left.Place.CompareTo(right.Place) : order;
        }
    );

    // Sticks until one comes when there are none: it is enough to know when they are of one part for sure.
    private bool areOfParts;
    private bool isFollowed;

    // Most people seldom do anything: what is empty takes no memory.
    private MovedItems? Noted => isFollowed ? Moved ??= new MovedItems() : null;

    /// <summary>What is read of records.</summary>
    public InsightDefinition Reads => reads;

    /// <summary>Sorted by time, then by record and place.</summary>
    public List<Item> Items { get; } = [];

    /// <summary>What came and went since <see cref="ForgetMoved"/>; null for nothing, or before anybody asks for it.</summary>
    public MovedItems? Moved { get; private set; }

    /// <summary>Forgets what came and went, and notes from now on what does.</summary>
    public void ForgetMoved() => (Moved, isFollowed) = (null, true);

    /// <summary>Puts what a record comes to now in the place of what it came to.</summary>
    /// <param name="known">The origin of what it came to; null for nothing.</param>
    /// <param name="next">What it comes to, all of one origin.</param>
    /// <returns>Whether that is something else.</returns>
    public bool Replace(ItemOrigin? known, List<Item> next)
    {
        if (known is not null && TryReplaceEach(known, next, out bool changed))
        {
            return changed;
        }

        changed = next.Count > 0 || known is not null;
        if (known is not null)
        {
            Remove(known);
        }

        if (next.Count > FewMax)
        {
            foreach (ref readonly Item item in CollectionsMarshal.AsSpan(next))
            {
                Append(item);
            }

            Sort();
        }
        else
        {
            foreach (ref readonly Item item in CollectionsMarshal.AsSpan(next))
            {
                Insert(item);
            }
        }

        return changed;
    }

    /// <summary>Lets go of the items of some records.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Remove(HashSet<ItemOrigin> origins) =>
        Items.RemoveAll(item =>
        {
            bool goes = origins.Contains(item.Origin!);
            if (goes)
            {
                Noted?.Go(item);
            }

            return goes;
        }) > 0;

    /// <summary>Adds the items of a record. Call <see cref="Sort"/> after the last one.</summary>
    /// <returns>Whether it has any.</returns>
    public bool Append(in LinkRecord record, ItemOrigin origin)
    {
        int before = Items.Count;
        ItemReader.Read(reads, record, origin, Items);
        for (int i = before; i < Items.Count; i++)
        {
            Note(Items[i], isFirst: true);
        }

        return Items.Count > before;
    }

    /// <summary>Sorts what was appended.</summary>
    public void Sort() => Items.Sort(Order);

    private void Append(in Item item)
    {
        Note(item, isFirst: true);
        Items.Add(item);
    }

    private void Insert(in Item item)
    {
        // What is new is mostly the latest, too.
        bool isLast = Items.Count == 0 || Order.Compare(Items[^1], item) < 0;
        int place = isLast ? Items.Count : ~Items.BinarySearch(item, Order);
        Note(item, isFirst: place == 0);
        Items.Insert(place, item);
    }

    private void Note(in Item item, bool isFirst)
    {
        areOfParts = Items.Count > 0 && (areOfParts || Items[0].Part != item.Part);
        Noted?.Come(item, isFirst, areOfParts);
    }

    private void Remove(ItemOrigin origin)
    {
        Span<Item> items = CollectionsMarshal.AsSpan(Items);
        int kept = 0;
        while (kept < items.Length && !ReferenceEquals(items[kept].Origin, origin))
        {
            kept++;
        }

        for (int i = kept; i < items.Length; i++)
        {
            if (ReferenceEquals(items[i].Origin, origin))
            {
                Noted?.Go(items[i]);
            }
            else
            {
                items[kept++] = items[i];
            }
        }

        Items.RemoveRange(kept, Items.Count - kept);
    }

    // What changes of a record is seldom when it counts: its items have their places already.
    private bool TryReplaceEach(ItemOrigin known, List<Item> next, out bool changed)
    {
        changed = false;
        if (next.Count > 0 && !ReferenceEquals(next[0].Origin, known))
        {
            return false;
        }

        int place = 0;
        foreach (ref Item item in CollectionsMarshal.AsSpan(Items))
        {
            if (!ReferenceEquals(item.Origin, known))
            {
                continue;
            }

            if (place == next.Count || Order.Compare(item, next[place]) != 0)
            {
                return false;
            }

            if (!item.Equals(next[place]))
            {
                changed = true;
                areOfParts |= item.Part != next[place].Part;
                Noted?.Become(item, next[place]);
            }

            item = next[place++];
        }

        return place == next.Count;
    }
}
