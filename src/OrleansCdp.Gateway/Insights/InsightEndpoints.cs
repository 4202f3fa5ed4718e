using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Insights;

/// <summary>Which insights there are, and what they say of somebody.</summary>
internal static class InsightEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/v1/insights", ListAsync)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "Every insight with the version that is shown, and how far a newer one, and writing it back, is."
            );
        routes
            .MapGet("/v1/individuals/{idType}/{idValue}/insights", GetAsync)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "The insights of whoever bears an identifier, now or ?at a moment; ?explain=true adds formulas and what counts."
            );
        routes
            .MapGet("/v1/accounts/{id}/insights", GetOfAccountAsync)
            .RequireScope(Scopes.Read)
            .WithSummary("The insights of an account.");
    }

    private static async Task<IResult> GetAsync(
        string idType,
        string idValue,
        [AsParameters] InsightQuery query,
        IdentifierCache identifiers,
        IGrainFactory grains,
        TimeProvider clock
    ) =>
        query.TryRead(clock.GetUtcNow(), out InsightQuestion? question, out Problem? problem)
            ? await IndividualEndpoints.AskAsync(
                idType,
                idValue,
                identifiers,
                grains,
                individual => individual.GetInsightsAsync(question)
            )
            : problem;

    private static async Task<IResult> GetOfAccountAsync(
        string id,
        [AsParameters] InsightQuery query,
        IGrainFactory grains,
        TimeProvider clock
    ) =>
        query.TryRead(clock.GetUtcNow(), out InsightQuestion? question, out Problem? problem)
            ? await IndividualEndpoints.AskAccountAsync(
                id,
                grains,
                account => account.GetInsightsAsync(question)
            )
            : problem;

    private static async Task<IResult> ListAsync(
        DefinitionCatalogue catalogue,
        IGrainFactory grains
    )
    {
        await catalogue.RefreshAsync();
        Catalogue all = (await grains.Definitions().GetCatalogueAsync(-1))!;
        var past = all
            .Definitions.Where(version => version.Kind == DefinitionKinds.Insight)
            .ToDictionary(version => version.Name, version => version.Past);
        var progress = await grains
            .GetGrain<IInsightBackfillGrain>(IInsightBackfillGrain.Key)
            .GetProgressAsync();
        WalkProgress? walk = await grains
            .GetGrain<IInsightWalkGrain>(IInsightWalkGrain.Key)
            .GetProgressAsync();
        return Results.Ok(
            new
            {
                data = catalogue
                    .Insights.All.Where(insight =>
                        !InsightDefinition.IsDerived(insight.Definition.Name)
                    )
                    .GroupBy(insight => insight.Definition.Name)
                    .Select(versions => new
                    {
                        name = versions.Key,
                        versions.Last().Definition.Description,
                        of = versions.Last().Definition.Of.ToString().ToLowerInvariant(),
                        measure = versions.Last().Definition.Measure.ToString().ToLowerInvariant(),
                        shown = versions.FirstOrDefault(version => version.IsServing)?.Version,
                        complete = versions.All(version => version.IsComplete),
                        knownSince = past.GetValueOrDefault(versions.Key)?.Since,
                        linksNotTold = past.GetValueOrDefault(versions.Key)?.LinksNotTold ?? 0,
                        peoplePutOff = past.GetValueOrDefault(versions.Key)?.PeoplePutOff ?? 0,
                        making = progress.FirstOrDefault(one => one.Name == versions.Key),
                    }),
                walk,
            }
        );
    }
}
