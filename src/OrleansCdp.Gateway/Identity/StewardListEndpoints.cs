using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>The history of people, and what stewards have to look at.</summary>
internal static class StewardListEndpoints
{
    private const int PageDefault = 100;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/v1/identity/history/{individual}", HistoryAsync)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "Every merge, unmerge and moved link of an individual, newest first, and why it has its links."
            );
        routes
            .MapGet("/v1/identity/conflicts", ConflictsAsync)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "Individuals that links say are one and that stay apart, with the evidence; and those whose links cannot move."
            );
        routes
            .MapGet("/v1/identity/open", OpenAsync)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "Links about which an event says something that could not be carried out yet, or that cannot go back yet; oldest first."
            );
    }

    private static async Task<IResult> HistoryAsync(
        string individual,
        IGrainFactory grains,
        int? limit,
        string? cursor
    )
    {
        int wanted = PageLimit.Demand(limit, PageDefault, IStewardListGrain.PageMax);
        long before = long.MaxValue;
        bool isCursor =
            cursor is null
            || long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out before);
        if (!isCursor)
        {
            return Problem.BadCursor();
        }

        if (!StewardEndpoints.IsId(individual))
        {
            return Problem.NotFound("unknown_individual", "Nobody has that id.");
        }

        var lists = grains.GetGrain<IStewardListGrain>(0);
        var entries = await lists.GetHistoryAsync(individual, before, wanted);
        var links = await lists.GetReasonsAsync(individual);
        if (entries.IsEmpty && links.IsEmpty && cursor is null)
        {
            return Problem.NotFound("unknown_individual", "Nobody has that id.");
        }

        return Results.Ok(
            new
            {
                data = entries.Select(entry => new
                {
                    entry.Number,
                    entry.At,
                    entry.What,
                    entry.Individual,
                    entry.Other,
                    entry.Link,
                    entry.Rule,
                    entry.EventId,
                    entry.Decision,
                    entry.Author,
                    entry.Reason,
                }),
                links = links
                    .OrderBy(link => $"{link.Link}", StringComparer.Ordinal)
                    .Select(link => new
                    {
                        link = $"{link.Link}",
                        link.Base,
                        link.Cause.Rule,
                        link.Cause.EventId,
                        link.Since,
                    }),
                cursor = entries.Length < wanted
                    ? null
                    : entries[^1].Number.ToString(CultureInfo.InvariantCulture),
            }
        );
    }

    private static async Task<IResult> ConflictsAsync(
        IGrainFactory grains,
        int? limit,
        string? cursor
    )
    {
        int wanted = PageLimit.Demand(limit, PageDefault, IStewardListGrain.PageMax);
        ConflictKey? after = null;
        if (cursor is not null && (after = ConflictOf(cursor)) is null)
        {
            return Problem.BadCursor();
        }

        var conflicts = await grains
            .GetGrain<IStewardListGrain>(0)
            .GetConflictsAsync(after, wanted);
        return Results.Ok(
            new
            {
                data = conflicts.Select(conflict => new
                {
                    conflict.Reason,
                    stuck = conflict.IsStuck,
                    conflict.Key.NotedAt,
                    first = new
                    {
                        id = conflict.Key.First,
                        anchor = conflict.FirstName,
                        individual = conflict.FirstRoot,
                    },
                    second = new
                    {
                        id = conflict.Key.Second,
                        anchor = conflict.SecondName,
                        individual = conflict.SecondRoot,
                    },
                    evidence = conflict.Evidence.Select(one => new { one.Link, one.EventId }),
                }),
                cursor = conflicts.Length < wanted
                    ? null
                    : CursorOf(
                        conflicts[^1].Key.NotedAt,
                        $"{conflicts[^1].Key.First}|{conflicts[^1].Key.Second}"
                    ),
            }
        );
    }

    private static async Task<IResult> OpenAsync(IGrainFactory grains, int? limit, string? cursor)
    {
        int wanted = PageLimit.Demand(limit, PageDefault, IStewardListGrain.PageMax);
        OpenDecisionKey? after = null;
        if (cursor is not null && (after = OpenOf(cursor)) is null)
        {
            return Problem.BadCursor();
        }

        var open = await grains.GetGrain<IStewardListGrain>(0).GetOpenAsync(after, wanted);
        return Results.Ok(
            new
            {
                data = open.Select(one => new
                {
                    link = $"{one.Key.Link}",
                    one.Reason,
                    one.EventId,
                    one.Individual,
                    one.Key.NotedAt,
                    one.TriedAt,
                }),
                cursor = open.Length < wanted
                    ? null
                    : CursorOf(open[^1].Key.NotedAt, $"{open[^1].Key.Link}"),
            }
        );
    }

    private static string CursorOf(DateTimeOffset notedAt, string place) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes($"{notedAt.UtcTicks}|{place}"));

    private static (DateTimeOffset NotedAt, string Place)? PlaceOf(string cursor)
    {
        byte[] bytes = new byte[cursor.Length];
        if (!Convert.TryFromBase64String(cursor, bytes, out int length))
        {
            return null;
        }

        string[] parts = Encoding.UTF8.GetString(bytes, 0, length).Split('|', 2);
        return
            parts is [var ticks, var place]
            && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out long at)
            && at <= DateTimeOffset.MaxValue.UtcTicks
            ? (new DateTimeOffset(at, TimeSpan.Zero), place)
            : null;
    }

    private static ConflictKey? ConflictOf(string cursor) =>
        PlaceOf(cursor) is var (at, place)
        && place.Split('|') is [var first, var second]
        && StewardEndpoints.IsId(first)
        && StewardEndpoints.IsId(second)
            ? new ConflictKey(at, first, second)
            : null;

    private static OpenDecisionKey? OpenOf(string cursor) =>
        PlaceOf(cursor) is var (at, place)
        && !place.Contains('\0', StringComparison.Ordinal)
        && LinkKey.TryParse(place, out LinkKey link)
            ? new OpenDecisionKey(at, link)
            : null;
}
