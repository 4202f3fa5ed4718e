using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OrleansCdp.Segments;

/// <summary>
/// What stands beside an entry or exit, as JSON. A value is its type and its canonical text, so that it comes back as it was:
/// numbers with all their digits, instants to the tick.
/// </summary>
internal static class MembershipJson
{
    private static readonly JsonWriterOptions Compact = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Events as JSON.</summary>
    public static string Of(ImmutableArray<CausingEvent> events) =>
        ArrayOf(
            events,
            static (json, one) =>
            {
                json.WriteString("source", one.Source);
                json.WriteString("id", one.EventId);
            }
        );

    /// <summary>What was asked and told as JSON.</summary>
    public static string Of(ImmutableArray<AskedValue> values) =>
        ArrayOf(
            values,
            static (json, one) =>
            {
                json.WriteString("asked", one.Asked);
                if (one.Value is { } value)
                {
                    json.WriteString("type", NameOf(value.Type));
                    json.WriteString("value", value.Text);
                }
            }
        );

    /// <summary>Events that were written.</summary>
    /// <exception cref="FormatException">They were written in another form.</exception>
    public static ImmutableArray<CausingEvent> EventsOf(string json) =>
        Read(
            json,
            static one => new CausingEvent(TextOf(one, "source"), TextOf(one, "id")),
            static _ => 2
        );

    /// <summary>What was asked and told, as it was written.</summary>
    /// <exception cref="FormatException">It was written in another form.</exception>
    public static ImmutableArray<AskedValue> ValuesOf(string json) =>
        Read(
            json,
            static one => new AskedValue(
                TextOf(one, "asked"),
                one.TryGetProperty("type", out JsonElement _)
                    ? new FieldValue(TypeOf(TextOf(one, "type")), TextOf(one, "value"))
                    : null
            ),
            static read => read.Value is null ? 1 : 3
        );

    private static string ArrayOf<T>(ImmutableArray<T> items, Action<Utf8JsonWriter, T> write)
    {
        if (items.IsEmpty)
        {
            return "[]";
        }

        ArrayBufferWriter<byte> buffer = new(256);
        using Utf8JsonWriter json = new(buffer, Compact);
        json.WriteStartArray();
        foreach (T item in items)
        {
            json.WriteStartObject();
            write(json, item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static ImmutableArray<T> Read<T>(
        string json,
        Func<JsonElement, T> read,
        Func<T, int> propertiesOf
    )
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement array = document.RootElement;
        Demand(array, JsonValueKind.Array);
        var items = ImmutableArray.CreateBuilder<T>(array.GetArrayLength());
        foreach (JsonElement one in array.EnumerateArray())
        {
            Demand(one, JsonValueKind.Object);
            T item = read(one);
            // What a later program adds may change what the rest means.
            if (one.GetPropertyCount() != propertiesOf(item))
            {
                throw Unknown(one);
            }

            items.Add(item);
        }

        return items.MoveToImmutable();
    }

    private static string TextOf(JsonElement item, string name)
    {
        if (!item.TryGetProperty(name, out JsonElement text))
        {
            throw Unknown(item);
        }

        Demand(text, JsonValueKind.String);
        return text.GetString()!;
    }

    private static void Demand(JsonElement value, JsonValueKind kind)
    {
        if (value.ValueKind != kind)
        {
            throw Unknown(value);
        }
    }

    private static FormatException Unknown(JsonElement value) =>
        new($"A stored membership change has JSON of a form that is not known: {value.ValueKind}.");

    private static string NameOf(FieldType type) =>
        type switch
        {
            FieldType.Text => "text",
            FieldType.Number => "number",
            FieldType.Boolean => "boolean",
            FieldType.Timestamp => "timestamp",
            FieldType.Date => "date",
            FieldType.Json => "json",
            FieldType.Null => "null",
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No type of a value."),
        };

    private static FieldType TypeOf(string name) =>
        name switch
        {
            "text" => FieldType.Text,
            "number" => FieldType.Number,
            "boolean" => FieldType.Boolean,
            "timestamp" => FieldType.Timestamp,
            "date" => FieldType.Date,
            "json" => FieldType.Json,
            "null" => FieldType.Null,
            _ => throw new FormatException($"A stored value has a type that is not known: {name}."),
        };
}
