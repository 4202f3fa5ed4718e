using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>
/// The event id of a record that brings none: XXH3-128 (xxhash.com) over its content, so that the same
/// record sent twice counts once. The order of properties does not matter: an object's hash sums those
/// of its properties. Part of the stored format, never changed.
/// </summary>
internal static class ContentHash
{
    private const int HashBytes = 16;
    private const int StackBytesMax = 512;

    // Never part of UTF-8, so a name cannot run into its value.
    private const byte Separator = 0xFF;

    /// <summary>The id of a JSON record.</summary>
    /// <param name="stream">Name of the data stream.</param>
    /// <param name="record">An object whose depth was checked.</param>
    /// <param name="kind">What the protocol around the record says it means, or null.</param>
    public static string Of(string stream, JsonElement record, EventKind? kind) =>
        Finish(stream, HashOfObject(record), kind);

    /// <summary>The id of a row; empty values count as missing.</summary>
    public static string Of(
        string stream,
        IReadOnlyList<string> columns,
        IReadOnlyList<string> values
    )
    {
        UInt128 sum = UInt128.Zero;
        for (int i = 0; i < columns.Count; i++)
        {
            if (values[i].Length > 0)
            {
                sum += HashOf(columns[i], values[i]);
            }
        }

        return Finish(stream, sum, kind: null);
    }

    private static string Finish(string stream, UInt128 content, EventKind? kind)
    {
        char tag = kind is null ? 'r' : (char)('0' + (int)kind.Value);
        Span<byte> bytes = stackalloc byte[HashBytes];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, content);
        return Hash(Encoding.UTF8.GetBytes(stream), tag, bytes)
            .ToString("x32", CultureInfo.InvariantCulture);
    }

    private static UInt128 HashOfObject(JsonElement value)
    {
        UInt128 sum = UInt128.Zero;
        foreach (JsonProperty property in value.EnumerateObject())
        {
            ReadOnlySpan<byte> name = JsonMarshal.GetRawUtf8PropertyName(property);
            sum += HashOf(name.Contains((byte)'\\') ? Unescape(property) : name, property.Value);
        }

        return sum;
    }

    private static UInt128 HashOfArray(JsonElement value)
    {
        UInt128 chain = UInt128.Zero;
        Span<byte> before = stackalloc byte[HashBytes];
        foreach (JsonElement item in value.EnumerateArray())
        {
            BinaryPrimitives.WriteUInt128LittleEndian(before, chain);
            chain = HashOf(before, item);
        }

        return chain;
    }

    /// <summary>The hash of a value behind a name, or behind the items before it.</summary>
    private static UInt128 HashOf(ReadOnlySpan<byte> prefix, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                return Nest(prefix, 'o', HashOfObject(value));
            case JsonValueKind.Array:
                return Nest(prefix, 'a', HashOfArray(value));
            case JsonValueKind.String:
                ReadOnlySpan<byte> text = JsonMarshal.GetRawUtf8Value(value)[1..^1];
                return text.Contains((byte)'\\') && ValueReader.TryString(value, out string read)
                    ? Hash(prefix, 's', Encoding.UTF8.GetBytes(read))
                    : Hash(prefix, 's', text);
            case JsonValueKind.Number:
                return HashOfNumber(prefix, JsonMarshal.GetRawUtf8Value(value));
            default:
                return Hash(prefix, 'l', JsonMarshal.GetRawUtf8Value(value));
        }
    }

    private static UInt128 HashOfNumber(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> raw)
    {
        Span<char> digits = stackalloc char[64];
        if (raw.Length > digits.Length)
        {
            return Hash(prefix, 'n', raw);
        }

        ReadOnlySpan<char> text = digits[..Encoding.ASCII.GetChars(raw, digits)];
        return !Numbers.IsCanonical(text) && Numbers.TryRead(text, out string canonical)
            ? Hash(prefix, 'n', Encoding.UTF8.GetBytes(canonical))
            : Hash(prefix, 'n', raw);
    }

    private static UInt128 HashOf(string column, string value)
    {
        int max = Encoding.UTF8.GetMaxByteCount(column.Length + value.Length);
        byte[]? rented = max > StackBytesMax ? ArrayPool<byte>.Shared.Rent(max) : null;
        Span<byte> bytes = rented ?? stackalloc byte[StackBytesMax];
        int name = Encoding.UTF8.GetBytes(column, bytes);
        int end = name + Encoding.UTF8.GetBytes(value, bytes[name..]);
        UInt128 hash = Hash(bytes[..name], 's', bytes[name..end]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return hash;
    }

    private static UInt128 Nest(ReadOnlySpan<byte> prefix, char tag, UInt128 inner)
    {
        Span<byte> bytes = stackalloc byte[HashBytes];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, inner);
        return Hash(prefix, tag, bytes);
    }

    private static UInt128 Hash(ReadOnlySpan<byte> prefix, char tag, ReadOnlySpan<byte> value)
    {
        int length = prefix.Length + value.Length + 2;
        byte[]? rented = length > StackBytesMax ? ArrayPool<byte>.Shared.Rent(length) : null;
        Span<byte> bytes = rented ?? stackalloc byte[StackBytesMax];
        prefix.CopyTo(bytes);
        bytes[prefix.Length] = Separator;
        bytes[prefix.Length + 1] = (byte)tag;
        value.CopyTo(bytes[(prefix.Length + 2)..]);
        UInt128 hash = XxHash128.HashToUInt128(bytes[..length]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return hash;
    }

    private static byte[] Unescape(JsonProperty property)
    {
        try
        {
            return Encoding.UTF8.GetBytes(property.Name);
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate: only its spelling is left.
            return JsonMarshal.GetRawUtf8PropertyName(property).ToArray();
        }
    }
}
