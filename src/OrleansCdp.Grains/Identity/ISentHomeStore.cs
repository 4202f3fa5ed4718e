using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>Links that a steward sent home by decisions that are withdrawn, and that have to go back.</summary>
public interface ISentHomeStore
{
    /// <summary>Those of some decisions.</summary>
    Task<ImmutableArray<SentHome>> ReadAsync(
        IReadOnlyCollection<long> decisions,
        CancellationToken cancel
    );

    /// <summary>Those that have waited longest since they were last tried, and has them wait anew.</summary>
    /// <param name="limit">Most returned.</param>
    /// <param name="cancel">Stops it.</param>
    Task<ImmutableArray<SentHome>> ReadOldestAsync(int limit, CancellationToken cancel);

    /// <summary>Notes why one has to wait; null where it does not.</summary>
    Task NoteAsync(long decision, string? reason, CancellationToken cancel);

    /// <summary>
    /// Has matching look again at one that has just gone back, at its home and at whoever has it.
    /// </summary>
    /// <returns>What matching is to look at.</returns>
    Task<ImmutableArray<string>> NoteDueAsync(SentHome back, CancellationToken cancel);

    /// <summary>One need not be looked at any more.</summary>
    Task EndAsync(long decision, CancellationToken cancel);
}

/// <summary>A link on its way back.</summary>
/// <param name="Decision">The decision that sent it home; withdrawn by now.</param>
/// <param name="Back">How it goes back.</param>
/// <param name="IsRecent">Whether it was sent home so lately that whoever did may still be at it.</param>
public sealed record SentHome(long Decision, ClaimMove Back, bool IsRecent);
