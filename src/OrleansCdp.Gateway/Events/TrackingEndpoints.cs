using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>The Segment HTTP tracking API (segment.com/docs/connections/sources/catalog/libraries/server/http-api).</summary>
internal static class TrackingEndpoints
{
    private static readonly string[] Types =
    [
        "identify",
        "track",
        "page",
        "screen",
        "group",
        "alias",
    ];

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (string type in Types)
        {
            Map(routes, type, type);
        }

        Map(routes, "batch", null);
        Map(routes, "import", null);
    }

    private static void Map(IEndpointRouteBuilder routes, string path, string? type) =>
        routes
            .MapPost(
                "/v1/" + path,
                (HttpContext http, TrackingIntake intake) => intake.TakeAsync(http, type)
            )
            .WithMetadata(new RequiredScope(Scopes.Ingest, FromBody: true))
            .SharesIngestLimit()
            .Accepts<object>("application/json", "text/plain", "application/x-www-form-urlencoded")
            .WithName("track-" + path)
            .WithSummary(
                type is null
                    ? "Takes a batch of tracking messages."
                    : $"Takes one {type} message of the tracking API."
            );
}

/// <summary>Takes tracking messages apart.</summary>
internal sealed class TrackingIntake(
    Intake intake,
    DefinitionCatalogue catalogue,
    TimeProvider clock,
    IOptions<GatewayOptions> options
)
{
    private const string ShippedStream = "web";

    private static readonly Problem BatchTooLarge = Problem.TooLarge(
        "batch_too_large",
        $"A batch may have {Limits.BatchBytesMax} bytes, decompressed."
    );

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="ProblemException">It is too large, or not JSON.</exception>
    public static async Task<JsonDocument> ReadAsync(
        HttpRequest request,
        CancellationToken cancel
    ) =>
        RecordReader.Parse(
            await RequestBody.ReadAsync(request, Limits.BatchBytesMax, BatchTooLarge, cancel)
        );

    /// <summary>Takes one request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="type">The message type the address states; null for a batch.</param>
    public async Task<IResult> TakeAsync(HttpContext http, string? type)
    {
        // A body that named its own key has been read.
        using JsonDocument document =
            http.Items[typeof(JsonDocument)] as JsonDocument
            ?? await ReadAsync(http.Request, http.RequestAborted);
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            return Problem.BadRequest(ReasonCodes.Malformed, "The body must be a JSON object.");
        }

        DataStream stream = StreamOf(KeyCheck.KeyOf(http));
        DateTimeOffset now = clock.GetUtcNow();
        List<IntakeItem> items = [];
        if (type is not null)
        {
            items.Add(ItemOf(root, type, default, stream, now));
        }
        else if (
            !RawJson.TryGet(root, "batch"u8, out JsonElement batch)
            || batch.ValueKind != JsonValueKind.Array
        )
        {
            return Problem.BadRequest(ReasonCodes.Malformed, "An array 'batch' is needed.") with
            {
                Errors = [new ProblemError("/batch", "An array of messages.")],
            };
        }
        else if (batch.GetArrayLength() > Limits.BatchItemsMax)
        {
            return Problem.TooLarge(
                "too_many_items",
                $"A batch may have {Limits.BatchItemsMax} messages."
            );
        }
        else if (TrackingMerge.SharedBytesOf(root) > Limits.EventBytesMax)
        {
            return Problem.TooLarge(
                "context_too_large",
                $"The context of a batch may have {Limits.EventBytesMax} bytes: every message gets it."
            );
        }
        else if (
            (long)TrackingMerge.SharedBytesOf(root) * batch.GetArrayLength()
            > Limits.BatchContextsBytesMax
        )
        {
            return Problem.TooLarge(
                "context_too_large",
                $"The context of a batch, times its messages, may have {Limits.BatchContextsBytesMax} bytes."
            );
        }
        else
        {
            items.AddRange(
                batch.EnumerateArray().Select(item => ItemOf(item, null, root, stream, now))
            );
        }

        return Answer(
            http,
            await StreamEndpoints.SubmitAsync(intake, items, options.Value.SliceRecordsMax)
        );
    }

    private static IResult Answer(HttpContext http, TakenAnswer answer)
    {
        http.Response.Headers["Cdp-Receipt"] = answer.Receipt;
        return answer.Refused == 0
            ? Results.Ok(new { success = true })
            : Results.Ok(new { success = true, rejected = answer.Quarantined });
    }

    private static IntakeItem ItemOf(
        JsonElement message,
        string? type,
        JsonElement batch,
        DataStream stream,
        DateTimeOffset now
    )
    {
        int sent = JsonMarshal.GetRawUtf8Value(message).Length;
        if (
            message.ValueKind != JsonValueKind.Object
            || sent > Limits.EventBytesMax
            || !TrackingMerge.IsNeeded(message, type, batch)
        )
        {
            return RecordReader.Item(message, stream, now, origin: QuarantineOrigin.Message);
        }

        using JsonDocument merged = RecordReader.Parse(TrackingMerge.Of(message, type, batch));
        return RecordReader.Item(
            merged.RootElement,
            stream,
            now,
            new Envelope(SentBytes: sent),
            QuarantineOrigin.Message
        );
    }

    /// <summary>The stream of tracking messages this key may send to: its own source's first, else the shipped one.</summary>
    private DataStream StreamOf(AccessKey key)
    {
        DataStream[] allowed =
        [
            .. catalogue
                .Streams.Values.Where(stream =>
                    stream.TakesTrackingMessages && KeyCheck.MaySendFor(key, stream.Source)
                )
                .OrderByDescending(stream => key.Sources.IsEmpty && stream.Name == ShippedStream)
                .ThenBy(stream => stream.Name, StringComparer.Ordinal),
        ];
        return allowed.Length > 0
            ? allowed[0]
            : throw new ProblemException(
                new Problem(
                    403,
                    "source_not_allowed",
                    "This key may not send for any source that takes tracking messages."
                )
            );
    }
}
