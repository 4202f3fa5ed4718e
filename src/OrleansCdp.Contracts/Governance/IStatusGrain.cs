using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>What the system is doing, and what became of every event. Stateless: key 0.</summary>
[Alias("cdp.status")]
public interface IStatusGrain : IGrainWithIntegerKey
{
    /// <summary>Partitions, counts and silos as of now.</summary>
    [Alias("get")]
    Task<ClusterStatus> GetAsync();

    /// <summary>
    /// How far every partition is, from one small read of the database: no other silo is asked, so that one that hangs
    /// holds nobody up.
    /// </summary>
    [Alias("partitions")]
    Task<ImmutableArray<PartitionStatus>> GetPartitionsAsync();

    /// <summary>Adds what a gateway or a producer counted since its last report; durable when it returns.</summary>
    [Alias("count")]
    Task CountAsync(ImmutableArray<EventCount> counts);
}

/// <summary>
/// What became of events. Received = applied + duplicate + filtered + suppressed + quarantined, once drained. What comes
/// after <see cref="Quarantined"/> are no events.
/// </summary>
public enum CountKind
{
    /// <summary>Sent to us and authenticated, one per event.</summary>
    Received = 0,

    /// <summary>Folded into a state.</summary>
    Applied = 1,

    /// <summary>Known (source, event id).</summary>
    Duplicate = 2,

    /// <summary>Kept out of the log by the data stream's stateless filter.</summary>
    Filtered = 3,

    /// <summary>Found to say nothing new when it met its state.</summary>
    Suppressed = 4,

    /// <summary>Refused, and waiting in quarantine.</summary>
    Quarantined = 5,

    /// <summary>Fields that no definition asks for, dropped at the edge. Not events.</summary>
    UnknownFields = 6,

    /// <summary>Identifiers left out of their events at the edge. Not events.</summary>
    IdentifiersLeftOut = 7,
}

/// <summary>A number of events of one stream with one fate.</summary>
/// <param name="Stream">Data stream.</param>
/// <param name="Kind">Their fate.</param>
/// <param name="Reason">Why, or empty.</param>
/// <param name="Count">How many.</param>
[GenerateSerializer, Immutable, Alias("cdp.event-count")]
public readonly record struct EventCount(
    [property: Id(0)] string Stream,
    [property: Id(1)] CountKind Kind,
    [property: Id(2)] string Reason,
    [property: Id(3)] long Count
);

/// <summary>The state of the cluster.</summary>
[GenerateSerializer, Immutable, Alias("cdp.cluster-status")]
public sealed record ClusterStatus
{
    /// <summary>Both lanes of every partition.</summary>
    [Id(0)]
    public required ImmutableArray<PartitionStatus> Partitions { get; init; }

    /// <summary>What became of every event so far.</summary>
    [Id(1)]
    public required ImmutableArray<EventCount> Counts { get; init; }

    /// <summary>Active silos.</summary>
    [Id(2)]
    public required ImmutableArray<string> Silos { get; init; }

    /// <summary>Version of the definitions' catalogue.</summary>
    [Id(3)]
    public required long Definitions { get; init; }

    /// <summary>Individuals with a stored state.</summary>
    [Id(4)]
    public long Individuals { get; init; }

    /// <summary>Accounts with a stored state.</summary>
    [Id(5)]
    public long Accounts { get; init; }

    /// <summary>What each active silo says of itself.</summary>
    [Id(6)]
    public ImmutableArray<MemberStatus> Members { get; init; } = [];

    /// <summary>Whether every silo knows the definitions of some version of the catalogue.</summary>
    public bool AllKnow(long version) => Members.All(member => member.Definitions >= version);

    /// <summary>
    /// Individuals whose time to be looked at again has come; counted up to <see cref="BacklogCountMax"/>.
    /// </summary>
    [Id(7)]
    public int DueWaiting { get; init; }

    /// <summary>Messages that are stored and not sent; counted up to <see cref="BacklogCountMax"/>.</summary>
    [Id(8)]
    public int OutboxWaiting { get; init; }

    /// <summary>Where counting a backlog ends: there may be more.</summary>
    public const int BacklogCountMax = 10_000;

    /// <summary>Most <see cref="Damages"/> that are listed.</summary>
    public const int DamagesMax = 100;

    /// <summary>States whose stored bytes were found damaged, those not rebuilt first.</summary>
    [Id(9)]
    public ImmutableArray<DamagedState> Damages { get; init; } = [];

    /// <summary>
    /// Individuals whose links cannot be brought to where a merge or its end wants them, by reason, as of the last attempt.
    /// </summary>
    [Id(10)]
    public ImmutableArray<StuckMerges> StuckMerges { get; init; } = [];
}

/// <summary>Individuals whose links cannot be brought to where they belong, for one reason.</summary>
/// <param name="Reason">The reason; see <c>GET /v1/identity/conflicts</c> for who they are.</param>
/// <param name="Individuals">How many.</param>
[GenerateSerializer, Immutable, Alias("cdp.stuck-merges")]
public readonly record struct StuckMerges(
    [property: Id(0)] string Reason,
    [property: Id(1)] int Individuals
);

/// <summary>One lane of one partition.</summary>
[GenerateSerializer, Immutable, Alias("cdp.partition-status")]
public sealed record PartitionStatus
{
    /// <summary>Partition, from 0.</summary>
    [Id(0)]
    public required int Partition { get; init; }

    /// <summary>Lane.</summary>
    [Id(1)]
    public required Lane Lane { get; init; }

    /// <summary>Sequence of the last event in the log.</summary>
    [Id(2)]
    public required long Head { get; init; }

    /// <summary>Every event up to this one is in its durable state.</summary>
    [Id(3)]
    public required long Checkpoint { get; init; }

    /// <summary>Name of the silo that reads it.</summary>
    [Id(4)]
    public string? Reader { get; init; }

    /// <summary>Name of the silo that writes it.</summary>
    [Id(5)]
    public string? Writer { get; init; }

    /// <summary>
    /// Events that a reader brought to their state although an earlier delivery had brought them there already, which
    /// changed nothing: after a crash, a lost answer or a move. One event counts once, however often it was brought.
    /// </summary>
    [Id(6)]
    public long Redelivered { get; init; }

    /// <summary>Events of the log that went to quarantine.</summary>
    [Id(7)]
    public long Quarantined { get; init; }

    /// <summary>How often a writer took it over; the latest's fencing token.</summary>
    [Id(8)]
    public long WriterEpoch { get; init; }

    /// <summary>How often a reader took it over; the latest's fencing token.</summary>
    [Id(9)]
    public long ReaderEpoch { get; init; }

    /// <summary>Times that a writer or a reader took over from another one, whose doings are refused since.</summary>
    public long Fences => FencesOf(WriterEpoch, ReaderEpoch);

    /// <summary>The first to take over fences nobody.</summary>
    /// <param name="writerEpoch">See <see cref="WriterEpoch"/>.</param>
    /// <param name="readerEpoch">See <see cref="ReaderEpoch"/>.</param>
    public static long FencesOf(long writerEpoch, long readerEpoch) =>
        Math.Max(0, writerEpoch - 1) + Math.Max(0, readerEpoch - 1);
}
