using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>
/// The stored records of a match space as training and trying other rules read them, and the successor in which another
/// version decides about them before it takes over.
/// </summary>
public interface IReplayStore
{
    /// <summary>What some links say, chosen by chance.</summary>
    /// <param name="space">The space.</param>
    /// <param name="limit">Most links; all when there are no more.</param>
    /// <param name="seed">Chooses; the same gives the same.</param>
    /// <param name="cancel">Stops it.</param>
    Task<ImmutableArray<byte[]>> SampleAsync(
        int space,
        int limit,
        ulong seed,
        CancellationToken cancel
    );

    /// <summary>What is compared in a space, in the order of numbers.</summary>
    /// <param name="space">The space.</param>
    /// <param name="after">Only records with a number above this one.</param>
    /// <param name="limit">Most returned.</param>
    /// <param name="cancel">Stops it.</param>
    Task<ImmutableArray<MatchRow>> ReadComparedAsync(
        int space,
        long after,
        int limit,
        CancellationToken cancel
    );

    /// <summary>What stewards have said of records of a space, at most so many.</summary>
    Task<ImmutableArray<StewardVerdict>> ReadVerdictsAsync(
        int space,
        int limit,
        CancellationToken cancel
    );

    /// <summary>How many links a space has.</summary>
    Task<long> CountAsync(int space, CancellationToken cancel);

    /// <summary>The highest number of a record in a space; 0 when there is none.</summary>
    Task<long> LastAsync(int space, CancellationToken cancel);

    /// <summary>How many links belong to nobody and may be somebody's.</summary>
    Task<long> CountSoftAsync(int space, CancellationToken cancel);

    /// <summary>Links of a space that are to move, in the order of their keys.</summary>
    /// <param name="space">The space.</param>
    /// <param name="after">Only links whose keys come after this one; empty to begin.</param>
    /// <param name="limit">Most returned.</param>
    /// <param name="cancel">Stops it.</param>
    Task<ImmutableArray<string>> ReadMovingAsync(
        int space,
        string after,
        int limit,
        CancellationToken cancel
    );

    /// <summary>
    /// The successor in which a version decides. One of the same text goes on where it was; any other is given up.
    /// </summary>
    Task<MatchSpace> SucceedAsync(
        MatchSpace live,
        int version,
        string text,
        CancellationToken cancel
    );

    /// <summary>Links that the successor does not know yet, or not as they are now, in the order of numbers.</summary>
    /// <param name="live">The space that is live.</param>
    /// <param name="successor">Its successor.</param>
    /// <param name="after">Only links with a number above this one; 0 to begin.</param>
    /// <param name="last">Only links with at most this number.</param>
    /// <param name="limit">Most returned.</param>
    /// <param name="cancel">Stops it.</param>
    Task<ImmutableArray<MatchRow>> ReadAheadAsync(
        int live,
        int successor,
        long after,
        long last,
        int limit,
        CancellationToken cancel
    );

    /// <summary>Notes as of which event links were taken into the successor.</summary>
    Task NoteTakenAsync(
        int successor,
        IReadOnlyCollection<MatchRow> links,
        CancellationToken cancel
    );

    /// <summary>Lets nobody decide in the live space until the handover is disposed of.</summary>
    Task<IHandover> HoldAsync(int live, int successor, CancellationToken cancel);
}

/// <summary>The live space stands still. Nothing changes unless it is handed over.</summary>
public interface IHandover : IAsyncDisposable
{
    /// <summary>Whether the space is still the live one, and the successor still its successor.</summary>
    bool IsDue { get; }

    /// <summary>
    /// Makes the successor live: groups keep their numbers as far as they have the same members, history says what
    /// changed, and moves are noted for links that belong to others now.
    /// </summary>
    Task<ReplayChanges> CommitAsync(CancellationToken cancel);
}

/// <summary>What became different when a version took over.</summary>
/// <param name="Regrouped">Links whose group or individual is another one.</param>
/// <param name="Moving">Links that must move.</param>
public readonly record struct ReplayChanges(int Regrouped, int Moving);
