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

    /// <summary>The id of a JSON record.</summary>
    /// <param name="stream">Name of the data stream.</param>
    /// <param name="record">An object whose depth was checked.</param>
    /// <param name="kind">What the protocol around the record says it means, or null.</param>
    public static string Of(string stream, JsonElement record, EventKind? kind) =>
        Finish(stream, HashOf(record), kind);

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
                sum += Combine('p', HashOf(columns[i]), HashOf(values[i]));
            }
        }

        return Finish(stream, Combine('o', sum, UInt128.Zero), kind: null);
    }

    private static string Finish(string stream, UInt128 content, EventKind? kind)
    {
        char tag = kind is null ? 'r' : (char)('0' + (int)kind.Value);
        return Combine(tag, HashOf(stream), content).ToString("x32", CultureInfo.InvariantCulture);
    }

    private static UInt128 HashOf(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                UInt128 sum = UInt128.Zero;
                foreach (JsonProperty property in value.EnumerateObject())
                {
                    sum += Combine('p', HashOfName(property), HashOf(property.Value));
                }

                return Combine('o', sum, UInt128.Zero);
            case JsonValueKind.Array:
                UInt128 chain = UInt128.Zero;
                foreach (JsonElement item in value.EnumerateArray())
                {
                    chain = Combine('a', chain, HashOf(item));
                }

                return chain;
            case JsonValueKind.String:
                return Combine('s', HashOfString(value), UInt128.Zero);
            case JsonValueKind.Number:
                return Combine('n', HashOfNumber(value), UInt128.Zero);
            default:
                return Combine('l', XxHash128.HashToUInt128(JsonMarshal.GetRawUtf8Value(value)), 0);
        }
    }

    private static UInt128 HashOfName(JsonProperty property)
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8PropertyName(property);
        if (!raw.Contains((byte)'\\'))
        {
            return XxHash128.HashToUInt128(raw);
        }

        try
        {
            return HashOf(property.Name);
        }
        catch (InvalidOperationException)
        {
            return XxHash128.HashToUInt128(raw); // a lone surrogate: only its spelling is left
        }
    }

    private static UInt128 HashOfString(JsonElement value)
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8Value(value)[1..^1];
        return raw.Contains((byte)'\\') && ValueReader.TryString(value, out string text)
            ? HashOf(text)
            : XxHash128.HashToUInt128(raw);
    }

    private static UInt128 HashOfNumber(JsonElement value)
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8Value(value);
        Span<char> digits = stackalloc char[64];
        return
            raw.Length <= digits.Length
            && Numbers.TryRead(digits[..Encoding.ASCII.GetChars(raw, digits)], out string canonical)
            ? HashOf(canonical)
            : XxHash128.HashToUInt128(raw);
    }

    private static UInt128 HashOf(string text)
    {
        int max = Encoding.UTF8.GetMaxByteCount(text.Length);
        byte[]? rented = max > 512 ? ArrayPool<byte>.Shared.Rent(max) : null;
        Span<byte> bytes = rented ?? stackalloc byte[512];
        UInt128 hash = XxHash128.HashToUInt128(bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return hash;
    }

    private static UInt128 Combine(char tag, UInt128 left, UInt128 right)
    {
        Span<byte> bytes = stackalloc byte[(2 * HashBytes) + 1];
        bytes[0] = (byte)tag;
        BinaryPrimitives.WriteUInt128LittleEndian(bytes[1..], left);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes[(HashBytes + 1)..], right);
        return XxHash128.HashToUInt128(bytes);
    }
}
