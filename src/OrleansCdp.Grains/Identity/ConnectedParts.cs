namespace OrleansCdp.Identity;

/// <summary>Records that hang together, directly or through others; parts grow together, and never apart.</summary>
internal sealed class ConnectedParts
{
    private readonly Dictionary<long, long> root = [];
    private readonly Dictionary<long, int> size = [];

    /// <summary>All records.</summary>
    public IReadOnlyCollection<long> Records => root.Keys;

    /// <summary>Whether a record is in any part.</summary>
    public bool Has(long record) => root.ContainsKey(record);

    /// <summary>Begins a part of one record, unless it is in one.</summary>
    /// <returns>Whether it was in none.</returns>
    public bool Add(long record)
    {
        size.TryAdd(record, 1);
        return root.TryAdd(record, record);
    }

    /// <summary>Records of the part that two records would make, or are in together.</summary>
    /// <param name="known">A record that is in a part.</param>
    /// <param name="other">Any record.</param>
    public int SizeTogether(long known, long other)
    {
        long part = RootOf(known);
        return size[part]
            + (
                !Has(other) ? 1
                : RootOf(other) == part ? 0
                : size[RootOf(other)]
            );
    }

    /// <summary>Makes one part of the parts of two records; nothing if one of them is in none.</summary>
    public void Join(long left, long right)
    {
        if (!Has(left) || !Has(right))
        {
            return;
        }

        (long a, long b) = (RootOf(left), RootOf(right));
        if (a != b)
        {
            root[a] = b;
            size[b] += size[a];
        }
    }

    /// <summary>The parts.</summary>
    public IEnumerable<long[]> All() =>
        root.Keys.ToArray().GroupBy(RootOf, (_, part) => part.ToArray());

    private long RootOf(long record)
    {
        while (root[record] != record)
        {
            record = root[record] = root[root[record]];
        }

        return record;
    }
}
