using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>Which limits of identity are met, and by whom.</summary>
internal static class LimitEndpoints
{
    private const int LimitDefault = 100;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/v1/identity/limits", ListAsync)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .RequireScope(Scopes.Operate)
            .WithSummary(
                "Limits that identifiers, keys, records and individuals have met; by kind, page by page."
            );

    private static async Task<IResult> ListAsync(
        IGrainFactory grains,
        string? kind,
        int? limit,
        string? cursor
    )
    {
        int wanted = PageLimit.Demand(limit, LimitDefault, IMatchingGrain.PageMax);

        LimitKind? of = null;
        if (kind is not null && (of = KindOf(kind)) is null)
        {
            return Problem.BadRequest(
                "bad_filter",
                $"Kinds are {string.Join(", ", Enum.GetValues<LimitKind>().Select(NameOf))}."
            );
        }

        if (cursor is not null && (of is null || !LimitListing.IsCursor(of.Value, cursor)))
        {
            return Problem.BadRequest(
                "bad_cursor",
                "This is no cursor of this list. Every kind has cursors of its own: ?kind=KIND&cursor=CURSOR."
            );
        }

        List<LimitListing> all = [];
        foreach (LimitKind one in of is null ? Enum.GetValues<LimitKind>() : [of.Value])
        {
            ImmutableArray<LimitListing> met = await grains
                .GetGrain<IMatchingGrain>(0)
                .ListLimitsAsync(one, cursor, wanted);
            all.AddRange(met);
        }

        return Results.Ok(
            new
            {
                data = all.Select(one => new
                {
                    kind = NameOf(one.Kind),
                    ruleset = one.Ruleset.Length == 0 ? null : one.Ruleset,
                    one.Subject,
                    one.Detail,
                    one.Amount,
                    one.At,
                }),
                cursor = of is null || all.Count < wanted ? null : all[^1].Cursor,
            }
        );
    }

    private static LimitKind? KindOf(string name)
    {
        foreach (LimitKind kind in Enum.GetValues<LimitKind>())
        {
            if (NameOf(kind) == name)
            {
                return kind;
            }
        }

        return null;
    }

    private static string NameOf(LimitKind kind) =>
        JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());
}
