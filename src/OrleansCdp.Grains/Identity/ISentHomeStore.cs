using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>Links that a steward sent home by decisions that are withdrawn, and that have to go back.</summary>
public interface ISentHomeStore
{
    /// <summary>Those that have waited longest, and has them wait anew.</summary>
    Task<ImmutableArray<SentHome>> ReadAsync(int limit, CancellationToken cancel);

    /// <summary>Forgets those that went back, or that have become another one's meanwhile.</summary>
    Task ForgetAsync(IReadOnlyCollection<long> decisions, CancellationToken cancel);
}

/// <summary>A link on its way back.</summary>
/// <param name="Decision">The decision that sent it home; withdrawn by now.</param>
/// <param name="Back">How it goes back.</param>
public sealed record SentHome(long Decision, ClaimMove Back);
