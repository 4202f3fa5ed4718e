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
                .ProducesProblem(StatusCodes.Status410Gone)
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

        ChangePage page = await PageAsync(
            grains.GetGrain<IMembershipListGrain>(0),
            name,
            after,
            wanted
        );
        return Results.Ok(new { data = page.Changes.Select(MembershipView.Of), page.Next });
    }

    /// <summary>A page of entries and exits.</summary>
    /// <exception cref="ProblemException">
    /// The position is none of this database (400), or some after it are kept no more (410).
    /// </exception>
    public static async Task<ChangePage> PageAsync(
        IMembershipListGrain list,
        string? segment,
        string? after,
        int limit
    ) =>
        await list.GetChangesAsync(segment, after, limit) switch
        {
            null => throw new ProblemException(
                Problem.BadRequest(
                    "bad_position",
                    "This is no position of entries and exits, or one of another database: begin without one."
                )
            ),
            { HasForgotten: true } => throw new ProblemException(
                new Problem(
                    StatusCodes.Status410Gone,
                    "expired_position",
                    "Some entries and exits after this position are kept no more, so you would miss them: "
                        + "read who is in the segment now, and begin without a position."
                )
            ),
            { } page => page,
        };
}
