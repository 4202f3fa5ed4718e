using System.Buffers;
using System.Text;
using System.Text.Json;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.SystemTextJson;
using Microsoft.AspNetCore.Http;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>Reads CloudEvents 1.0 (cloudevents.io) and says in words what is wrong with an envelope.</summary>
internal static class CloudEventReader
{
    private const string HeaderPrefix = "ce-";
    private const string VersionAttribute = "specversion";
    private const string StreamAttribute = "stream";
    private const string Version = "1.0";

    private static readonly string[] Required = [VersionAttribute, "id", "source", "type"];

    private static readonly JsonEventFormatter Format = new(
        new JsonSerializerOptions(),
        RecordReader.Options
    );

    /// <summary>Whether the event's attributes are the request's headers.</summary>
    public static bool IsBinary(HttpRequest request) =>
        request.Headers.ContainsKey(HeaderPrefix + VersionAttribute);

    /// <summary>Reads an event whose attributes are headers.</summary>
    /// <returns>The event, or what is wrong with it.</returns>
    public static (CloudEvent? Event, Admission.Refused? Fault) Read(
        HttpRequest request,
        ReadOnlyMemory<byte> body
    ) =>
        Try(() =>
        {
            CloudEvent e = new() { DataContentType = request.ContentType };
            foreach (var header in request.Headers)
            {
                if (
                    header.Key.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase)
                    && header.Key.Length > HeaderPrefix.Length
                )
                {
                    string name = header.Key[HeaderPrefix.Length..].ToLowerInvariant();
                    if (name != VersionAttribute)
                    {
                        string value = Uri.UnescapeDataString(header.Value.ToString());
                        e.SetAttributeFromString(name, value);
                    }
                }
            }

            Format.DecodeBinaryModeEventData(body, e);
            return e.Validate();
        });

    /// <summary>Reads an event whose attributes stand beside its data.</summary>
    /// <returns>The event, or what is wrong with it.</returns>
    public static (CloudEvent? Event, Admission.Refused? Fault) Read(JsonElement envelope)
    {
        if (envelope.ValueKind != JsonValueKind.Object)
        {
            return (null, Fault("A CloudEvent is a JSON object."));
        }

        foreach (string name in Required)
        {
            if (string.IsNullOrEmpty(RawJson.TextOf(envelope, Encoding.UTF8.GetBytes(name))))
            {
                return (null, Fault($"The attribute `{name}` is missing, or no text.", name));
            }
        }

        return RawJson.TextOf(envelope, "specversion"u8) == Version
            ? Try(() => Format.ConvertFromJsonElement(envelope, null))
            : (null, Fault($"CloudEvents are taken in version {Version}.", VersionAttribute));
    }

    /// <summary>The data stream an event names: its attribute <c>stream</c>, or the last part of its type.</summary>
    public static string NameOf(CloudEvent e) => NameOf(e[StreamAttribute] as string, e.Type)!;

    /// <summary>The data stream that an envelope names, whatever is wrong with it; null when it names none.</summary>
    public static string? NameOf(JsonElement envelope) =>
        NameOf(RawJson.TextOf(envelope, "stream"u8), RawJson.TextOf(envelope, "type"u8));

    /// <summary>What a stream makes of an event.</summary>
    public static Admission Admit(CloudEvent e, DataStream stream, DateTimeOffset now) =>
        e.Data is JsonElement data
            ? stream.Admit(data, now, new Envelope(EventIdOf(e), e.Time))
            : Fault("The data is not JSON.", "data");

    /// <summary>
    /// The id under which an event counts once: <c>{source} {id}</c>, as ids are a source's own; hashed when that is
    /// longer than <see cref="Limits.EventIdMax"/>.
    /// </summary>
    /// <remarks>A source is a URI reference and has no blank, so the first blank tells both apart.</remarks>
    public static string EventIdOf(CloudEvent e)
    {
        string id = e.Id!;
        string both = $"{SourceOf(e)} {id}";
        // An id that is too long by itself is refused as such.
        return id.Length > Limits.EventIdMax ? both : EventIds.Fit(both);
    }

    /// <summary>The event in structured mode, its data byte for byte: what is refused may be what no writer writes.</summary>
    public static ReadOnlyMemory<byte> StructuredOf(CloudEvent e)
    {
        ArrayBufferWriter<byte> json = new();
        json.Write("{\"specversion\":\"1.0\""u8);
        foreach (var (attribute, value) in e.GetPopulatedAttributes())
        {
            json.AppendName(Encoding.UTF8.GetBytes(attribute.Name));
            json.Write(JsonSerializer.SerializeToUtf8Bytes(attribute.Format(value)));
        }

        if (e.Data is JsonElement data)
        {
            json.Append("data"u8, data);
        }
        else if (e.Data is not null)
        {
            json.AppendName(e.Data is byte[] ? "data_base64"u8 : "data"u8);
            json.Write(JsonSerializer.SerializeToUtf8Bytes(e.Data));
        }

        json.Write("}"u8);
        return json.WrittenMemory;
    }

    private static string SourceOf(CloudEvent e) =>
        e.Source!.OriginalString.Replace(" ", "%20", StringComparison.Ordinal);

    private static string? NameOf(string? stream, string? type) =>
        (stream ?? type?.Split('.')[^1])?.ToLowerInvariant();

    private static (CloudEvent? Event, Admission.Refused? Fault) Try(Func<CloudEvent> read)
    {
        try
        {
            return (read(), null);
        }
        catch (ArgumentException e)
        {
            // Names the attribute and not its value.
            return (null, Fault(e.Message.Split(" (Parameter ")[0]));
        }
        catch (Exception e)
            when (e is FormatException or JsonException or InvalidOperationException)
        {
            return (null, Fault("It holds what no CloudEvent can hold."));
        }
    }

    private static Admission.Refused Fault(string message, string? attribute = null) =>
        new(ReasonCodes.Malformed, message, attribute is null ? null : "/" + attribute);
}
