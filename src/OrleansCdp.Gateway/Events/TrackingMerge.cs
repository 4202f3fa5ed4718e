using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace OrleansCdp.Events;

/// <summary>Adds to a tracking message what its address and its batch say about it; the message itself wins.</summary>
internal static class TrackingMerge
{
    /// <summary>Whether there is anything to add.</summary>
    public static bool IsNeeded(JsonElement message, string? type, JsonElement batch) =>
        type is not null
        || RawJson.TryGet(batch, "context"u8, out _)
        || (
            RawJson.TryGet(batch, "sentAt"u8, out _)
            && RawJson.TryGet(message, "originalTimestamp"u8, out _)
        );

    /// <summary>Bytes that a batch adds to each of its messages.</summary>
    public static int SharedBytesOf(JsonElement batch) =>
        RawJson.TryGet(batch, "context"u8, out JsonElement context)
            ? JsonMarshal.GetRawUtf8Value(context).Length
            : 0;

    /// <summary>The message with what is added.</summary>
    public static ReadOnlyMemory<byte> Of(JsonElement message, string? type, JsonElement batch)
    {
        ArrayBufferWriter<byte> json = new();
        json.Write("{"u8);
        foreach (JsonProperty property in message.EnumerateObject())
        {
            if (
                !RawJson.IsNamed(property, "context"u8)
                && !RawJson.IsNamed(property, "writeKey"u8)
                && (type is null || !RawJson.IsNamed(property, "type"u8))
            )
            {
                json.Append(property);
            }
        }

        if (type is not null)
        {
            json.AppendName("type"u8);
            json.Write(JsonSerializer.SerializeToUtf8Bytes(type));
        }

        if (
            RawJson.TryGet(batch, "sentAt"u8, out JsonElement sentAt)
            && !RawJson.TryGet(message, "sentAt"u8, out _)
        )
        {
            json.Append("sentAt"u8, sentAt);
        }

        WriteContext(json, message, batch);
        json.Write("}"u8);
        return json.WrittenMemory;
    }

    private static void WriteContext(
        ArrayBufferWriter<byte> json,
        JsonElement message,
        JsonElement batch
    )
    {
        bool own = RawJson.TryGet(message, "context"u8, out JsonElement context);
        bool common =
            RawJson.TryGet(batch, "context"u8, out JsonElement shared)
            && shared.ValueKind == JsonValueKind.Object;
        if (!common || (own && context.ValueKind != JsonValueKind.Object))
        {
            if (own)
            {
                json.Append("context"u8, context);
            }

            return;
        }

        json.AppendName("context"u8);
        json.Write("{"u8);
        foreach (JsonProperty property in shared.EnumerateObject())
        {
            ReadOnlySpan<byte> name = JsonMarshal.GetRawUtf8PropertyName(property);
            if (!RawJson.TryGet(context, name, out _))
            {
                json.Append(property);
            }
        }

        if (own)
        {
            foreach (JsonProperty property in context.EnumerateObject())
            {
                json.Append(property);
            }
        }

        json.Write("}"u8);
    }
}
