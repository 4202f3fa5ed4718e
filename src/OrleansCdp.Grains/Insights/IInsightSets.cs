using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>The insights that this process computes.</summary>
internal interface IInsightSets
{
    /// <summary>Them, as far as they are known; none before the first definitions are.</summary>
    InsightSet Current { get; }

    /// <summary>Them, once the first definitions are known.</summary>
    ValueTask<InsightSet> CurrentAsync();

    /// <summary>Them, read anew unless those of a revision are known here.</summary>
    /// <param name="revision">The highest revision that something stored speaks of.</param>
    ValueTask<InsightSet> SinceAsync(long revision);

    /// <summary>
    /// Makes sure that every version of an insight is known here that links speak of: what is done next would not be counted in it.
    /// </summary>
    async ValueTask KnowAsync(ImmutableArray<Link> links) =>
        await SinceAsync(links.Select(link => link.NewestRevision).DefaultIfEmpty().Max());
}

/// <summary>The insights of this process's catalogue.</summary>
internal sealed class CatalogueInsights(DefinitionCatalogue catalogue) : IInsightSets
{
    public InsightSet Current => catalogue.Insights;

    public ValueTask<InsightSet> CurrentAsync() =>
        catalogue.Version > 0 ? new(catalogue.Insights) : LoadedAsync();

    public async ValueTask<InsightSet> SinceAsync(long revision)
    {
        if (catalogue.Version < revision)
        {
            await catalogue.RefreshAsync();
        }

        return await CurrentAsync();
    }

    private async ValueTask<InsightSet> LoadedAsync()
    {
        await catalogue.Loaded;
        return catalogue.Insights;
    }
}
