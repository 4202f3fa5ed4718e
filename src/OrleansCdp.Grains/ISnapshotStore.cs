using System.Collections.Immutable;
using OrleansCdp.Activation;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>Durable states of individuals and accounts, read and written in groups.</summary>
public interface ISnapshotStore
{
    /// <summary>Loads a state; concurrent loads share a statement.</summary>
    /// <returns>Null when there is none.</returns>
    Task<Snapshot?> LoadAsync(string id, CancellationToken cancel);

    /// <summary>
    /// Saves a state with everything that must be true at the same instant, in one transaction shared with other
    /// states. The caller has at most one save of an id in flight.
    /// </summary>
    /// <exception cref="Orleans.Storage.InconsistentStateException">
    /// The stored version is not <see cref="SnapshotWrite.PreviousVersion"/>: another activation wrote. Nothing was
    /// written for this id.
    /// </exception>
    Task SaveAsync(SnapshotWrite write);
}

/// <summary>A stored state.</summary>
/// <param name="Version">Version of the last save, from 1.</param>
/// <param name="Data">The bytes saved.</param>
/// <param name="Parts">What is stored apart from them, as last written.</param>
public sealed record Snapshot(long Version, byte[] Data, ImmutableArray<SnapshotPart> Parts);

/// <summary>A piece of a state that is stored apart from the rest, because it seldom changes.</summary>
/// <param name="Key">Unique within its state.</param>
/// <param name="Data">The bytes saved.</param>
public sealed record SnapshotPart(string Key, byte[] Data);

/// <summary>One save.</summary>
public sealed record SnapshotWrite
{
    /// <summary>Id of the individual (<c>ind_...</c>) or account (<c>acc_...</c>).</summary>
    public required string Id { get; init; }

    /// <summary>The version last loaded or saved; 0 for a new state.</summary>
    public required long PreviousVersion { get; init; }

    /// <summary>The new version.</summary>
    public required long Version { get; init; }

    /// <summary>The state, without what is stored apart.</summary>
    public required byte[] Data { get; init; }

    /// <summary>Parts to be stored apart from now on, or anew.</summary>
    public ImmutableArray<SnapshotPart> PartsWritten { get; init; } = [];

    /// <summary>Keys of parts that were stored apart and are no more.</summary>
    public ImmutableArray<string> PartsRemoved { get; init; } = [];

    /// <summary>Identifiers the state bears now and did not at the previous version.</summary>
    public ImmutableArray<Identifier> IdentifiersAdded { get; init; } = [];

    /// <summary>Identifiers it bore then and does no more.</summary>
    public ImmutableArray<Identifier> IdentifiersRemoved { get; init; } = [];

    /// <summary>Claims that change hands with the links this state takes in: the second step of a link move.</summary>
    public ImmutableArray<string> ClaimsTaken { get; init; } = [];

    /// <summary>Who held them until now; claims of anybody else stay untouched.</summary>
    public string? ClaimsTakenFrom { get; init; }

    /// <summary>Who has them from now on: this id, or an individual that is merged here.</summary>
    public string? ClaimsOwner { get; init; }

    /// <summary>Rank the taken claims have from now on.</summary>
    public int ClaimsRank { get; init; }

    /// <summary>Why they change hands; by default they keep their cause.</summary>
    public ClaimCause ClaimsCause { get; init; }

    /// <summary>Whether it takes a claim: nobody whom a link merely matches takes it from whom an anchor names.</summary>
    public bool Takes(Claim held) =>
        held.Owner == ClaimsTakenFrom && (!held.IsAnchored || !ClaimsCause.IsMatch);

    /// <summary>Rank it has from now on: a link that merely matched and goes along with others does so still.</summary>
    public int RankOf(Claim held) =>
        ClaimsCause.Rule is null ? held.RankAlong(ClaimsRank) : ClaimsRank;

    /// <summary>Whom links came from, by a merge too: the log does not tell of it. Null for nobody.</summary>
    public string? MovedWith { get; init; }

    /// <summary>Messages to relay once committed.</summary>
    public ImmutableArray<OutboxRow> Outbox { get; init; } = [];

    /// <summary>
    /// Segments that the individual entered or left, each with its next number. Of several of one segment the last one says
    /// whether it is in it.
    /// </summary>
    public ImmutableArray<MembershipChange> MembershipChanges { get; init; } = [];

    /// <summary>Events of the batch that are in no state: noted, and the refused ones quarantined and counted.</summary>
    public ImmutableArray<EventFate> Fates { get; init; } = [];

    /// <summary>
    /// When the state is to be looked at by the clock, unless that is to be earlier anyway. Whoever looks at it now has to do so
    /// again. Null says nothing.
    /// </summary>
    public DateTimeOffset? DueAt { get; init; }
}

/// <summary>A message that is true because its state is.</summary>
/// <param name="Topic">What it is about, e.g. <c>memberships</c>.</param>
/// <param name="Sequence">Dense per id and topic, from 1.</param>
/// <param name="Payload">The message.</param>
public sealed record OutboxRow(string Topic, long Sequence, byte[] Payload)
{
    /// <summary>Messages about fields of the CRM. Of one field only the newest waits: it replaces those before it.</summary>
    public static ImmutableArray<OutboxRow> Of(ImmutableArray<FieldUpdate> updates) =>
        [.. updates.Select(update => new OutboxRow(update.Topic, update.Sequence, update.Payload))];
}
