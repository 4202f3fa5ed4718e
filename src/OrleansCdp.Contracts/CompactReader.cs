using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>Reads what <see cref="CompactWriter"/> wrote, in the same order.</summary>
internal sealed class CompactReader
{
    private readonly ReadOnlyMemory<byte> bytes;
    private readonly int namesMax;
    private readonly List<string> names = [];
    private int position;

    private CompactReader(ReadOnlyMemory<byte> bytes, int namesMax)
    {
        this.bytes = bytes;
        this.namesMax = namesMax;
    }

    /// <summary>The format of what is read.</summary>
    public ulong Format { get; private set; }

    /// <summary>Reads a whole: its format number, then what the function reads, then nothing.</summary>
    /// <param name="bytes">What was written.</param>
    /// <param name="format">The newest format that is known.</param>
    /// <param name="read">Reads it.</param>
    /// <param name="namesMax">Names that are numbered, as when it was written.</param>
    /// <param name="oldest">The oldest format that is known; null when there is but one.</param>
    /// <exception cref="InvalidDataException">The bytes are none that were written in this format.</exception>
    public static T Read<T>(
        ReadOnlyMemory<byte> bytes,
        ulong format,
        Func<CompactReader, T> read,
        int namesMax = CompactWriter.NamesMax,
        ulong? oldest = null
    )
    {
        CompactReader from = new(bytes, namesMax);
        ulong written = from.Format = from.Unsigned();
        if (written > format || written < (oldest ?? format))
        {
            throw new InvalidDataException($"A stored part has the unknown format {written}.");
        }

        try
        {
            T value = read(from);
            return from.position == bytes.Length
                ? value
                : throw new InvalidDataException("A stored part is longer than it should be.");
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            throw new InvalidDataException("A stored part has a value that cannot be.", e);
        }
    }

    public bool Flag() => Unsigned() != 0;

    public ulong Unsigned()
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = Take(1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }

            if (shift > 56)
            {
                throw new InvalidDataException("A number of a stored part is too long.");
            }
        }
    }

    public long Number()
    {
        ulong value = Unsigned();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public int Int() => checked((int)Number());

    public long Ticks() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    public decimal Amount()
    {
        Span<int> bits = stackalloc int[4];
        for (int i = 0; i < bits.Length; i++)
        {
            bits[i] = (int)(uint)Unsigned();
        }

        return new decimal(bits);
    }

    public string Text() => Encoding.UTF8.GetString(Take(Count()));

    public string? TextOrNull() => Flag() ? Text() : null;

    public string Name()
    {
        int known = (int)Unsigned();
        if (known > 0)
        {
            return known <= names.Count
                ? names[known - 1]
                : throw new InvalidDataException("A stored part has a name without a text.");
        }

        string name = Text();
        if (names.Count < namesMax)
        {
            names.Add(name);
        }

        return name;
    }

    public DateTimeOffset Instant()
    {
        DateTimeOffset utc = new(Ticks(), TimeSpan.Zero);
        return utc.ToOffset(TimeSpan.FromMinutes(Number()));
    }

    public Stamp Stamp() => new(Ticks(), Number(), Number());

    public LinkKey Link() => new(Name(), Name(), Text());

    public Identifier Identifier() => new(Name(), Text(), Flag());

    public FieldValue Value() => new((FieldType)Unsigned(), Text());

    public OrderLine Line() =>
        new()
        {
            Id = Text(),
            Product = TextOrNull(),
            Category = TextOrNull(),
            Quantity = Amount(),
            Amount = Amount(),
        };

    public ImmutableArray<T> Many<T>(Func<CompactReader, T> read)
    {
        T[] values = ManyAsArray(read);
        return values.Length == 0 ? [] : ImmutableCollectionsMarshal.AsImmutableArray(values);
    }

    public T[] ManyAsArray<T>(Func<CompactReader, T> read)
    {
        int count = Count();
        T[] values = count == 0 ? [] : new T[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = read(this);
        }

        return values;
    }

    /// <summary>A count of things that follow, each a byte at least.</summary>
    private int Count()
    {
        ulong count = Unsigned();
        return count <= (ulong)(bytes.Length - position)
            ? (int)count
            : throw new InvalidDataException("A stored part ends too early.");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > bytes.Length - position)
        {
            throw new InvalidDataException("A stored part ends too early.");
        }

        position += count;
        return bytes.Span.Slice(position - count, count);
    }
}
