using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>Identifiers that stopped identifying or began to again, and who has them.</summary>
public interface IGuardStore
{
    /// <summary>The identifier whose holders have waited longest to be looked at again; null when nobody waits.</summary>
    /// <param name="space">Of this space; null for all that are in use, successors included.</param>
    /// <param name="cancel">Stops it.</param>
    Task<GuardReviewDue?> FindDueAsync(int? space, CancellationToken cancel);

    /// <summary>Records that have an identifier, in the order of their numbers.</summary>
    /// <param name="due">The identifier, and the record after which to begin.</param>
    /// <param name="limit">Most records returned.</param>
    /// <param name="cancel">Stops it.</param>
    Task<ImmutableArray<Holder>> ReadHoldersAsync(
        GuardReviewDue due,
        int limit,
        CancellationToken cancel
    );

    /// <summary>Notes how far the holders were looked at, unless the identifier has changed again since.</summary>
    /// <param name="due">The identifier.</param>
    /// <param name="reviewed">The last record; null when all were.</param>
    /// <param name="cancel">Stops it.</param>
    Task NoteReviewedAsync(GuardReviewDue due, long? reviewed, CancellationToken cancel);

    /// <summary>
    /// Records that are compared and have not noted their identifiers yet, as those of an earlier program; in the order of
    /// their numbers. Of the first space that has such.
    /// </summary>
    Task<(int Space, ImmutableArray<Holder> Records)?> ReadUnlistedAsync(
        int limit,
        CancellationToken cancel
    );

    /// <summary>Notes that records have noted their identifiers.</summary>
    /// <param name="space">The space.</param>
    /// <param name="listed">Up to this one; null when all have.</param>
    /// <param name="cancel">Stops it.</param>
    Task NoteListedAsync(int space, long? listed, CancellationToken cancel);
}

/// <summary>An identifier whose holders are to be looked at again.</summary>
/// <param name="Space">The space.</param>
/// <param name="Identifier">Names it, as <see cref="IdentifierValue.Key"/>.</param>
/// <param name="Change">Number of the change that makes it so.</param>
/// <param name="Reviewed">The last record that was looked at; 0 for none.</param>
public sealed record GuardReviewDue(int Space, long Identifier, long Change, long Reviewed);

/// <summary>A record that has an identifier.</summary>
/// <param name="Record">Its number.</param>
/// <param name="Subject">The link's key, or the individual's id.</param>
public readonly record struct Holder(long Record, string Subject);
