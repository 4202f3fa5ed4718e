using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace OrleansCdp.Events;

/// <summary>
/// JSON of strangers, read and put together byte for byte: it may hold what cannot become text (a lone surrogate),
/// and escaping it anew could make it larger than it was sent.
/// </summary>
internal static class RawJson
{
    /// <summary>The last property of this name, as parsers have it.</summary>
    /// <returns>False when there is none, or <paramref name="value"/> is no object.</returns>
    public static bool TryGet(JsonElement value, ReadOnlySpan<byte> name, out JsonElement found)
    {
        found = default;
        bool any = false;
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in value.EnumerateObject())
            {
                if (IsNamed(property, name))
                {
                    found = property.Value;
                    any = true;
                }
            }
        }

        return any;
    }

    /// <summary>Whether a property has this name, escaped or not.</summary>
    public static bool IsNamed(JsonProperty property, ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8PropertyName(property);
        if (!raw.Contains((byte)'\\'))
        {
            return raw.SequenceEqual(name);
        }

        try
        {
            return property.NameEquals(name);
        }
        catch (InvalidOperationException)
        {
            return false; // A lone surrogate: no name of ours has one.
        }
    }

    /// <summary>The text of a property; null when there is none, or it cannot become text.</summary>
    public static string? TextOf(JsonElement value, ReadOnlySpan<byte> name)
    {
        if (!TryGet(value, name, out JsonElement found) || found.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return found.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // A lone surrogate.
        }
    }

    /// <summary>Writes a property as it came, after a comma unless it is the object's first.</summary>
    public static void Append(this ArrayBufferWriter<byte> json, JsonProperty property)
    {
        json.AppendName(JsonMarshal.GetRawUtf8PropertyName(property));
        json.Write(JsonMarshal.GetRawUtf8Value(property.Value));
    }

    /// <summary>Writes a property with the value as it came, after a comma unless it is the object's first.</summary>
    public static void Append(
        this ArrayBufferWriter<byte> json,
        ReadOnlySpan<byte> name,
        JsonElement value
    )
    {
        json.AppendName(name);
        json.Write(JsonMarshal.GetRawUtf8Value(value));
    }

    /// <summary>Writes a property's name and colon, after a comma unless it is the object's first.</summary>
    public static void AppendName(this ArrayBufferWriter<byte> json, ReadOnlySpan<byte> name)
    {
        json.Write(json.WrittenSpan[^1] == (byte)'{' ? "\""u8 : ",\""u8);
        json.Write(name);
        json.Write("\":"u8);
    }
}
