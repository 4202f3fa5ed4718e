using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>Who entered or left segments, for whoever follows it: page by page, or as a stream that goes on.</summary>
internal static class ChangeEndpoints
{
    private const int PageDefault = 100;
    private const string EventStream = "text/event-stream";

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (
            (string path, string what) in new[]
            {
                ("/v1/segments/changes", "all segments"),
                ("/v1/segments/{name}/changes", "a segment"),
            }
        )
        {
            routes
                .MapGet(
                    path,
                    (
                        HttpContext http,
                        string? after,
                        int? limit,
                        DefinitionCatalogue catalogue,
                        IGrainFactory grains,
                        ChangeStreams streams
                    ) => FollowAsync(http, after, limit, catalogue, grains, streams)
                )
                .Produces(
                    StatusCodes.Status200OK,
                    contentType: "application/json",
                    additionalContentTypes: [EventStream]
                )
                .ProducesProblem(StatusCodes.Status400BadRequest)
                .ProducesProblem(StatusCodes.Status404NotFound)
                .ProducesProblem(StatusCodes.Status429TooManyRequests)
                .RequireScope(Scopes.Read)
                .WithSummary(
                    $"Entries and exits of {what} ?after a position, in the order in which none is missed; "
                        + "as server-sent events if the client accepts them."
                );
        }
    }

    private static async Task<IResult> FollowAsync(
        HttpContext http,
        string? after,
        int? limit,
        DefinitionCatalogue catalogue,
        IGrainFactory grains,
        ChangeStreams streams
    )
    {
        int wanted = PageLimit.Demand(limit, PageDefault, IMembershipListGrain.PageMax);
        string? name = http.Request.RouteValues["name"] as string;
        if (name is not null)
        {
            await SegmentEndpoints.DemandKnownAsync(name, catalogue, grains);
        }

        if (
            http.Request.GetTypedHeaders().Accept.Any(accepted => accepted.MediaType == EventStream)
        )
        {
            string? known = http.Request.Headers["Last-Event-ID"];
            await streams.SendAsync(http, name, string.IsNullOrEmpty(known) ? after : known);
            return Results.Empty;
        }

        ChangePage page =
            await grains.GetGrain<IMembershipListGrain>(0).GetChangesAsync(name, after, wanted)
            ?? throw BadPosition();
        return Results.Ok(new { data = page.Changes.Select(MembershipView.Of), page.Next });
    }

    /// <summary>What is said of a position that none of this database is.</summary>
    public static ProblemException BadPosition() =>
        new(
            Problem.BadRequest(
                "bad_position",
                "This is no position of entries and exits, or one of another database: begin without one."
            )
        );
}
