using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace OrleansCdp;

/// <summary>When individuals and accounts are next to be looked at by the clock.</summary>
/// <remarks>
/// A slice is a partition of the log, by number: those that hash to it (<see cref="Events.Partitions.Of(string, int)"/>) are
/// looked after by whoever owns it.
/// </remarks>
public interface IDueStore
{
    /// <summary>Most that one statement writes, and most that it reads of a slice.</summary>
    const int DueMax = 500;

    /// <summary>Of each slice those that are due, the longest overdue first.</summary>
    /// <param name="slices">The slices.</param>
    /// <param name="now">The moment: who is due then, or was before.</param>
    /// <param name="each">
    /// Most of each slice, from 1 to <see cref="DueMax"/>: what is read is what is looked at, however many are due.
    /// </param>
    /// <param name="cancel">Stops it.</param>
    Task<ImmutableArray<DueSubject>> ReadAsync(
        IReadOnlyCollection<int> slices,
        DateTimeOffset now,
        int each,
        CancellationToken cancel
    );

    /// <summary>Says when they are next due, unless something newer was said of one since it was read.</summary>
    /// <param name="looks">One for each; at most <see cref="DueMax"/>.</param>
    /// <param name="cancel">Stops it.</param>
    Task WriteAsync(IReadOnlyCollection<Look> looks, CancellationToken cancel);

    /// <summary>
    /// Says when somebody is due, unless that is to be earlier anyway. Whoever was read as due before, and is looked at now, is
    /// looked at again: the look may have come too soon.
    /// </summary>
    /// <param name="due">One for each id; at most <see cref="DueMax"/>.</param>
    /// <param name="cancel">Stops it.</param>
    Task DemandAsync(
        IReadOnlyCollection<(string Id, DateTimeOffset At)> due,
        CancellationToken cancel
    );
}

/// <summary>Somebody who is due.</summary>
/// <param name="Id">The individual or account.</param>
/// <param name="At">Since when, as stored.</param>
/// <param name="Tries">How often in a row looking has failed.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct DueSubject(string Id, DateTimeOffset At, int Tries);

/// <summary>What came of looking at somebody who was due.</summary>
/// <param name="Of">Who.</param>
/// <param name="Next">When next; null for never.</param>
/// <param name="Failed">Whether looking failed: then it is tried again at <paramref name="Next"/>.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Look(DueSubject Of, DateTimeOffset? Next, bool Failed = false)
{
    /// <summary>Whether it failed because what is stored is damaged, so that trying again soon is of no use.</summary>
    public bool IsDamaged { get; init; }
}
