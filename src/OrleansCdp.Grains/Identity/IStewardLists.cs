using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>What stewards ask for.</summary>
public interface IStewardLists
{
    /// <summary>What happened to an individual, newest first.</summary>
    Task<ImmutableArray<HistoryEntry>> HistoryAsync(
        string individual,
        long before,
        int limit,
        CancellationToken cancel
    );

    /// <summary>Why links belong to whom they do.</summary>
    Task<ImmutableArray<LinkReason>> ReasonsAsync(
        IReadOnlyCollection<LinkKey> links,
        CancellationToken cancel
    );

    /// <summary>Conflicts, oldest first.</summary>
    Task<ImmutableArray<ConflictListing>> ConflictsAsync(
        ConflictKey? after,
        int limit,
        CancellationToken cancel
    );

    /// <summary>Links about which an event says something that could not be carried out yet, oldest first.</summary>
    Task<ImmutableArray<OpenDecisionListing>> OpenAsync(
        OpenDecisionKey? after,
        int limit,
        CancellationToken cancel
    );
}
