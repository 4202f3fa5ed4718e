using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OrleansCdp;

/// <summary>Values as JSON.</summary>
internal static class FieldJson
{
    /// <summary>How every answer is written: compact, and with no more escapes than JSON needs.</summary>
    public static readonly JsonWriterOptions Compact = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>An object without members.</summary>
    public const string Empty = "{}";

    /// <summary>Writes a value.</summary>
    public static void WriteValue(this Utf8JsonWriter json, FieldValue value)
    {
        switch (value.Type)
        {
            case FieldType.Number or FieldType.Boolean or FieldType.Json:
                json.WriteRawValue(value.Text, skipInputValidation: true);
                break;
            case FieldType.Null:
                json.WriteNullValue();
                break;
            default:
                json.WriteStringValue(value.Text);
                break;
        }
    }

    /// <summary>Fields as one object, in their order.</summary>
    public static string ObjectOf(IEnumerable<Field> fields)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using Utf8JsonWriter json = new(buffer, Compact);
        json.WriteStartObject();
        foreach (Field field in fields)
        {
            json.WritePropertyName(field.Name);
            json.WriteValue(field.Value);
        }

        json.WriteEndObject();
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
