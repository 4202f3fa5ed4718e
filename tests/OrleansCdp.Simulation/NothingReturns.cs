using System.Collections.Immutable;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>No steward sends single links home here.</summary>
internal sealed class NothingReturns : ISentHomeStore
{
    public Task<ImmutableArray<SentHome>> ReadAsync(int limit, CancellationToken cancel) =>
        Task.FromResult<ImmutableArray<SentHome>>([]);

    public Task ForgetAsync(IReadOnlyCollection<long> decisions, CancellationToken cancel) =>
        throw new NotSupportedException("Nothing simulated was sent home.");
}
