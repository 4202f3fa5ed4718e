using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansCdp.Governance;

/// <summary>The declared fields of a record and how to find them in one pass over it.</summary>
internal sealed class FieldTable
{
    private readonly FrozenDictionary<string, int> slotByColumn;
    private Columns? lastColumns;

    /// <summary>Prepares the look-ups.</summary>
    /// <param name="fields">The fields, by slot.</param>
    /// <param name="ignored">Paths that are known and not wanted.</param>
    public FieldTable(
        ImmutableArray<FieldPlan> fields,
        IReadOnlyCollection<ImmutableArray<string>> ignored
    )
    {
        Fields = fields;
        PathNode.Builder root = new();
        Dictionary<string, int> columns = new(StringComparer.Ordinal);
        foreach (ImmutableArray<string> path in ignored)
        {
            root.Add(path, slot: null);
            columns[string.Join('.', path)] = PathNode.IgnoredSlot;
        }

        foreach (FieldPlan field in fields)
        {
            root.Add(field.Path, field.Slot);
            columns[string.Join('.', field.Path)] = field.Slot;
        }

        Root = root.Build();
        slotByColumn = columns.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The fields, by slot.</summary>
    public ImmutableArray<FieldPlan> Fields { get; }

    /// <summary>Where a walk over a JSON record starts.</summary>
    public PathNode Root { get; }

    /// <summary>The slot of each column: negative for none.</summary>
    public int[] SlotsOf(IReadOnlyList<string> columns)
    {
        // A file's rows share their header, so the last answer nearly always fits.
        Columns? last = lastColumns;
        if (last is not null && last.Fits(columns))
        {
            return last.Slots;
        }

        string[] names = [.. columns];
        int[] slots = Array.ConvertAll(
            names,
            name => slotByColumn.GetValueOrDefault(name, PathNode.UnknownSlot)
        );
        lastColumns = new Columns(names, slots);
        return slots;
    }

    private sealed record Columns(string[] Names, int[] Slots)
    {
        public bool Fits(IReadOnlyList<string> columns)
        {
            if (columns.Count != Names.Length)
            {
                return false;
            }

            for (int i = 0; i < Names.Length; i++)
            {
                if (!string.Equals(columns[i], Names[i], StringComparison.Ordinal))
                {
                    return false;
                }
            }

            return true;
        }
    }
}

/// <summary>A property name that declared fields lead through or end at.</summary>
internal sealed class PathNode
{
    /// <summary>Marks what no declaration mentions.</summary>
    public const int UnknownSlot = -1;

    /// <summary>Marks what a declaration says is not wanted.</summary>
    public const int IgnoredSlot = -2;

    private readonly byte[][] names;
    private readonly PathNode[] children;
    private readonly int[] buckets;
    private readonly int mask;

    private PathNode(int slot, byte[][] names, PathNode[] children)
    {
        Slot = slot;
        this.names = names;
        this.children = children;
        int size = 4;
        while (size < names.Length * 3)
        {
            size *= 2;
        }

        mask = size - 1;
        buckets = new int[size];
        for (int i = 0; i < names.Length; i++)
        {
            int bucket = HashOf(names[i]) & mask;
            while (buckets[bucket] != 0)
            {
                bucket = (bucket + 1) & mask;
            }

            buckets[bucket] = i + 1;
        }
    }

    /// <summary>The field that ends here, or a negative mark.</summary>
    public int Slot { get; }

    /// <summary>Whether fields lie below.</summary>
    public bool HasChildren => children.Length > 0;

    /// <summary>The child of a name, or null.</summary>
    public PathNode? Find(ReadOnlySpan<byte> name)
    {
        int bucket = HashOf(name) & mask;
        while (buckets[bucket] is int found and not 0)
        {
            if (name.SequenceEqual(names[found - 1]))
            {
                return children[found - 1];
            }

            bucket = (bucket + 1) & mask;
        }

        return null;
    }

    // Collisions cost a comparison, never an error: length, ends and middle tell real names apart.
    private static int HashOf(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
        {
            return 0;
        }

        uint hash = ((uint)name.Length * 31) + name[0];
        hash = (hash * 131) + name[^1];
        hash = (hash * 131) + name[name.Length / 2];
        hash = (hash * 131) + name[name.Length * 3 / 4];
        return (int)((hash * 2654435769u) >> 8);
    }

    /// <summary>Collects paths before the tree is frozen.</summary>
    internal sealed class Builder
    {
        private readonly Dictionary<string, Builder> byName = new(StringComparer.Ordinal);
        private int slot = UnknownSlot;

        /// <summary>Adds a path that ends at a slot; null for one that is ignored.</summary>
        public void Add(ImmutableArray<string> path, int? slot)
        {
            Builder node = this;
            foreach (string name in path)
            {
                ref Builder? child = ref CollectionsMarshal.GetValueRefOrAddDefault(
                    node.byName,
                    name,
                    out bool _
                );
                node = child ??= new Builder();
            }

            node.slot = slot ?? IgnoredSlot;
        }

        public PathNode Build() =>
            new(
                slot,
                [.. byName.Keys.Select(Encoding.UTF8.GetBytes)],
                [.. byName.Values.Select(child => child.Build())]
            );
    }
}
