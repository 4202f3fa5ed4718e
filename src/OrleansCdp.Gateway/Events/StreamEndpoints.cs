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
    /// <summary>Records that one request in Data Cloud's shape may delete, as Data Cloud has it.</summary>
    public const int DeletedIdsMax = 200;

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
                $"Takes up to {Limits.StreamRecordsMax} records of a data stream; ?dryRun=true only says what "
                    + "would become of them."
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
            .WithSummary($"Deletes up to {DeletedIdsMax} records in Data Cloud's shape.");
    }

    /// <summary>The active stream of this name, for a key that may send to it; one defined a moment ago, too.</summary>
    public static async ValueTask<DataStream> FindAsync(
        DefinitionCatalogue catalogue,
        string name,
        AccessKey key
    ) => Demand(await catalogue.FindAsync(name), name, key);

    /// <summary>The same, of those that this process has heard of.</summary>
    public static DataStream StreamOf(DefinitionCatalogue catalogue, string name, AccessKey key) =>
        Demand(catalogue.Streams.GetValueOrDefault(name), name, key);

    private static DataStream Demand(DataStream? stream, string name, AccessKey key)
    {
        if (stream is null)
        {
            throw new ProblemException(
                Problem.NotFound(ReasonCodes.UnknownStream, $"There is no data stream {name}.")
            );
        }

        KeyCheck.DemandSource(key, stream.Source);
        return stream;
    }

    /// <summary>Submits items slice by slice, so that a long body is never in memory as events all at once.</summary>
    public static async Task<TakenAnswer> SubmitAsync(
        Intake intake,
        IEnumerable<IntakeItem> items,
        int sliceMax
    )
    {
        TakenSum sum = new();
        bool any = false;
        foreach (IntakeItem[] slice in items.Chunk(sliceMax))
        {
            sum.Add(await intake.SubmitAsync(slice), slice.Length);
            any = true;
        }

        if (!any)
        {
            sum.Add(await intake.SubmitAsync([]), 0); // Nothing is stored as of now.
        }

        return sum.Stored();
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
        DataStream known = await FindAsync(catalogue, stream, KeyCheck.KeyOf(http));
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
            return Results.Json(Try(read(body)), statusCode: StatusCodes.Status202Accepted);
        }

        TakenAnswer answer = await SubmitAsync(intake, read(body), options.Value.SliceRecordsMax);
        return Results.Json(answer, statusCode: StatusCodes.Status202Accepted);
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

    private static TakenAnswer Try(IEnumerable<IntakeItem> items)
    {
        TakenSum sum = new();
        foreach (IntakeItem item in items)
        {
            sum.Add(item.Admission);
        }

        return sum.Tried();
    }

    private static Task<IResult> UpsertAsync(
        string connector,
        string @object,
        HttpContext http,
        Intake intake,
        DefinitionCatalogue catalogue,
        TimeProvider clock,
        IOptions<GatewayOptions> options
    ) =>
        TakeAliasAsync(
            $"{connector}-{@object}",
            http,
            intake,
            catalogue,
            options,
            (body, stream) => RecordReader.Json(body, stream, clock.GetUtcNow())
        );

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
            $"{connector}-{@object}",
            http,
            intake,
            catalogue,
            options,
            (body, stream) => RecordReader.Deletions(body, stream, clock.GetUtcNow(), DeletedIdsMax)
        );

    private static async Task<IResult> TakeAliasAsync(
        string name,
        HttpContext http,
        Intake intake,
        DefinitionCatalogue catalogue,
        IOptions<GatewayOptions> options,
        Func<ReadOnlyMemory<byte>, DataStream, IEnumerable<IntakeItem>> read
    )
    {
        DataStream stream = await FindAsync(
            catalogue,
            name.ToLowerInvariant(),
            KeyCheck.KeyOf(http)
        );
        var body = await RequestBody.ReadAsync(
            http.Request,
            Limits.StreamBodyBytesMax,
            BodyTooLarge
        );
        TakenAnswer answer = await SubmitAsync(
            intake,
            read(body, stream),
            options.Value.SliceRecordsMax
        );
        http.Response.Headers["Cdp-Receipt"] = answer.Receipt;
        return Results.Json(
            new
            {
                accepted = true,
                refused = answer.Refused,
                quarantined = answer.Quarantined,
            },
            statusCode: StatusCodes.Status202Accepted
        );
    }
}
