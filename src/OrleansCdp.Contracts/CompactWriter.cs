using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>
/// Writes values one after the other, without names or types: what reads them knows the order. Part of the stored
/// format, never changed. Numbers are LEB128, text is UTF-8 after its length, and names, of which a part has few, are
/// written once and numbered.
/// </summary>
internal sealed class CompactWriter
{
    /// <summary>Names of a part that are numbered; further ones are written out.</summary>
    public const int NamesMax = 64;

    private const int LengthBytesMax = 10;
    private const int BufferMin = 4096;
    private const int BufferKeptMax = 1024 * 1024;

    [ThreadStatic]
    private static CompactWriter? pooled;

    private readonly Dictionary<string, int> names = new(StringComparer.Ordinal);
    private byte[] buffer = new byte[BufferMin];
    private int length;
    private int namesMax;

    /// <summary>
    /// The bytes that a function writes: good until the next such call of this thread, so to be copied at once.
    /// </summary>
    /// <param name="value">What is written.</param>
    /// <param name="write">Writes it.</param>
    /// <param name="namesMax">Names that are numbered; whoever reads must know it.</param>
    public static ReadOnlySpan<byte> Write<T>(
        T value,
        Action<CompactWriter, T> write,
        int namesMax = NamesMax
    )
    {
        CompactWriter writer = pooled ??= new CompactWriter();
        if (writer.buffer.Length > BufferKeptMax)
        {
            writer.buffer = new byte[BufferMin];
        }

        writer.length = 0;
        writer.namesMax = namesMax;
        writer.names.Clear();
        write(writer, value);
        return writer.buffer.AsSpan(0, writer.length);
    }

    public void Flag(bool value) => Unsigned(value ? 1UL : 0);

    public void Unsigned(ulong value)
    {
        Span<byte> free = Room(10);
        int at = 0;
        while (value >= 0x80)
        {
            free[at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        free[at++] = (byte)value;
        length += at;
    }

    public void Number(long value) => Unsigned((ulong)((value << 1) ^ (value >> 63)));

    /// <summary>A number whose upper bytes are seldom zero.</summary>
    public void Ticks(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(Room(sizeof(long)), value);
        length += sizeof(long);
    }

    public void Amount(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        foreach (int part in bits)
        {
            Unsigned((uint)part);
        }
    }

    public void Text(string value)
    {
        // Most is short: room for its length is one byte, and nothing needs to be counted before.
        Span<byte> free = Room((value.Length * 3) + LengthBytesMax);
        int bytes = Encoding.UTF8.GetBytes(value, free[1..]);
        if (bytes < 0x80)
        {
            free[0] = (byte)bytes;
            length += 1 + bytes;
            return;
        }

        Unsigned((ulong)bytes);
        Encoding.UTF8.GetBytes(value, Room(bytes));
        length += bytes;
    }

    public void TextOrNull(string? value)
    {
        Flag(value is not null);
        if (value is not null)
        {
            Text(value);
        }
    }

    /// <summary>A text that is likely to come again within the part.</summary>
    public void Name(string value)
    {
        if (names.TryGetValue(value, out int known))
        {
            Unsigned((ulong)known);
            return;
        }

        Unsigned(0);
        Text(value);
        if (names.Count < namesMax)
        {
            names.Add(value, names.Count + 1);
        }
    }

    public void Instant(DateTimeOffset value)
    {
        Ticks(value.UtcTicks);
        Number(value.TotalOffsetMinutes);
    }

    public void Stamp(Stamp value)
    {
        Ticks(value.At);
        Number(value.Version);
        Number(value.Arrival);
    }

    public void Link(LinkKey value)
    {
        Name(value.Source);
        Name(value.Object);
        Text(value.Id);
    }

    public void Identifier(Identifier value)
    {
        Name(value.Type);
        Text(value.Value);
        Flag(value.Verified);
    }

    public void Value(FieldValue value)
    {
        Unsigned((ulong)value.Type);
        Text(value.Text);
    }

    public void Line(OrderLine value)
    {
        Text(value.Id);
        TextOrNull(value.Product);
        TextOrNull(value.Category);
        Amount(value.Quantity);
        Amount(value.Amount);
    }

    public void Many<T>(ImmutableArray<T> values, Action<CompactWriter, T> write)
    {
        Unsigned((ulong)values.Length);
        foreach (T value in values)
        {
            write(this, value);
        }
    }

    private Span<byte> Room(int bytes)
    {
        if (buffer.Length - length < bytes)
        {
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + bytes));
        }

        return buffer.AsSpan(length);
    }
}
