using System.Runtime.InteropServices;
using System.Text.Json;
using CloudNative.CloudEvents;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>CloudEvents in the three ways HTTP carries them: binary, structured and batched.</summary>
internal static class CloudEventEndpoints
{
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

    /// <summary>The event a quarantined payload holds: its envelope is part of it.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static Admission Admit(byte[] payload, DataStream stream, DateTimeOffset receivedAt)
    {
        using JsonDocument document = JsonDocument.Parse(payload, RecordReader.Options);
        (CloudEvent? e, Admission.Refused? fault) = CloudEventReader.Read(document.RootElement);
        return e is null ? fault! : CloudEventReader.Admit(e, stream, receivedAt);
    }

    private static async Task<IResult> TakeAsync(
        HttpContext http,
        Intake intake,
        DefinitionCatalogue catalogue,
        TimeProvider clock,
        IOptions<GatewayOptions> options
    )
    {
        var body = await RequestBody.ReadAsync(http.Request, Limits.BatchBytesMax, BatchTooLarge);
        AccessKey key = KeyCheck.KeyOf(http);
        string? named = http.Request.Query["stream"];
        DataStream? stream = named is null
            ? null
            : await StreamEndpoints.FindAsync(catalogue, named, key);
        Batch batch = new(catalogue, key, stream, clock.GetUtcNow());
        IntakeItem[] items = MediaTypeOf(http.Request) switch
        {
            "application/cloudevents+json" => [batch.Structured(body)],
            "application/cloudevents-batch+json" => batch.Batched(body),
            _ when CloudEventReader.IsBinary(http.Request) => [batch.Binary(http.Request, body)],
            _ => throw new ProblemException(
                new Problem(
                    415,
                    "unsupported_media_type",
                    "CloudEvents come structured, batched or with ce- headers."
                )
            ),
        };
        TakenAnswer answer = await StreamEndpoints.SubmitAsync(
            intake,
            items,
            options.Value.SliceRecordsMax
        );
        return Results.Json(answer, statusCode: StatusCodes.Status202Accepted);
    }

    private static string? MediaTypeOf(HttpRequest request) =>
        request.ContentType?.Split(';')[0].Trim().ToLowerInvariant();

    /// <summary>The events of one request.</summary>
    /// <param name="catalogue">The data streams there are.</param>
    /// <param name="key">Who sends.</param>
    /// <param name="stated">The stream that the address states for all of them; null when each says.</param>
    /// <param name="now">When they came.</param>
    private sealed class Batch(
        DefinitionCatalogue catalogue,
        AccessKey key,
        DataStream? stated,
        DateTimeOffset now
    )
    {
        /// <summary>One event with its attributes in the headers.</summary>
        /// <exception cref="ProblemException">It is none, or its stream is unknown.</exception>
        public IntakeItem Binary(HttpRequest request, ReadOnlyMemory<byte> body)
        {
            (CloudEvent? e, Admission.Refused? fault) = CloudEventReader.Read(request, body);
            return e is null ? throw ProblemOf(fault!) : ItemOf(e, StreamOf(e));
        }

        /// <summary>One event with its attributes beside its data.</summary>
        /// <exception cref="ProblemException">It is none, or its stream is unknown.</exception>
        public IntakeItem Structured(ReadOnlyMemory<byte> body)
        {
            using JsonDocument document = RecordReader.Parse(body);
            (CloudEvent? e, Admission.Refused? fault) = CloudEventReader.Read(document.RootElement);
            return e is null ? throw ProblemOf(fault!) : ItemOf(e, StreamOf(e));
        }

        /// <summary>Many such events. What is wrong with one refuses that one.</summary>
        /// <exception cref="ProblemException">They are no list, too many, or the key may not send one.</exception>
        public IntakeItem[] Batched(ReadOnlyMemory<byte> body)
        {
            using JsonDocument document = RecordReader.Parse(body);
            JsonElement events = document.RootElement;
            if (events.ValueKind != JsonValueKind.Array)
            {
                throw ProblemOf(new(ReasonCodes.Malformed, "A batch is a JSON array."));
            }

            return events.GetArrayLength() <= Limits.BatchItemsMax
                ? [.. events.EnumerateArray().Select(ItemOf)]
                : throw new ProblemException(
                    Problem.TooLarge("too_many_items", $"At most {Limits.BatchItemsMax} events.")
                );
        }

        private IntakeItem ItemOf(JsonElement envelope)
        {
            (CloudEvent? e, Admission.Refused? fault) = CloudEventReader.Read(envelope);
            string? name = stated?.Name ?? CloudEventReader.NameOf(envelope);
            bool isKnown = catalogue.Streams.TryGetValue(name ?? "", out DataStream? stream);
            if (e is not null && isKnown)
            {
                return ItemOf(e, StreamOf(e));
            }

            bool isOwn = isKnown && KeyCheck.MaySendFor(key, stream!.Source);
            ReadOnlySpan<byte> sent = JsonMarshal.GetRawUtf8Value(envelope);
            return new IntakeItem
            {
                Stream = isOwn ? stream!.Name : IQuarantineGrain.NoStream,
                Admission =
                    fault
                    ?? new(ReasonCodes.UnknownStream, $"There is no data stream {name}.", "/type"),
                Payload = RecordReader.Kept(sent),
                Incomplete = sent.Length > IQuarantineGrain.PayloadBytesMax,
                Origin = QuarantineOrigin.CloudEvent,
            };
        }

        private IntakeItem ItemOf(CloudEvent e, DataStream stream)
        {
            Admission admission = CloudEventReader.Admit(e, stream, now);
            ReadOnlyMemory<byte> whole =
                admission is Admission.Refused ? CloudEventReader.StructuredOf(e) : default;
            return new IntakeItem
            {
                Stream = stream.Name,
                Admission = admission,
                Payload = RecordReader.Kept(whole.Span),
                Incomplete = whole.Length > IQuarantineGrain.PayloadBytesMax,
                Origin = QuarantineOrigin.CloudEvent,
            };
        }

        private DataStream StreamOf(CloudEvent e) =>
            stated ?? StreamEndpoints.StreamOf(catalogue, CloudEventReader.NameOf(e), key);

        private static ProblemException ProblemOf(Admission.Refused fault) =>
            new(
                Problem.BadRequest(fault.Code, fault.Message) with
                {
                    Errors = fault.Pointer is { } at ? [new ProblemError(at, fault.Message)] : null,
                }
            );
    }
}
