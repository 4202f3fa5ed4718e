using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>Which insights there are.</summary>
internal static class InsightEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/v1/insights", ListAsync)
            .RequireScope(Scopes.Read)
            .WithSummary(
                "Every insight with the version that is shown, and how far a newer one is."
            );

    private static async Task<IResult> ListAsync(
        DefinitionCatalogue catalogue,
        IGrainFactory grains
    )
    {
        await catalogue.RefreshAsync();
        var progress = await grains
            .GetGrain<IInsightBackfillGrain>(IInsightBackfillGrain.Key)
            .GetProgressAsync();
        return Results.Ok(
            new
            {
                data = catalogue
                    .Insights.All.GroupBy(insight => insight.Definition.Name)
                    .Select(versions => new
                    {
                        name = versions.Key,
                        versions.Last().Definition.Description,
                        of = versions.Last().Definition.Of.ToString().ToLowerInvariant(),
                        measure = versions.Last().Definition.Measure.ToString().ToLowerInvariant(),
                        shown = versions.First(version => version.IsServing).Version,
                        complete = versions.All(version => version.IsComplete),
                        making = progress.FirstOrDefault(one => one.Name == versions.Key),
                    }),
            }
        );
    }
}
