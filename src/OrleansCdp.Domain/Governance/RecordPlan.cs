using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>How one kind of record of a stream becomes an event. Immutable.</summary>
internal sealed record RecordPlan
{
    /// <summary>Which records it is for; null for all.</summary>
    public Condition? When { get; init; }

    /// <summary>The canonical object.</summary>
    public required string Object { get; init; }

    /// <summary>Whether it describes what happened rather than a thing with a state.</summary>
    public required bool IsEngagement { get; init; }

    public KeyPlan? RecordId { get; init; }

    public required ImmutableArray<SubjectPlan> Subjects { get; init; }

    public ImmutableArray<IdentifierPlan> Identifiers { get; init; } = [];

    public LinkPlan? Account { get; init; }

    public LinkPlan? SameAs { get; init; }

    /// <summary>Whose that link is.</summary>
    public AnonymousStrategy Anonymous { get; init; }

    public ImmutableArray<ValuePlan> Traits { get; init; } = [];

    public ImmutableArray<ValuePlan> Fields { get; init; } = [];

    public ImmutableArray<ValuePlan> AccountTraits { get; init; } = [];

    public LinesPlan? Lines { get; init; }

    public KeyPlan? EventId { get; init; }

    public ImmutableArray<int> OccurredAt { get; init; } = [];

    public TimesPlan? Times { get; init; }

    public int? Version { get; init; }

    public required ImmutableArray<KindRule> Kinds { get; init; }

    public required EventKind KindOtherwise { get; init; }

    /// <summary>By <see cref="EventKind"/>: where it goes.</summary>
    public required ImmutableArray<KeepRule> Keep { get; init; }

    public ImmutableArray<SuppressRule> Suppress { get; init; } = [];

    /// <summary>Fields that decide: a wrong value in one refuses the record before anything is decided.</summary>
    public ImmutableArray<int> DecidingSlots { get; init; } = [];

    /// <summary>Every field whose value must fit its type.</summary>
    public required ImmutableArray<int> CheckedSlots { get; init; }

    /// <summary>Fields without which there is no event, unless it is a deletion.</summary>
    public required ImmutableArray<int> RequiredSlots { get; init; }
}

/// <summary>A key made of one or several fields.</summary>
/// <param name="Slots">The fields, in order.</param>
internal sealed record KeyPlan(ImmutableArray<int> Slots);

/// <summary>A reference to a link.</summary>
internal sealed record LinkPlan(string Source, string Object, KeyPlan Id);

/// <summary>One way to find who a record is about.</summary>
internal sealed record SubjectPlan(string Object, KeyPlan Id, SubjectKind Of, bool FollowsAnchor);

/// <summary>An identifier a record states.</summary>
internal sealed record IdentifierPlan(
    string Type,
    ImmutableArray<int> Slots,
    bool Verified,
    Condition? VerifiedWhen,
    string? Region
);

/// <summary>Where the value of a canonical field comes from: the first field with a value, else a constant.</summary>
internal sealed record ValuePlan(string Name, ImmutableArray<int> Slots, FieldValue? Constant);

/// <summary>Where order lines come from.</summary>
internal sealed record LinesPlan
{
    /// <summary>Slot of the array that holds them; null when the record itself is one line.</summary>
    public int? From { get; init; }

    /// <summary>Fields of an item of the array; null when the record itself is one line.</summary>
    public FieldTable? Items { get; init; }

    public bool Complete { get; init; }

    public KeyPlan? Id { get; init; }

    public int? Product { get; init; }

    public int? Category { get; init; }

    public int? Quantity { get; init; }

    public int? Amount { get; init; }

    public int? Price { get; init; }

    /// <summary>Every field of a line, for checks.</summary>
    public ImmutableArray<int> Slots { get; init; } = [];
}

/// <summary>The times of a tracking message, from which its own clock's error is told.</summary>
internal sealed record TimesPlan(int Timestamp, int OriginalTimestamp, int SentAt);

/// <summary>What a record means if a condition holds.</summary>
internal sealed record KindRule(Condition When, EventKind Kind);

/// <summary>What becomes of a kind of event.</summary>
/// <param name="Lane">Its queue.</param>
/// <param name="Suppressed">The reason why it is not kept; null when it is.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct KeepRule(Lane Lane, string? Suppressed);

/// <summary>Keeps records out.</summary>
internal sealed record SuppressRule(Condition When, string Reason);
