using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>Records of a data stream, and the Data Cloud shape of the same.</summary>
internal static class StreamEndpoints
{
    private const int DeletedIdsMax = 200;

    private static readonly Problem BodyTooLarge = Problem.TooLarge(
        "body_too_large",
        $"A body may have {Limits.StreamBodyBytesMax} bytes, decompressed."
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/v1/streams/{stream}", TakeAsync)
            .RequireScope(Scopes.Ingest)
            .SharesIngestLimit()
            .Accepts<object>(
                "application/x-ndjson",
                "application/ndjson",
                "application/json",
                "text/csv"
            )
            .Produces<TakenAnswer>(StatusCodes.Status202Accepted)
            .WithSummary(
                "Takes records of a data stream; ?dryRun=true only says what would become of them."
            );
        routes
            .MapPost("/api/v1/ingest/sources/{connector}/{object}", UpsertAsync)
            .RequireScope(Scopes.Ingest)
            .SharesIngestLimit()
            .WithSummary(
                "Takes records in Data Cloud's shape, for the stream {connector}-{object}."
            );
        routes
            .MapDelete("/api/v1/ingest/sources/{connector}/{object}", DeleteAsync)
            .RequireScope(Scopes.Ingest)
            .SharesIngestLimit()
            .WithSummary("Deletes records in Data Cloud's shape.");
    }

    /// <summary>The active stream of this name, for a key that may send to it.</summary>
    public static DataStream StreamOf(DefinitionCatalogue catalogue, string name, AccessKey key)
    {
        if (!catalogue.Streams.TryGetValue(name, out DataStream? stream))
        {
            throw new ProblemException(
                Problem.NotFound(ReasonCodes.UnknownStream, $"There is no data stream {name}.")
            );
        }

        KeyCheck.DemandSource(key, stream.Source);
        return stream;
    }

    /// <summary>Submits items slice by slice, so that a long body is never in memory as events all at once.</summary>
    public static async Task<IntakeResult> SubmitAsync(
        Intake intake,
        IEnumerable<IntakeItem> items,
        int sliceMax
    )
    {
        IntakeResult? result = null;
        int done = 0;
        foreach (IntakeItem[] slice in items.Chunk(sliceMax))
        {
            IntakeResult next = await intake.SubmitAsync(slice);
            result = result?.Then(next, done) ?? next;
            done += slice.Length;
        }

        return result ?? await intake.SubmitAsync([]);
    }

    private static async Task<IResult> TakeAsync(
        string stream,
        bool? dryRun,
        HttpContext http,
        Intake intake,
        DefinitionCatalogue catalogue,
        TimeProvider clock,
        IOptions<GatewayOptions> options
    )
    {
        DataStream known = StreamOf(catalogue, stream, KeyCheck.KeyOf(http));
        Func<ReadOnlyMemory<byte>, IEnumerable<IntakeItem>> read = ReaderOf(
            http.Request.ContentType,
            known,
            clock.GetUtcNow()
        );
        var body = await RequestBody.ReadAsync(
            http.Request,
            Limits.StreamBodyBytesMax,
            BodyTooLarge
        );
        if (dryRun == true)
        {
            return Results.Json(Tried([.. read(body)]), statusCode: StatusCodes.Status202Accepted);
        }

        IntakeResult result = await SubmitAsync(intake, read(body), options.Value.SliceRecordsMax);
        return Results.Json(TakenAnswer.Of(result), statusCode: StatusCodes.Status202Accepted);
    }

    private static Func<ReadOnlyMemory<byte>, IEnumerable<IntakeItem>> ReaderOf(
        string? contentType,
        DataStream stream,
        DateTimeOffset now
    )
    {
        string mediaType =
            contentType?.Split(';')[0].Trim().ToLower(CultureInfo.InvariantCulture) ?? "";
        return mediaType switch
        {
            "application/x-ndjson" or "application/ndjson" => body =>
                RecordReader.Lines(body, stream, now),
            "application/json" => body => RecordReader.Json(body, stream, now),
            "text/csv" => body => CsvReader.Rows(body, stream, now),
            _ => throw new ProblemException(
                new Problem(
                    415,
                    "unsupported_media_type",
                    "Taken are application/x-ndjson, application/json and text/csv."
                )
            ),
        };
    }

    private static TakenAnswer Tried(IntakeItem[] items) =>
        new(
            null,
            items.Count(item => item.Admission is Admission.Accepted),
            0,
            items.Count(item => item.Admission is Admission.Filtered),
            [
                .. items
                    .Select((item, i) => (Refused: item.Admission as Admission.Refused, i))
                    .Where(item => item.Refused is not null)
                    .Select(item => new IntakeRefusal(
                        item.i,
                        item.Refused!.Code,
                        item.Refused.Message,
                        item.Refused.Pointer
                    )),
            ]
        );

    private static Task<IResult> UpsertAsync(
        string connector,
        string @object,
        HttpContext http,
        Intake intake,
        DefinitionCatalogue catalogue,
        TimeProvider clock,
        IOptions<GatewayOptions> options
    ) => TakeAliasAsync(connector, @object, http, intake, catalogue, clock, options, default);

    private static Task<IResult> DeleteAsync(
        string connector,
        string @object,
        HttpContext http,
        Intake intake,
        DefinitionCatalogue catalogue,
        TimeProvider clock,
        IOptions<GatewayOptions> options
    ) =>
        TakeAliasAsync(
            connector,
            @object,
            http,
            intake,
            catalogue,
            clock,
            options,
            new Envelope(Kind: EventKind.Deleted)
        );

    private static async Task<IResult> TakeAliasAsync(
        string connector,
        string @object,
        HttpContext http,
        Intake intake,
        DefinitionCatalogue catalogue,
        TimeProvider clock,
        IOptions<GatewayOptions> options,
        Envelope envelope
    )
    {
        string name = $"{connector}-{@object}".ToLowerInvariant();
        DataStream stream = StreamOf(catalogue, name, KeyCheck.KeyOf(http));
        var body = await RequestBody.ReadAsync(
            http.Request,
            Limits.StreamBodyBytesMax,
            BodyTooLarge
        );
        IntakeItem[] items = [.. RecordReader.Json(body, stream, clock.GetUtcNow(), envelope)];
        if (envelope.Kind == EventKind.Deleted && items.Length > DeletedIdsMax)
        {
            return Problem.TooLarge(
                "too_many_items",
                $"At most {DeletedIdsMax} deletions at once."
            );
        }

        IntakeResult result = await SubmitAsync(intake, items, options.Value.SliceRecordsMax);
        http.Response.Headers["Cdp-Receipt"] = result.Receipt;
        return Results.Json(
            new { accepted = true, quarantined = result.Refusals },
            statusCode: StatusCodes.Status202Accepted
        );
    }
}

/// <summary>What became of the records of a request.</summary>
/// <param name="Receipt">Token for <c>GET /v1/receipts/{id}</c>; null on a dry run.</param>
/// <param name="Accepted">Events now durable in the log.</param>
/// <param name="Duplicates">Events known already.</param>
/// <param name="Filtered">Events the definition does not keep.</param>
/// <param name="Quarantined">Refused records, kept in quarantine.</param>
public sealed record TakenAnswer(
    string? Receipt,
    int Accepted,
    int Duplicates,
    int Filtered,
    IReadOnlyList<IntakeRefusal> Quarantined
)
{
    internal static TakenAnswer Of(IntakeResult result) =>
        new(result.Receipt, result.Accepted, result.Duplicates, result.Filtered, result.Refusals);
}
