using System.Buffers;
using System.Collections.Immutable;
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

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? spareBuffer;

    [ThreadStatic]
    private static Utf8JsonWriter? spareWriter;

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
    /// <param name="fields">The fields.</param>
    /// <param name="except">The name of one that is left out.</param>
    /// <param name="max">Most of them.</param>
    public static string ObjectOf(ImmutableArray<Field> fields, string except, int max)
    {
        ArrayBufferWriter<byte> buffer = spareBuffer ??= new(256);
        Utf8JsonWriter json = spareWriter ??= new(buffer, Compact);
        buffer.ResetWrittenCount();
        json.Reset();
        json.WriteStartObject();
        foreach (Field field in fields)
        {
            if (field.Name != except && max-- > 0)
            {
                json.WritePropertyName(field.Name);
                json.WriteValue(field.Value);
            }
        }

        json.WriteEndObject();
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
