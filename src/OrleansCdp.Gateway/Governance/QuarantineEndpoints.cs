using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>What was refused, and its second chance.</summary>
internal static class QuarantineEndpoints
{
    private const int LimitMax = 1_000;
    private const int LimitDefault = 100;

    /// <summary>What nests deeper is shown as text: an answer can be written to a depth of 64, and this is inside it.</summary>
    private static readonly JsonDocumentOptions Shown = new() { MaxDepth = 48 };

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/v1/quarantine", ListAsync)
            .RequireScope(Scopes.Operate)
            .WithSummary(
                "Refused events with reason and payload; filter by stream, code, from, to."
            );
        routes
            .MapPost("/v1/quarantine/replay", ReplayAsync)
            .RequireScope(Scopes.Operate)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .WithSummary("Sends refused events in again under today's definitions.");
    }

    private static async Task<IResult> ListAsync(
        IGrainFactory grains,
        string? stream,
        string? code,
        DateTimeOffset? from,
        DateTimeOffset? to,
        int? limit,
        string? cursor
    )
    {
        int wanted = PageLimit.Demand(limit, LimitDefault, LimitMax);
        if (!AreNames(stream, code))
        {
            return BadFilter;
        }

        long after = 0;
        if (cursor is not null && !TryDecode(cursor, out after))
        {
            return Problem.BadCursor();
        }

        ImmutableArray<QuarantineItem> items = await grains
            .GetGrain<IQuarantineGrain>(0)
            .ListAsync(
                new QuarantineFilter
                {
                    Stream = stream,
                    Code = code,
                    From = from,
                    To = to,
                    After = after,
                    Limit = wanted,
                }
            );
        return Results.Ok(
            new
            {
                data = items.Select(View),
                cursor = items.Length < wanted ? null : Encode(items[^1].Id),
            }
        );
    }

    private static async Task<IResult> ReplayAsync(ReplayRequest? request, QuarantineReplay replay)
    {
        ReplayRequest asked = request ?? new ReplayRequest();
        if (asked.Limit is < 1 or > LimitMax || asked.Ids?.Length > LimitMax)
        {
            return Problem.BadRequest("bad_limit", $"At most {LimitMax} items at once.");
        }

        if (!AreNames(asked.Stream, asked.Code))
        {
            return BadFilter;
        }

        ReplayAnswer answer = await replay.RunAsync(
            new QuarantineFilter
            {
                Stream = asked.Stream,
                Code = asked.Code,
                From = asked.From,
                To = asked.To,
                After = asked.After ?? 0,
                Limit = asked.Limit ?? LimitMax,
                Ids = [.. asked.Ids ?? []],
            }
        );
        return Results.Ok(answer);
    }

    private static Problem BadFilter { get; } =
        Problem.BadRequest("bad_filter", "No stream and no code has such a name.");

    /// <summary>PostgreSQL stores no NUL, so asking it for one is an error and not an empty list.</summary>
    private static bool AreNames(string? stream, string? code) =>
        !(stream + code).Contains('\0', StringComparison.Ordinal);

    private static object View(QuarantineItem item) =>
        new
        {
            item.Id,
            item.Stream,
            item.Code,
            item.Message,
            item.Pointer,
            item.Truncated,
            item.At,
            payload = PayloadOf(item),
        };

    /// <summary>The payload as JSON where it is that and can be shown as that, else as text, else as base64.</summary>
    private static object PayloadOf(QuarantineItem item)
    {
        if (!Utf8.IsValid(item.Payload))
        {
            return new { base64 = Convert.ToBase64String(item.Payload) };
        }

        if (item.Origin == QuarantineOrigin.Row)
        {
            return Encoding.UTF8.GetString(item.Payload);
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(item.Payload, Shown);
            // A lone surrogate cannot be written; better to find out before the answer has begun.
            JsonSerializer.Serialize(document.RootElement);
            return document.RootElement.Clone();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Encoding.UTF8.GetString(item.Payload);
        }
    }

    private static string Encode(long id) =>
        Base64Url.EncodeToString(
            Encoding.ASCII.GetBytes(id.ToString(CultureInfo.InvariantCulture))
        );

    private static bool TryDecode(string cursor, out long id)
    {
        id = 0;
        return cursor.Length < 64
            && Base64Url.IsValid(cursor)
            && long.TryParse(
                Encoding.ASCII.GetString(Base64Url.DecodeFromChars(cursor)),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out id
            );
    }
}

/// <summary>Which items to replay; nothing for all.</summary>
/// <param name="Stream">Data stream.</param>
/// <param name="Code">Reason code.</param>
/// <param name="From">Refused at or after.</param>
/// <param name="To">Refused before.</param>
/// <param name="After">Only ids above this one, to go on after an earlier call.</param>
/// <param name="Ids">Only these.</param>
/// <param name="Limit">At most this many.</param>
public sealed record ReplayRequest(
    string? Stream = null,
    string? Code = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null,
    long? After = null,
    long[]? Ids = null,
    int? Limit = null
);

/// <summary>What became of a replay.</summary>
/// <param name="Replayed">Items that went through.</param>
/// <param name="Resubmitted">
/// Events that were in the log before and are there again: whether their individuals take them now shows when they are
/// applied. One that is refused again comes back once and then stays, unless it is named in <c>ids</c>.
/// </param>
/// <param name="StillRefused">Items that stay, with the reason of today.</param>
/// <param name="LastId">The last item looked at; pass it as <c>after</c> to go on. 0 when there was none.</param>
public sealed record ReplayAnswer(
    int Replayed,
    int Resubmitted,
    IReadOnlyList<StillRefused> StillRefused,
    long LastId
);

/// <summary>An item that stays in quarantine.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Code">The reason of today.</param>
/// <param name="Message">In words.</param>
public sealed record StillRefused(long Id, string Code, string Message);
