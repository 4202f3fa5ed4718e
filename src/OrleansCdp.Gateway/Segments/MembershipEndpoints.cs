using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Context;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Segments;

/// <summary>The segments of one individual, and how it came to them.</summary>
internal static class MembershipEndpoints
{
    private const int PageDefault = 100;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/v1/individuals/{idType}/{idValue}/segments", GetAsync)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "The segments of whoever bears an identifier, and the entries and exits, newest first; those ?before a sequence."
            );

    private static async Task<IResult> GetAsync(
        string idType,
        string idValue,
        long? before,
        int? limit,
        IdentifierCache identifiers,
        IGrainFactory grains
    )
    {
        int wanted = PageLimit.Demand(limit, PageDefault, IMembershipListGrain.PageMax);
        var (individual, answer) = await IndividualEndpoints.FindAsync(
            idType,
            idValue,
            identifiers,
            grains,
            one => one.GetMembershipsAsync()
        );
        var history = await grains
            .GetGrain<IMembershipListGrain>(0)
            .GetHistoryAsync(individual, before, wanted);
        JsonNode present = JsonNode.Parse(answer.Json)!;
        return Results.Ok(
            new
            {
                individual,
                memberships = present["memberships"],
                history = history.Select(MembershipView.Of),
                before = history.Length < wanted ? (long?)null : history[^1].Sequence,
            }
        );
    }
}
