using System.Collections.Immutable;

namespace OrleansCdp.Segments;

/// <summary>
/// Who is in which segment, and who entered or left one. Both are written by <see cref="ISnapshotStore.SaveAsync"/>, with the
/// state that they are true of.
/// </summary>
/// <remarks>Of what there is not, or nothing is known any more, pages are empty.</remarks>
public interface IMembershipStore
{
    /// <summary>Most of one page, and most that are deleted at once.</summary>
    const int PageMax = IMembershipListGrain.PageMax;

    /// <summary>Entries and exits of one individual, the newest first.</summary>
    /// <param name="individual">Its id.</param>
    /// <param name="before">Only those with a lower number; null for all.</param>
    /// <param name="limit">Most returned, from 1 to <see cref="PageMax"/>.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is none.</exception>
    Task<ImmutableArray<MembershipChange>> HistoryAsync(
        string individual,
        long? before,
        int limit,
        CancellationToken cancel
    );

    /// <summary>
    /// Where somebody is a member, and the number of the last change, as they are stored beside the state: for one whose state is
    /// damaged and made anew.
    /// </summary>
    /// <param name="individual">Its id.</param>
    /// <param name="cancel">Stops it.</param>
    Task<Memberships> OfAsync(string individual, CancellationToken cancel);

    /// <summary>
    /// Entries and exits of all individuals, for whoever follows them: none is ever passed over, those of one individual come in
    /// their order, and each comes as soon as no transaction of the server runs that began to write before it was written.
    /// </summary>
    /// <param name="segment">Only those of a segment, with all its tiers; null for all.</param>
    /// <param name="after">A position that was given out before; null for the first behind all that are forgotten.</param>
    /// <param name="limit">Most returned, from 1 to <see cref="PageMax"/>.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="ChangePositionException">The position is none, or one of another database.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is none.</exception>
    Task<ImmutableArray<FollowedChange>> FollowAsync(
        string? segment,
        string? after,
        int limit,
        CancellationToken cancel
    );

    /// <summary>
    /// Whether entries or exits after a position are kept no more. Asked after a page was read, so that none is forgotten in between.
    /// </summary>
    /// <param name="segment">Only those of a segment, with all its tiers; null for all.</param>
    /// <param name="after">A position that was given out before.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="ChangePositionException">The position is none.</exception>
    Task<bool> IsForgottenAsync(string? segment, string after, CancellationToken cancel);

    /// <summary>The last entry of an individual into a segment, or the last exit; null where none is known.</summary>
    /// <param name="individual">Its id.</param>
    /// <param name="segment">The segment, with all its tiers.</param>
    /// <param name="cancel">Stops it.</param>
    Task<MembershipChange?> LastAsync(string individual, string segment, CancellationToken cancel);

    /// <summary>Of an individual and a segment, with all its tiers, the last change up to a moment, and the first after it.</summary>
    /// <param name="individual">Its id.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="at">The moment.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>Each null where none is kept.</returns>
    Task<(MembershipChange? Last, MembershipChange? Next)> AroundAsync(
        string individual,
        string segment,
        DateTimeOffset at,
        CancellationToken cancel
    );

    /// <summary>The position after all changes there are: of whoever wants only those that are still to come.</summary>
    Task<string> EndAsync(CancellationToken cancel);

    /// <summary>Who is in a segment, sorted by id.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="tier">Of a waterfall, only those in this tier; null for all.</param>
    /// <param name="after">The id of the last one of the page before; null for the first page.</param>
    /// <param name="limit">Most returned, from 1 to <see cref="PageMax"/>.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is none.</exception>
    Task<ImmutableArray<Member>> MembersAsync(
        string segment,
        string? tier,
        string? after,
        int limit,
        CancellationToken cancel
    );

    /// <summary>How many are in a segment, exactly: each of them is looked at.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>One for each tier that somebody is in, by name, or one without a tier.</returns>
    Task<ImmutableArray<TierCount>> CountAsync(string segment, CancellationToken cancel);

    /// <summary>How many entered and left a segment lately, and who does so again and again.</summary>
    /// <param name="segment">The segment, with all its tiers.</param>
    /// <param name="now">The moment up to which the last hour and the last day reach.</param>
    /// <param name="flapsAbove">Whoever has more changes within the hour is told of.</param>
    /// <param name="most">Once more than so many are found, the latest first, no further ones are counted.</param>
    /// <param name="cancel">Stops it.</param>
    Task<SegmentActivity> ActivityAsync(
        string segment,
        DateTimeOffset now,
        int flapsAbove,
        int most,
        CancellationToken cancel
    );

    /// <summary>Forgets entries and exits, the oldest first. Who is in a segment stays in it.</summary>
    /// <param name="moment">Those that were found before.</param>
    /// <param name="limit">Most that are forgotten, from 1 to <see cref="PageMax"/>.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>How many were.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The limit is none.</exception>
    Task<int> ForgetAsync(DateTimeOffset moment, int limit, CancellationToken cancel);
}

/// <summary>What somebody gave as a position of an entry or exit is none of this database.</summary>
/// <param name="message">Why not, for whoever gave it.</param>
public sealed class ChangePositionException(string message) : FormatException(message);
