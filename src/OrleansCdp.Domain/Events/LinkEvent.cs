using System.Collections.Immutable;
using OrleansCdp.Identity;

namespace OrleansCdp.Events;

/// <summary>What an event says happened to its subject or record.</summary>
public enum EventKind
{
    /// <summary>A record came to be, or a subject was described for the first time.</summary>
    Created = 0,

    /// <summary>A record or a subject changed.</summary>
    Updated = 1,

    /// <summary>A record was closed: a case solved, an opportunity won or lost.</summary>
    Closed = 2,

    /// <summary>A record was removed at its source.</summary>
    Deleted = 3,

    /// <summary>Somebody did something: a page view, a use of a product. Counted, not amended.</summary>
    Engagement = 4,
}

/// <summary>Who an event is about.</summary>
public enum SubjectKind
{
    /// <summary>A person.</summary>
    Individual = 0,

    /// <summary>A company or household.</summary>
    Account = 1,
}

/// <summary>The two queues of the log. They share nothing, so one never waits for the other.</summary>
public enum Lane
{
    /// <summary>The Orleans stream <c>ingest</c>.</summary>
    Normal = 0,

    /// <summary>The Orleans stream <c>ingest-low</c>: updates nobody is waiting for.</summary>
    Low = 1,
}

/// <summary>
/// One admitted event in canonical form: validated, mapped and filtered by a data stream's
/// definition. It is what the log stores and what the fold reads.
/// </summary>
[GenerateSerializer, Immutable, Alias("cdp.link-event")]
public sealed record LinkEvent
{
    /// <summary>The link the event belongs to; its hash decides the partition.</summary>
    [Id(0)]
    public required LinkKey Link { get; init; }

    /// <summary>Name of the data stream that admitted the event.</summary>
    [Id(1)]
    public required string Stream { get; init; }

    /// <summary>The producer's id. With the link's source it makes the event count once.</summary>
    [Id(2)]
    public required string EventId { get; init; }

    /// <summary>When it happened, by the source's clock; may run days behind <see cref="ReceivedAt"/>.</summary>
    [Id(3)]
    public required DateTimeOffset OccurredAt { get; init; }

    /// <summary>When the gateway or the producer admitted it.</summary>
    [Id(4)]
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The source's own revision number, deciding between equal times. 0 when it has none.</summary>
    [Id(5)]
    public long Version { get; init; }

    /// <summary>What happened.</summary>
    [Id(6)]
    public required EventKind Kind { get; init; }

    /// <summary>Who it is about.</summary>
    [Id(7)]
    public SubjectKind Subject { get; init; }

    /// <summary>Which queue of the log it takes.</summary>
    [Id(8)]
    public Lane Lane { get; init; }

    /// <summary>Canonical object: Individual, Account, Case, SalesOrder, Opportunity, Engagement, ...</summary>
    [Id(9)]
    public required string Object { get; init; }

    /// <summary>Id of the record within its object, or null when the event describes the subject itself.</summary>
    [Id(10)]
    public string? RecordId { get; init; }

    /// <summary>What the event says about who the subject is.</summary>
    [Id(11)]
    public ImmutableArray<Identifier> Identifiers { get; init; } = [];

    /// <summary>Facts about the subject itself.</summary>
    [Id(12)]
    public ImmutableArray<Field> Traits { get; init; } = [];

    /// <summary>Fields of the record or of the engagement.</summary>
    [Id(13)]
    public ImmutableArray<Field> Fields { get; init; } = [];

    /// <summary>Order lines.</summary>
    [Id(14)]
    public ImmutableArray<OrderLine> Lines { get; init; } = [];

    /// <summary>Whether <see cref="Lines"/> are all lines of the order, replacing earlier ones.</summary>
    [Id(15)]
    public bool LinesComplete { get; init; }

    /// <summary>The account the subject belongs to, if the event says so.</summary>
    [Id(16)]
    public LinkKey? Account { get; init; }

    /// <summary>Another link the event proves to be the same subject (a visitor who signed in).</summary>
    [Id(17)]
    public LinkKey? SameAs { get; init; }

