using System.Numerics;

namespace OrleansCdp.Events;

/// <summary>
/// The event keys of the last hours, in open-addressing tables without chains or objects: 16 bytes a key at a load
/// of at most 80 %. One table per generation of an hour, so that forgetting is dropping a table.
/// </summary>
internal sealed class RecentEventKeys(TimeSpan retention)
{
    /// <summary>Length of a generation.</summary>
    public static readonly TimeSpan Generation = TimeSpan.FromHours(1);

    private const int CapacityMin = 256;
    private readonly SortedDictionary<long, Table> generations = [];

    /// <summary>Keys remembered.</summary>
    public long Count => generations.Values.Sum(table => (long)table.Count);

    /// <summary>Whether a key was seen within the retention.</summary>
    public bool Contains(UInt128 key)
    {
        foreach (Table table in generations.Values)
        {
            if (table.Contains(key))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Remembers a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="at">When its event was received.</param>
    public void Add(UInt128 key, DateTimeOffset at)
    {
        long generation = at.UtcTicks / Generation.Ticks;
        if (!generations.TryGetValue(generation, out Table? table))
        {
            table = new Table(CapacityMin);
            generations.Add(generation, table);
        }

        table.Add(key);
    }

    /// <summary>Forgets generations that are wholly older than the retention.</summary>
    public void Forget(DateTimeOffset now)
    {
        long oldest = (now - retention).UtcTicks / Generation.Ticks;
        while (generations.Count > 0 && generations.First().Key < oldest)
        {
            generations.Remove(generations.First().Key);
        }
    }

    private sealed class Table(int capacity)
    {
        private UInt128[] slots = new UInt128[capacity];
        private bool hasZero;

        public int Count { get; private set; }

        public bool Contains(UInt128 key) =>
            key == UInt128.Zero ? hasZero : slots[SlotOf(slots, key)] == key;

        public void Add(UInt128 key)
        {
            if (key == UInt128.Zero)
            {
                Count += hasZero ? 0 : 1;
                hasZero = true;
                return;
            }

            int slot = SlotOf(slots, key);
            if (slots[slot] == key)
            {
                return;
            }

            slots[slot] = key;
            if (++Count > slots.Length / 5 * 4)
            {
                Grow();
            }
        }

        private static int SlotOf(UInt128[] slots, UInt128 key)
        {
            int mask = slots.Length - 1;
            int slot = (int)(ulong)key & mask;
            while (slots[slot] != UInt128.Zero && slots[slot] != key)
            {
                slot = (slot + 1) & mask;
            }

            return slot;
        }

        private void Grow()
        {
            UInt128[] larger = new UInt128[BitOperations.RoundUpToPowerOf2((uint)slots.Length + 1)];
            foreach (UInt128 key in slots)
            {
                if (key != UInt128.Zero)
                {
                    larger[SlotOf(larger, key)] = key;
                }
            }

            slots = larger;
        }
    }
}
