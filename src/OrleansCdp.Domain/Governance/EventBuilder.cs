using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>Makes one event of one record: decides what it means, checks it, and maps it.</summary>
internal ref struct EventBuilder
{
    private readonly DataStream stream;
    private readonly FieldTable table;
    private readonly RecordPlan plan;
    private readonly Candidate candidate;
    private readonly RecordView view;
    private Admission.Refused? refusal;
    private IdentifierReader identifiers;

    /// <summary>Prepares to build.</summary>
    public EventBuilder(
        DataStream stream,
        FieldTable table,
        RecordPlan plan,
        in Candidate candidate
    )
    {
        this.stream = stream;
        this.table = table;
        this.plan = plan;
        this.candidate = candidate;
        view = candidate.View;
        identifiers = new IdentifierReader(plan, view, stream.Guards);
    }

    /// <summary>The outcome.</summary>
    public Admission Build()
    {
        if (!Fit(plan.DecidingSlots))
        {
            return refusal!;
        }

        EventKind kind = KindOf();
        KeepRule keep = plan.Keep[(int)kind];
        if ((keep.Suppressed ?? SuppressionOf() ?? DeletionOf(kind)) is { } reason)
        {
            return new Admission.Filtered(reason);
        }

        LinkEvent? built =
            Fit(plan.CheckedSlots) && (kind == EventKind.Deleted || HaveRequired())
                ? BuildEvent(kind, keep.Lane)
                : null;
        return refusal is not null
            ? refusal
            : new Admission.Accepted(built!) { IdentifiersLeftOut = identifiers.LeftOut };
    }

    private readonly EventKind KindOf()
    {
        if (candidate.Envelope.Kind is { } said)
        {
            return said;
        }

        foreach (KindRule rule in plan.Kinds)
        {
            if (rule.When.Holds(view))
            {
                return rule.Kind;
            }
        }

        return plan.KindOtherwise;
    }

    private readonly string? SuppressionOf()
    {
        foreach (SuppressRule rule in plan.Suppress)
        {
            if (rule.When.Holds(view))
            {
                return rule.Reason;
            }
        }

        return null;
    }

    // What a source deletes of itself says nothing about the person, whose other links live on.
    private readonly string? DeletionOf(EventKind kind) =>
        kind == EventKind.Deleted && plan.RecordId is null ? ReasonCodes.DeletionNotKept : null;

    private bool Fit(ImmutableArray<int> slots)
    {
        foreach (int slot in slots)
        {
            if (view.StateOf(slot) == CellState.Wrong)
            {
                FieldPlan field = table.Fields[slot];
                refusal = Refusals.OfField(field, view.CodeOf(slot), field.Pointer);
                return false;
            }
        }

        return true;
    }

    private bool HaveRequired()
    {
        foreach (int slot in plan.RequiredSlots)
        {
            if (view.StateOf(slot) != CellState.Value)
            {
                FieldPlan field = table.Fields[slot];
                refusal = Refusals.OfField(field, ReasonCodes.Required, field.Pointer);
                return false;
            }
        }

        return true;
    }

    private LinkEvent? BuildEvent(EventKind kind, Lane lane)
    {
        (SubjectPlan? subject, LinkKey link) = FindSubject();
        string? recordId = subject is null ? null : FindRecordId();
        string eventId = refusal is null ? FindEventId() : "";
        DateTimeOffset occurredAt = refusal is null ? FindOccurredAt() : default;
        LinkKey? account = refusal is null ? FindLink(plan.Account) : null;
        LinkKey? sameAs = refusal is null ? FindLink(plan.SameAs) : null;
        bool isIsolated = plan.Anonymous == AnonymousStrategy.Isolation && sameAs != link;
        long version = refusal is null ? FindVersion() : 0;
        ImmutableArray<Identifier> stated = refusal is null ? FindIdentifiers(isIsolated) : [];
        ImmutableArray<Field> fields = refusal is null ? ValueMapping.Map(plan.Fields, view) : [];
        ImmutableArray<OrderLine> lines = refusal is null ? FindLines() : [];
        if (refusal is not null || (plan.IsEngagement && !HasName(fields)))
        {
            return null;
        }

        return new LinkEvent
        {
            Link = link,
            Stream = stream.Name,
            EventId = eventId,
            OccurredAt = occurredAt,
            ReceivedAt = candidate.ReceivedAt,
            Version = version,
            Kind = kind,
            Subject = subject!.Of,
            Lane = lane,
            Object = plan.Object,
            RecordId = recordId,
            Identifiers = stated,
            Traits = ValueMapping.Map(plan.Traits, view),
            Fields = fields,
            Lines = lines,
            LinesComplete = SpeaksOfAllLines(lines),
            Account = account,
            SameAs = sameAs == link || isIsolated ? null : sameAs,
            Anonymous = sameAs == link || isIsolated ? default : plan.Anonymous,
            FollowsAnchor = subject.FollowsAnchor,
            AccountTraits = account is null ? [] : ValueMapping.Map(plan.AccountTraits, view),
            Ruleset = stream.Ruleset == ShippedRulesets.Default ? null : stream.Ruleset,
        };
    }

    private (SubjectPlan? Plan, LinkKey Link) FindSubject()
    {
        KeyPlan? blocked = null;
        foreach (SubjectPlan subject in plan.Subjects)
        {
            if (KeyOf(subject.Id) is not { } id)
            {
                continue;
            }

            if (!identifiers.Blocks(subject.Id, id))
            {
                return (subject, LinkOf(stream.Source, subject.Object, id, subject.Id));
            }

            blocked ??= subject.Id;
        }

        refusal = Refusals.OfNobody(table, plan.Subjects, blocked);
        return default;
    }

    private string? FindRecordId()
    {
        if (plan.RecordId is null)
        {
            return null;
        }

        string? id = KeyOf(plan.RecordId);
        string pointer = table.Fields[plan.RecordId.Slots[0]].Pointer;
        if (id is null && !plan.IsEngagement)
        {
            refusal = new Admission.Refused(
                ReasonCodes.NoRecordId,
                $"Without its id a {plan.Object} cannot be told from others.",
                pointer
            );
        }
        else if (id?.Length > Limits.RecordIdMax)
        {
            refusal = Refusals.OfLimit("A record id", Limits.RecordIdMax, pointer);
        }

        return id;
    }

    private string FindEventId()
    {
        string? stated = plan.EventId is null ? null : KeyOf(plan.EventId);
        string? id = stated ?? candidate.Envelope.EventId;
        if (string.IsNullOrEmpty(id))
        {
            return stream.ContentIdOf(candidate);
        }

        string? pointer = stated is null ? null : table.Fields[plan.EventId!.Slots[0]].Pointer;
        if (id.Length > Limits.EventIdMax)
        {
            refusal = Refusals.OfLimit("An event id", Limits.EventIdMax, pointer);
        }
        else if (stated is null && !ValueReader.IsStorable(id))
        {
            refusal = new Admission.Refused(
                ReasonCodes.BadText,
                "The event id holds a character that cannot be stored.",
                pointer
            );
        }

        return id;
    }

    private DateTimeOffset FindOccurredAt()
    {
        (DateTimeOffset at, int from) = EventTime.Of(plan, candidate);
        if (at - candidate.ReceivedAt > Limits.FutureMax)
        {
            refusal = new Admission.Refused(
                ReasonCodes.FutureTime,
                $"It claims to have happened more than {Limits.FutureMax.TotalHours} hours from now.",
                from < 0 ? null : table.Fields[from].Pointer
            );
        }

        return at;
    }

    private long FindVersion()
    {
        if (plan.Version is not { } slot || view.TextOf(slot) is not { } text)
        {
            return 0;
        }

        if (
            !long.TryParse(
                text,
                System.Globalization.CultureInfo.InvariantCulture,
                out long version
            )
        )
        {
            FieldPlan field = table.Fields[slot];
            refusal = Refusals.OfField(field, ReasonCodes.WrongType, field.Pointer);
        }

        return version;
    }

    private LinkKey? FindLink(LinkPlan? reference) =>
        reference is not null
        && KeyOf(reference.Id) is { } id
        && !identifiers.Blocks(reference.Id, id)
            ? LinkOf(reference.Source, reference.Object, id, reference.Id)
            : null;

    private LinkKey LinkOf(string source, string kind, string id, KeyPlan from)
    {
        if (source.Length + kind.Length + id.Length + 2 > Limits.LinkKeyMax)
        {
            refusal = Refusals.OfLimit(
                "A link's key",
                Limits.LinkKeyMax,
                table.Fields[from.Slots[0]].Pointer
            );
        }

        return new LinkKey(source, kind, id);
    }

    private ImmutableArray<Identifier> FindIdentifiers(bool isIsolated)
    {
        KeyPlan? isolated = isIsolated ? plan.SameAs?.Id : null;
        ImmutableArray<Identifier> found = identifiers.Read(isolated, out int? overlong);
        if (overlong is { } slot)
        {
            string pointer = table.Fields[slot].Pointer;
            refusal = Refusals.OfLimit("An identifier", Limits.IdentifierMax, pointer);
        }

        return found;
    }

    private bool HasName(ImmutableArray<Field> fields)
    {
        foreach (Field field in fields)
        {
            if (field.Name == CanonicalObjects.EngagementName && field.Value.Text.Length > 0)
            {
                return true;
            }
        }

        ValuePlan name = plan.Fields.First(field => field.Name == CanonicalObjects.EngagementName);
        refusal = new Admission.Refused(
            ReasonCodes.Required,
            "An engagement needs a name.",
            table.Fields[name.Slots[0]].Pointer
        );
        return false;
    }

    private ImmutableArray<OrderLine> FindLines()
    {
        if (plan.Lines is null)
        {
            return [];
        }

        return LineReader.Read(plan.Lines, table, view, out refusal);
    }

    // A record that does not mention its lines says nothing about them; an empty list says there are none.
    private readonly bool SpeaksOfAllLines(ImmutableArray<OrderLine> lines) =>
        plan.Lines is { Complete: true } of
        && (
            of.From is { } slot
                ? view.StateOf(slot) is CellState.Value or CellState.Cleared
                : !lines.IsEmpty
        );

    private readonly string? KeyOf(KeyPlan key) => Keys.Of(key, view);
}
