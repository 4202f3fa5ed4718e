using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OrleansCdp.Governance;

/// <summary>Compact JSON in which equal values have equal text: properties sorted, numbers plain.</summary>
internal static class CanonicalJson
{
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Writes a value. Its depth was checked before.</summary>
    /// <returns>False when a text in it cannot be stored.</returns>
    public static bool TryWrite(JsonElement value, out string text)
    {
        ArrayBufferWriter<byte> buffer = new();
        using Utf8JsonWriter writer = new(buffer, Options);
        bool written = TryWrite(value, writer);
        writer.Flush();
        text = written ? Encoding.UTF8.GetString(buffer.WrittenSpan) : "";
        return written;
    }

    private static bool TryWrite(JsonElement value, Utf8JsonWriter writer)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                return TryWriteObject(value, writer);
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement item in value.EnumerateArray())
                {
                    if (!TryWrite(item, writer))
                    {
                        return false;
                    }
                }

                writer.WriteEndArray();
                return true;
            case JsonValueKind.String:
                bool valid = ValueReader.TryString(value, out string text);
                writer.WriteStringValue(text);
                return valid;
            case JsonValueKind.Number:
                string raw = value.GetRawText();
                writer.WriteRawValue(
                    Numbers.TryRead(raw, out string canonical) ? canonical : raw,
                    skipInputValidation: true
                );
                return true;
            default:
                value.WriteTo(writer);
                return true;
        }
    }

    private static bool TryWriteObject(JsonElement value, Utf8JsonWriter writer)
    {
        SortedDictionary<string, JsonElement> properties = new(StringComparer.Ordinal);
        foreach (JsonProperty property in value.EnumerateObject())
        {
            if (!TryName(property, out string name))
            {
                return false;
            }

            properties[name] = property.Value;
        }

        writer.WriteStartObject();
        foreach ((string name, JsonElement inner) in properties)
        {
            writer.WritePropertyName(name);
            if (!TryWrite(inner, writer))
            {
                return false;
            }
        }

        writer.WriteEndObject();
        return true;
    }

    private static bool TryName(JsonProperty property, out string name)
    {
        try
        {
            name = property.Name;
            return ValueReader.IsStorable(name);
        }
        catch (InvalidOperationException)
        {
            name = ""; // how the parser reports a lone surrogate
            return false;
        }
    }
}
