using System.Collections.Immutable;

namespace OrleansCdp.Segments;

/// <summary>Who is in which segment, and who entered or left one, page by page. Stateless: any key, by convention 0.</summary>
[Alias("cdp.membership-list")]
public interface IMembershipListGrain : IGrainWithIntegerKey
{
    /// <summary>Most of one page.</summary>
    const int PageMax = 1_000;

    /// <summary>Who is in a segment, sorted by id.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="tier">Of a waterfall, only those in this tier; null for all.</param>
    /// <param name="after">The id of the last one of the page before; null for the first page.</param>
    /// <param name="limit">At most <see cref="PageMax"/>.</param>
    [Alias("members")]
    Task<ImmutableArray<Member>> GetMembersAsync(
        string segment,
        string? tier,
        string? after,
        int limit
    );

    /// <summary>Entries and exits of all individuals, in the order in which they are followed: none is passed over.</summary>
    /// <param name="segment">Only those of a segment, with all its tiers; null for all.</param>
    /// <param name="after">A position that was given out before; null for the first behind all that are forgotten.</param>
    /// <param name="limit">At most <see cref="PageMax"/>.</param>
    /// <returns>Null when the position is none of this database.</returns>
    [Alias("changes")]
    Task<ChangePage?> GetChangesAsync(string? segment, string? after, int limit);

    /// <summary>The position after all changes there are.</summary>
    [Alias("end")]
    Task<string> GetEndAsync();

    /// <summary>Entries and exits of one individual, the newest first.</summary>
    /// <param name="individual">Its id.</param>
    /// <param name="before">Only those with a lower number; null for all.</param>
    /// <param name="limit">At most <see cref="PageMax"/>.</param>
    [Alias("history")]
    Task<ImmutableArray<MembershipChange>> GetHistoryAsync(
        string individual,
        long? before,
        int limit
    );

    /// <summary>The last entry of an individual into a segment, or its last exit; null where none is known.</summary>
    [Alias("last")]
    Task<MembershipChange?> GetLastAsync(string individual, string segment);

    /// <summary>Whether an individual was in a segment at a moment, as far as changes are kept.</summary>
    /// <param name="individual">Its id.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="at">The moment; not in the future.</param>
    [Alias("past")]
    Task<PastMembership> GetPastAsync(string individual, string segment, DateTimeOffset at);
}

/// <summary>Whether somebody was in a segment at a moment.</summary>
/// <param name="IsKnown">False where changes of that time are not kept any more: then nobody can tell.</param>
/// <param name="IsIn">Whether it was in it.</param>
/// <param name="Since">When it had entered; null where it was not in it, or that is not kept.</param>
/// <param name="Last">The last entry or exit up to the moment; null where none is kept.</param>
/// <param name="Next">The first one after it; null for none.</param>
[GenerateSerializer, Immutable, Alias("cdp.past-membership")]
public sealed record PastMembership(
    [property: Id(0)] bool IsKnown,
    [property: Id(1)] bool IsIn,
    [property: Id(2)] DateTimeOffset? Since,
    [property: Id(3)] MembershipChange? Last,
    [property: Id(4)] MembershipChange? Next
);

/// <summary>A page of entries and exits.</summary>
/// <param name="Changes">Them.</param>
/// <param name="Next">The position to go on with: of a page that is not full, later.</param>
[GenerateSerializer, Immutable, Alias("cdp.change-page")]
public sealed record ChangePage(
    [property: Id(0)] ImmutableArray<FollowedChange> Changes,
    [property: Id(1)] string Next
)
{
    /// <summary>Whether some after the position that was asked for are kept no more: then nothing is listed.</summary>
    [Id(2)]
    public bool HasForgotten { get; init; }
}

/// <summary>An entry or exit that somebody follows.</summary>
/// <param name="Individual">Who entered or left.</param>
/// <param name="Change">The change.</param>
/// <param name="Position">Where it is: what comes after it is asked for with this. Nothing is to be read from it.</param>
[GenerateSerializer, Immutable, Alias("cdp.followed-change")]
public sealed record FollowedChange(
    [property: Id(0)] string Individual,
    [property: Id(1)] MembershipChange Change,
    [property: Id(2)] string Position
);

/// <summary>Somebody who is in a segment.</summary>
/// <param name="Individual">The id.</param>
/// <param name="Tier">Of a waterfall the tier; null elsewhere.</param>
/// <param name="Since">When it entered, to the microsecond.</param>
/// <param name="Version">The version of the segment by which it entered.</param>
/// <param name="Sequence">The number of the change by which it entered.</param>
[GenerateSerializer, Immutable, Alias("cdp.segment-member")]
public sealed record Member(
    [property: Id(0)] string Individual,
    [property: Id(1)] string? Tier,
    [property: Id(2)] DateTimeOffset Since,
    [property: Id(3)] int Version,
    [property: Id(4)] long Sequence
);
