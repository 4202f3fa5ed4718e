using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Links that a steward sent home by decisions that are withdrawn, and that have to go back. Of several decisions about one
/// link the last one counts: as if the earlier one had never been made, it would have sent it home, too.
/// </summary>
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

    /// <summary>One need not be looked at any more, but once more by matching.</summary>
    Task EndAsync(SentHome back, CancellationToken cancel);
}

/// <summary>How a link goes back to where a steward took it from.</summary>
/// <param name="Move">From its home to whom it belonged, with the rank and cause it did.</param>
/// <param name="Weight">How much what had brought it there weighs among all that decide about it.</param>
public sealed record WayBack(ClaimMove Move, Stamp Weight);

/// <summary>A link that was sent home by a decision that is withdrawn, and by no later one.</summary>
/// <param name="Decision">The decision.</param>
/// <param name="Back">How it goes back.</param>
/// <param name="IsRecent">Whether it was sent home so lately that whoever did may still be at it.</param>
public sealed record SentHome(long Decision, WayBack Back, bool IsRecent);
