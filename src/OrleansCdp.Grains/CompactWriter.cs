using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>
/// Writes values one after the other, without names or types: what reads them knows the order. Part of the stored
/// format, never changed. Numbers are LEB128, text is UTF-8 after its length, and names, of which a part has few, are
/// written once and numbered.
/// </summary>
internal sealed class CompactWriter
{
    /// <summary>Names that are numbered; further ones are written out.</summary>
    public const int NamesMax = 64;

    private const int BufferMin = 4096;
    private const int BufferKeptMax = 1024 * 1024;

    [ThreadStatic]
    private static CompactWriter? pooled;

    private readonly List<string> names = [];
    private byte[] buffer = new byte[BufferMin];
    private int length;

    /// <summary>
    /// The bytes that a function writes: good until the next such call of this thread, so to be copied at once.
    /// </summary>
    public static ReadOnlySpan<byte> Write<T>(T value, Action<CompactWriter, T> write)
    {
        CompactWriter writer = pooled ??= new CompactWriter();
        if (writer.buffer.Length > BufferKeptMax)
        {
            writer.buffer = new byte[BufferMin];
        }

        writer.length = 0;
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
        int bytes = Encoding.UTF8.GetByteCount(value);
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
        int known = names.IndexOf(value);
        Unsigned((ulong)(known + 1));
        if (known >= 0)
        {
            return;
        }

        Text(value);
        if (names.Count < NamesMax)
        {
            names.Add(value);
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
