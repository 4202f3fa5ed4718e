using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>The tables of matching, empty: what SQL does in them is tested with SQL.</summary>
public sealed class NothingMatches : IMatchStore
{
    public Task<MatchSpace> OpenAsync(
        string ruleset,
        int version,
        string text,
        CancellationToken cancel
    ) => throw new NotSupportedException();

    public Task<MatchSpace?> FindAsync(string ruleset, CancellationToken cancel) =>
        Task.FromResult<MatchSpace?>(null);

    public Task<ImmutableArray<MatchSpace>> ReadSpacesAsync(CancellationToken cancel) =>
        Task.FromResult(ImmutableArray<MatchSpace>.Empty);

    public Task<IMatchTurn> BeginAsync(
        int space,
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    ) => throw new NotSupportedException();

    public Task<ImmutableArray<MatchMove>> ReadMovesAsync(
        int space,
        IReadOnlyCollection<string> links,
        CancellationToken cancel
    ) => Task.FromResult(ImmutableArray<MatchMove>.Empty);

    public Task<ImmutableArray<MatchMove>> ReadMovesAsync(
        long after,
        int limit,
        CancellationToken cancel
    ) => Task.FromResult(ImmutableArray<MatchMove>.Empty);

    public Task FinishAsync(IReadOnlyCollection<MatchMove> moves, CancellationToken cancel) =>
        throw new NotSupportedException();

    public Task NoteStuckAsync(IReadOnlyCollection<MatchMove> moves, CancellationToken cancel) =>
        throw new NotSupportedException();

    public Task<ImmutableArray<MatchNews>> ReadNewsAsync(
        long after,
        int limit,
        CancellationToken cancel
    ) => Task.FromResult(ImmutableArray<MatchNews>.Empty);

    public Task<ImmutableArray<MatchNews>> ReadNewsAsync(
        int space,
        IReadOnlyCollection<string> individuals,
        CancellationToken cancel
    ) => Task.FromResult(ImmutableArray<MatchNews>.Empty);

    public Task FinishAsync(IReadOnlyCollection<MatchNews> news, CancellationToken cancel) =>
        Task.CompletedTask;

    public Task<ImmutableArray<MatchDue>> ReadDueAsync(
        long after,
        int limit,
        CancellationToken cancel
    ) => Task.FromResult(ImmutableArray<MatchDue>.Empty);

    public Task<ImmutableArray<MatchDue>> ReadDueAsync(
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    ) => Task.FromResult(ImmutableArray<MatchDue>.Empty);

    public Task FinishAsync(
        IReadOnlyCollection<MatchDue> due,
        IReadOnlyCollection<MatchSpace> spaces,
        CancellationToken cancel
    ) => throw new NotSupportedException();

    public Task<ImmutableArray<StoredDecision>> ReadChangesAsync(
        int space,
        string link,
        int limit,
        CancellationToken cancel
    ) => Task.FromResult(ImmutableArray<StoredDecision>.Empty);

    public Task<IAsyncDisposable> LockLinksAsync(
        IReadOnlyCollection<string> links,
        CancellationToken cancel
    ) => throw new NotSupportedException("Nothing moves.");

    public Task<ImmutableArray<SaidOf>> ReadSaidAsync(
        int space,
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    ) => Task.FromResult(ImmutableArray<SaidOf>.Empty);

    public Task<ImmutableArray<SoftLink>> ReadSoftLinksAsync(
        int space,
        string individual,
        int limit,
        CancellationToken cancel
    ) => Task.FromResult(ImmutableArray<SoftLink>.Empty);

    public Task<ImmutableArray<MatchedLink>> ListAsync(
        MatchFilter filter,
        CancellationToken cancel
    ) => Task.FromResult(ImmutableArray<MatchedLink>.Empty);

    public Task<ImmutableArray<UnresolvedGroup>> ListUnresolvedAsync(
        int space,
        long after,
        int limit,
        CancellationToken cancel
    ) => Task.FromResult(ImmutableArray<UnresolvedGroup>.Empty);

    public Task<bool> ClearAsync(CancellationToken cancel) => Task.FromResult(false);
}
