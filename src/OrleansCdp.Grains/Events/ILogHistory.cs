using System.Collections.Immutable;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Events;

/// <summary>The log and what was decided by it, as somebody reads it afterwards.</summary>
public interface ILogHistory
{
    /// <summary>Most ids of one page.</summary>
    const int IdsMax = 500;

    /// <summary>What there is of every lane of every partition, at one instant.</summary>
    Task<ImmutableArray<LaneExtent>> ExtentsAsync(CancellationToken cancel);

    /// <summary>Reads a stretch of a lane, or the beginning of it.</summary>
    Task<LogStretch> ReadAsync(LogRange range, CancellationToken cancel);

    /// <summary>Who holds claims, and since when.</summary>
    /// <returns>Only the claims that exist.</returns>
    Task<IReadOnlyDictionary<string, HeldClaim>> ClaimsAsync(
        IReadOnlyCollection<string> claims,
        CancellationToken cancel
    );

    /// <summary>Those of the anchors that two individuals are known to want.</summary>
    Task<IReadOnlySet<string>> DisputedAsync(
        IReadOnlyCollection<string> anchors,
        CancellationToken cancel
    );

    /// <summary>Ids of stored states, in order, at most <see cref="IdsMax"/>.</summary>
    /// <param name="after">Only later ones; any text, empty for all.</param>
    /// <param name="limit">Most ids.</param>
    /// <param name="cancel">Stops reading.</param>
    Task<ImmutableArray<string>> IdsAsync(string after, int limit, CancellationToken cancel);

    /// <summary>How many items the quarantine has, by what they are.</summary>
    Task<ImmutableArray<QuarantineSum>> QuarantineSumsAsync(CancellationToken cancel);
}

/// <summary>What there is of one lane of one partition.</summary>
/// <param name="Lane">Lane.</param>
/// <param name="Partition">Partition.</param>
/// <param name="First">First sequence that is still there; 1 when nothing was dropped.</param>
/// <param name="Head">Last sequence.</param>
/// <param name="Checkpoint">Up to where everything is applied.</param>
/// <param name="RetainedSince">What was received since then is there.</param>
public sealed record LaneExtent(
    Lane Lane,
    int Partition,
    long First,
    long Head,
    long Checkpoint,
    DateTimeOffset RetainedSince
)
{
    /// <summary>
    /// How much earlier than its claim a link's first event may have been received: the reader was no further behind.
    /// </summary>
    public static readonly TimeSpan BehindMax = TimeSpan.FromDays(1);

    /// <summary>Whether everything of a link is still there.</summary>
    /// <param name="claimed">When the link was claimed, by its first event; null where nobody knows.</param>
    public bool IsWholeSince(DateTimeOffset? claimed) =>
        First <= 1 || (claimed is { } since && since >= RetainedSince + BehindMax);
}

/// <summary>A part of one lane.</summary>
/// <param name="Lane">Lane.</param>
/// <param name="Partition">Partition.</param>
/// <param name="From">First sequence wanted.</param>
/// <param name="To">Last sequence wanted.</param>
/// <param name="Subjects">
/// Hashes of the links wanted (<see cref="Partitions.HashOf(LinkKey)"/>): the rest is left out where that saves reading,
/// and only there. Null for all.
/// </param>
public sealed record LogRange(
    Lane Lane,
    int Partition,
    long From,
    long To,
    long[]? Subjects = null
);

/// <summary>What was read.</summary>
/// <param name="Events">The events, in sequence order.</param>
/// <param name="NotMet">Sequences of those that were refused before they met their link.</param>
/// <param name="Next">Where to go on.</param>
public sealed record LogStretch(
    IReadOnlyList<SequencedEvent> Events,
    IReadOnlySet<long> NotMet,
    long Next
);

/// <summary>A claim and its age.</summary>
/// <param name="Owner">Who has what it speaks of: its base individual, or whom that one is merged into.</param>
/// <param name="Since">When it was first made; null for those of first versions.</param>
public sealed record HeldClaim(string Owner, DateTimeOffset? Since);

/// <summary>A number of items in quarantine.</summary>
/// <param name="Stream">Data stream.</param>
/// <param name="Code">Reason.</param>
/// <param name="IsOfLog">Whether they had come to the log.</param>
/// <param name="IsReplayed">Whether they went through after all.</param>
/// <param name="Count">How many.</param>
public sealed record QuarantineSum(
    string Stream,
    string Code,
    bool IsOfLog,
    bool IsReplayed,
    long Count
);
