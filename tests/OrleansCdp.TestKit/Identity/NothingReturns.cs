using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>No steward sends single links home here.</summary>
public sealed class NothingReturns : ISentHomeStore
{
    public Task<ImmutableArray<SentHome>> ReadAsync(int limit, CancellationToken cancel) =>
        Task.FromResult<ImmutableArray<SentHome>>([]);

    public Task ForgetAsync(IReadOnlyCollection<long> decisions, CancellationToken cancel) =>
        throw new NotSupportedException("Nothing simulated was sent home.");
}
