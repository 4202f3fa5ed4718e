using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>No steward sends single links home here.</summary>
public sealed class NothingReturns : ISentHomeStore
{
    public Task<ImmutableArray<SentHome>> ReadAsync(
        IReadOnlyCollection<long> decisions,
        CancellationToken cancel
    ) => Task.FromResult<ImmutableArray<SentHome>>([]);

    public Task<ImmutableArray<SentHome>> ReadOldestAsync(int limit, CancellationToken cancel) =>
        Task.FromResult<ImmutableArray<SentHome>>([]);

    public Task NoteAsync(long decision, string? reason, CancellationToken cancel) =>
        throw new NotSupportedException("Nothing was sent home.");

    public Task<ImmutableArray<string>> NoteDueAsync(SentHome back, CancellationToken cancel) =>
        throw new NotSupportedException("Nothing was sent home.");

    public Task EndAsync(SentHome back, CancellationToken cancel) =>
        throw new NotSupportedException("Nothing was sent home.");
}
