using System.Numerics;

namespace OrleansCdp.Events;

/// <summary>
/// The event keys of the last hours, in open-addressing tables without chains or objects: 16 bytes a key at a load
/// of at most 80 %. Tables of an hour or less, so that forgetting is dropping a table.
/// </summary>
/// <param name="retention">How long a key is remembered.</param>
/// <param name="keysMax">Keys remembered; beyond it the oldest go before their time, an eighth of it at once at most.</param>
internal sealed class RecentEventKeys(TimeSpan retention, int keysMax)
{
    /// <summary>Length of a generation.</summary>
    public static readonly TimeSpan Generation = TimeSpan.FromHours(1);

    private const int TablesPerMax = 8;

    /// <summary>Sorted by hour.</summary>
    private readonly List<Table> tables = [];

    /// <summary>Keys remembered.</summary>
    public int Count { get; private set; }

    /// <summary>Keys forgotten before their time.</summary>
    public long ForgottenEarly { get; private set; }

    /// <summary>Whether a key was seen within the retention.</summary>
    public bool Contains(UInt128 key)
    {
        foreach (Table table in tables)
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
        long hour = at.UtcTicks / Generation.Ticks;
        int last = tables.Count - 1;
        while (last >= 0 && tables[last].Hour > hour)
        {
            last--;
        }

        bool fits =
            last >= 0 && tables[last].Hour == hour && tables[last].Count < keysMax / TablesPerMax;
        if (!fits)
        {
            tables.Insert(++last, new Table(hour));
        }

        Count += tables[last].Add(key) ? 1 : 0;
        if (Count > keysMax)
        {
            ForgottenEarly += tables[0].Count;
            ForgetOldest();
        }
    }

    /// <summary>Forgets what is wholly older than the retention.</summary>
    public void Forget(DateTimeOffset now)
    {
        long oldest = (now - retention).UtcTicks / Generation.Ticks;
        while (tables.Count > 0 && tables[0].Hour < oldest)
        {
            ForgetOldest();
        }
    }

    private void ForgetOldest()
    {
        Count -= tables[0].Count;
        tables.RemoveAt(0);
    }

    private sealed class Table(long hour)
    {
        private const int CapacityMin = 256;
        private UInt128[] slots = new UInt128[CapacityMin];
        private bool hasZero;

        public long Hour => hour;

        public int Count { get; private set; }

        public bool Contains(UInt128 key) =>
            key == UInt128.Zero ? hasZero : slots[SlotOf(slots, key)] == key;

        /// <summary>Adds a key; false if it is here.</summary>
        public bool Add(UInt128 key)
        {
            if (Contains(key))
            {
                return false;
            }

            if (key == UInt128.Zero)
            {
                Count++;
                return hasZero = true;
            }

            int slot = SlotOf(slots, key);

            slots[slot] = key;
            if (++Count > slots.Length / 5 * 4)
            {
                Grow();
            }

            return true;
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
