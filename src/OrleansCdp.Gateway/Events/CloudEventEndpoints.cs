using System.Buffers;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.SystemTextJson;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>CloudEvents 1.0 (cloudevents.io), binary, structured and batched.</summary>
internal static class CloudEventEndpoints
{
    private const string HeaderPrefix = "ce-";
    private const string StreamAttribute = "stream";

    private static readonly JsonEventFormatter Format = new(
        new JsonSerializerOptions(),
        RecordReader.Options
    );

    private static readonly ContentType Structured = new("application/cloudevents+json");

    private static readonly Problem BatchTooLarge = Problem.TooLarge(
        "batch_too_large",
        $"A body may have {Limits.BatchBytesMax} bytes, decompressed."
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/v1/cloudevents", TakeAsync)
            .RequireScope(Scopes.Ingest)
            .SharesIngestLimit()
            .WithSummary(
                "Takes CloudEvents. The data stream is ?stream=, the attribute 'stream', or the last part of the type."
            );

    private static async Task<IResult> TakeAsync(
        HttpContext http,
        Intake intake,
        DefinitionCatalogue catalogue,
        TimeProvider clock,
        IOptions<GatewayOptions> options
    )
    {
        var body = await RequestBody.ReadAsync(http.Request, Limits.BatchBytesMax, BatchTooLarge);
        if (!Utf8.IsValid(body.Span))
        {
            return Problem.BadRequest(ReasonCodes.Malformed, "The body is not valid UTF-8.");
        }

        IReadOnlyList<CloudEvent> events = Decode(http.Request, body);
        if (events.Count > Limits.BatchItemsMax)
        {
            return Problem.TooLarge("too_many_items", $"At most {Limits.BatchItemsMax} events.");
        }

        AccessKey key = KeyCheck.KeyOf(http);
        string? named = http.Request.Query["stream"];
        DateTimeOffset now = clock.GetUtcNow();
        IntakeItem[] items =
        [
            .. events.Select(e =>
                ItemOf(e, StreamEndpoints.StreamOf(catalogue, named ?? NameOf(e), key), now)
            ),
        ];
        IntakeResult result = await StreamEndpoints.SubmitAsync(
            intake,
            items,
            options.Value.SliceRecordsMax
        );
        return Results.Json(TakenAnswer.Of(result), statusCode: StatusCodes.Status202Accepted);
    }

    private static string NameOf(CloudEvent e) =>
        (e[StreamAttribute] as string ?? e.Type!.Split('.')[^1]).ToLowerInvariant();

    /// <summary>The event a quarantined payload holds: its envelope is part of it.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    public static Admission Admit(byte[] payload, DataStream stream, DateTimeOffset receivedAt)
    {
        CloudEvent e = Format.DecodeStructuredModeMessage(payload, Structured, null);
        return AdmissionOf(e, stream, receivedAt);
    }

    private static IntakeItem ItemOf(CloudEvent e, DataStream stream, DateTimeOffset now)
    {
        Admission admission = AdmissionOf(e, stream, now);
        ReadOnlyMemory<byte> whole = admission is Admission.Refused ? StructuredOf(e) : default;
        return new IntakeItem
        {
            Stream = stream.Name,
            Admission = admission,
            Payload = RecordReader.Kept(whole.Span),
            Incomplete = whole.Length > IQuarantineGrain.PayloadBytesMax,
            Origin = QuarantineOrigin.CloudEvent,
        };
    }

    private static Admission AdmissionOf(CloudEvent e, DataStream stream, DateTimeOffset now) =>
        e.Data is JsonElement data
            ? stream.Admit(data, now, new Envelope(e.Id, e.Time))
            : new Admission.Refused(ReasonCodes.Malformed, "The data is not JSON.");

    /// <summary>The event in structured mode, its data byte for byte: what is refused may be what no writer writes.</summary>
    private static ReadOnlyMemory<byte> StructuredOf(CloudEvent e)
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

    private static IReadOnlyList<CloudEvent> Decode(HttpRequest request, ReadOnlyMemory<byte> body)
    {
        try
        {
            ContentType? type = request.ContentType is { } stated ? new ContentType(stated) : null;
            return type?.MediaType switch
            {
                "application/cloudevents+json" =>
                [
                    Format.DecodeStructuredModeMessage(body, type, null),
                ],
                "application/cloudevents-batch+json" => Format.DecodeBatchModeMessage(
                    body,
                    type,
                    null
                ),
                _ when request.Headers.ContainsKey("ce-specversion") =>
                [
                    DecodeBinary(request, body),
                ],
                _ => throw new ProblemException(
                    new Problem(
                        415,
                        "unsupported_media_type",
                        "CloudEvents come structured, batched or with ce- headers."
                    )
                ),
            };
        }
        catch (Exception e)
            when (e
                    is ArgumentException
                        or FormatException
                        or JsonException
                        or InvalidOperationException
            )
        {
            throw new ProblemException(
                Problem.BadRequest(
                    ReasonCodes.Malformed,
                    "The body holds no valid CloudEvents 1.0."
                )
            );
        }
    }

    private static CloudEvent DecodeBinary(HttpRequest request, ReadOnlyMemory<byte> body)
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
                if (name != "specversion")
                {
                    e.SetAttributeFromString(name, Uri.UnescapeDataString(header.Value.ToString()));
                }
            }
        }

        Format.DecodeBinaryModeEventData(body, e);
        return e.Validate();
    }
}
