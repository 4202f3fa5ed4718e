using System.Collections.Immutable;
using Orleans.Concurrency;

namespace OrleansCdp.Identity;

/// <summary>Lists what the store knows, page by page.</summary>
[GrainType("cdp.steward-list")]
[StatelessWorker]
internal sealed class StewardListGrain(IStewardLists lists) : Grain, IStewardListGrain
{
    public Task<ImmutableArray<HistoryEntry>> GetHistoryAsync(
        string individual,
        long before,
        int limit
    ) => lists.HistoryAsync(individual, before, PageOf(limit), CancellationToken.None);

    public async Task<ImmutableArray<LinkReason>> GetReasonsAsync(string individual)
    {
        IndividualEvidence evidence = await GrainFactory
            .GetGrain<IUnifiedIndividualGrain>(individual)
            .GetEvidenceAsync([]);
        return await lists.ReasonsAsync(evidence.Keys, CancellationToken.None);
    }

    public Task<ImmutableArray<ConflictListing>> GetConflictsAsync(ConflictKey? after, int limit) =>
        lists.ConflictsAsync(after, PageOf(limit), CancellationToken.None);

    public Task<ImmutableArray<OpenDecisionListing>> GetOpenAsync(
        OpenDecisionKey? after,
        int limit
    ) => lists.OpenAsync(after, PageOf(limit), CancellationToken.None);

    private static int PageOf(int limit) => Math.Clamp(limit, 1, IStewardListGrain.PageMax);
}