    /// <summary>
    /// Whether the link belongs to whomever its newest anchor names (a case and its contact). Without it a
    /// link that has an owner keeps it.
    /// </summary>
    [Id(18)]
    public bool FollowsAnchor { get; init; }

    /// <summary>Facts about <see cref="Account"/> that came with an event about a person (Segment's group).</summary>
    [Id(19)]
    public ImmutableArray<Field> AccountTraits { get; init; } = [];

    /// <summary>
    /// Name of the ruleset by which the record finds its individual. Null for the default,
    /// <see cref="ShippedRulesets.Default"/>.
    /// </summary>
    [Id(20)]
    public string? Ruleset { get; init; }

    /// <summary>What <see cref="SameAs"/> means where several people are the same as one link.</summary>
    [Id(21)]
    public AnonymousStrategy Anonymous { get; init; }
}

/// <summary>One line of an order.</summary>
[GenerateSerializer, Immutable, Alias("cdp.order-line")]
public sealed record OrderLine
{
    /// <summary>Identifies the line within its order, so that an amended line replaces itself.</summary>
    [Id(0)]
    public required string Id { get; init; }

    /// <summary>Product id.</summary>
    [Id(1)]
    public string? Product { get; init; }

    /// <summary>Product category.</summary>
    [Id(2)]
    public string? Category { get; init; }

    /// <summary>Units bought.</summary>
    [Id(3)]
    public decimal Quantity { get; init; } = 1;

    /// <summary>Amount of the whole line, in the order's currency.</summary>
    [Id(4)]
    public decimal Amount { get; init; }
}

/// <summary>An event with its place in the log.</summary>
/// <param name="Sequence">Position in its partition and lane: dense, from 1, in commit order.</param>
/// <param name="Event">The event.</param>
[GenerateSerializer, Immutable, Alias("cdp.sequenced-event")]
public readonly record struct SequencedEvent(
    [property: Id(0)] long Sequence,
    [property: Id(1)] LinkEvent Event
)
{
    /// <summary>
    /// Whether it is sent to where its reader remembers the link to be: then the link is there, or has gone elsewhere, and
    /// does not begin there anew.
    /// </summary>
    [Id(2)]
    public bool IsRemembered { get; init; }

    /// <summary>
    /// Whether its base individual sent it to where that one's links live: it remembers of each link that left it where that
    /// went, so this one may begin there.
    /// </summary>
    [Id(3)]
    public bool IsSentByOwner { get; init; }

    /// <summary>Orders this event's facts among all facts of its link.</summary>
    public Stamp Stamp =>
        new(Event.OccurredAt.UtcTicks, Event.Version, (Sequence << 1) | (long)Event.Lane);
}

/// <summary>
/// Decides which of two facts is newer: by the source's clock, then by the source's revision, then by
/// the order of arrival. The later wins everywhere in the product.
/// </summary>
/// <param name="At">UTC ticks.</param>
/// <param name="Version">The source's revision; 0 when it has none.</param>
/// <param name="Arrival">Sequence in the log, with the lane in its lowest bit.</param>
[GenerateSerializer, Immutable, Alias("cdp.stamp")]
public readonly record struct Stamp(
    [property: Id(0)] long At,
    [property: Id(1)] long Version,
    [property: Id(2)] long Arrival
) : IComparable<Stamp>
{
    /// <summary>The source's time.</summary>
    public DateTimeOffset Time => new(At, TimeSpan.Zero);

    /// <inheritdoc/>
    public int CompareTo(Stamp other) =>
        At != other.At ? At.CompareTo(other.At)
        : Version != other.Version ? Version.CompareTo(other.Version)
        : Arrival.CompareTo(other.Arrival);

    /// <summary>Whether the left fact is older.</summary>
    public static bool operator <(Stamp left, Stamp right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left fact is newer.</summary>
    public static bool operator >(Stamp left, Stamp right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left fact is older or the same.</summary>
    public static bool operator <=(Stamp left, Stamp right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left fact is newer or the same.</summary>
    public static bool operator >=(Stamp left, Stamp right) => left.CompareTo(right) >= 0;
}
