using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>
/// A compiled data stream definition: what it accepts, how it maps onto the canonical objects, and what it
/// keeps. Immutable; safe for any number of threads.
/// </summary>
/// <remarks>
/// A definition is YAML. README.md beside this file is the reference; the shortest useful one is:
/// <code>
/// source: crm
/// fields:
///   Id: { type: text, required: true }
///   Email: text
///   Changed: { type: timestamp, format: d/M/yyyy HH:mm, timeZone: Europe/Madrid }
/// object: Individual                                      # or Account, Case, SalesOrder, a name of your own
/// subject: { object: Contact, id: Id, of: individual }    # the link is crm/Contact/{Id}
/// identifiers:
///   - { type: contactId, field: Id, verified: true }
/// traits: { email: Email }                                # canonical name: field; all else is dropped
/// occurredAt: Changed
/// kind: updated                                           # or rules: [{ when: ..., is: closed }, ...]
/// keep: { updated: normal, deleted: suppress }
/// </code>
/// </remarks>
public sealed partial class DataStream
{
    [ThreadStatic]
    private static RecordView? spareView;

    private readonly FieldTable table;
    private readonly ImmutableArray<RecordPlan> plans;
    private readonly string? unmatchedReason;

    internal DataStream(FieldTable table, ImmutableArray<RecordPlan> plans, string? unmatchedReason)
    {
        this.table = table;
        this.plans = plans;
        this.unmatchedReason = unmatchedReason;
    }

    /// <summary>The stream's name, as in its address.</summary>
    public required string Name { get; init; }

    /// <summary>The source its links belong to; keys are bound to sources.</summary>
    public required string Source { get; init; }

    /// <summary>Whether its records are messages of the Segment tracking API.</summary>
    public bool TakesTrackingMessages { get; init; }

    /// <summary>Name of the ruleset by which its records find their individuals.</summary>
    /// <value>Default: <see cref="ShippedRulesets.Default"/>.</value>
    public string Ruleset { get; init; } = ShippedRulesets.Default;

    /// <summary>Identifiers that name nobody.</summary>
    internal IdentifierGuards Guards { get; private init; } = IdentifierGuards.None;

    /// <summary>
    /// The property that names a record: of its record id, else of its subject. Null when several together do, one
    /// within another, or another one in each variant.
    /// </summary>
    public string? KeyProperty
    {
        get
        {
            ImmutableArray<int> key = KeyOf(plans[0]).Slots;
            bool isOne = key is [_] && plans.All(plan => KeyOf(plan).Slots.SequenceEqual(key));
            return isOne && table.Fields[key[0]].Path is [var name] ? name : null;
        }
    }

    /// <summary>
    /// The fields that its records may have, and what they may say of individuals and accounts, once for each of their types.
    /// </summary>
    public IEnumerable<DeclaredField> DeclaredFields =>
        plans
            .SelectMany(plan =>
                DeclaredAs(plan.Object, plan.Fields)
                    .Concat(
                        plan.Subjects.Select(subject => subject.Of)
                            .Distinct()
                            .SelectMany(of =>
                                DeclaredAs(
                                    of == SubjectKind.Account
                                        ? CanonicalObjects.Account
                                        : CanonicalObjects.Individual,
                                    plan.Traits
                                )
                            )
                    )
                    .Concat(DeclaredAs(CanonicalObjects.Account, plan.AccountTraits))
            )
            .Distinct();

    /// <summary>Compiles a definition.</summary>
    /// <param name="name">The stream's name.</param>
    /// <param name="text">YAML (JSON is YAML).</param>
    /// <param name="rulesets">
    /// Names of the rulesets there are; null when they are not known, then any name will do.
    /// </param>
    /// <returns>The stream, or everything that is wrong with the text.</returns>
    public static (DataStream? Stream, ImmutableArray<DefinitionError> Errors) Compile(
        string name,
        string text,
        IReadOnlyCollection<string>? rulesets = null
    ) => StreamCompiler.Compile(name, text, rulesets);

    /// <summary>This stream under the guards of its ruleset.</summary>
    /// <param name="ruleset">The ruleset it names; null, while there is none, guards nothing.</param>
    public DataStream Under(Identity.Ruleset? ruleset) =>
        new(table, plans, unmatchedReason)
        {
            Name = Name,
            Source = Source,
            TakesTrackingMessages = TakesTrackingMessages,
            Ruleset = Ruleset,
            Guards = ruleset?.Guards ?? IdentifierGuards.None,
        };

    /// <summary>Admits one JSON record.</summary>
    /// <param name="record">A JSON object.</param>
    /// <param name="receivedAt">Now, by the receiver's clock.</param>
    /// <param name="envelope">What the protocol around the record says, used where the record is silent.</param>
    public Admission Admit(
        JsonElement record,
        DateTimeOffset receivedAt,
        Envelope envelope = default
    )
    {
        if (record.ValueKind != JsonValueKind.Object)
        {
            return new Admission.Refused(ReasonCodes.Malformed, "A record is a JSON object.");
        }

        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8Value(record);
        if ((envelope.SentBytes ?? raw.Length) > Limits.EventBytesMax)
        {
            return TooLarge();
        }

        if (JsonDepth.Exceeds(raw, Limits.JsonDepthMax))
        {
            return new Admission.Refused(
                ReasonCodes.TooDeep,
                $"Nested deeper than {Limits.JsonDepthMax} levels."
            );
        }

        RecordView view = spareView ?? new RecordView();
        spareView = null;
        try
        {
            view.Read(table, record);
            return Admit(new Candidate(view, record, [], [], receivedAt, envelope));
        }
        finally
        {
            view.Clear();
            spareView = view;
        }
    }

    /// <summary>Admits one row of a CSV file; every value is text, an empty one is missing.</summary>
    /// <param name="columns">Column names.</param>
    /// <param name="values">Values in the same order.</param>
    /// <param name="receivedAt">Now, by the receiver's clock.</param>
    public Admission Admit(
        IReadOnlyList<string> columns,
        IReadOnlyList<string> values,
        DateTimeOffset receivedAt
    )
    {
        if (columns.Count != values.Count || columns.Count > Limits.ColumnsMax)
        {
            return new Admission.Refused(
                ReasonCodes.Malformed,
                $"The row has {values.Count} values, the header {columns.Count} columns"
                    + $" (at most {Limits.ColumnsMax})."
            );
        }

        if (IsTooLarge(values))
        {
            return TooLarge();
        }

        RecordView view = spareView ?? new RecordView();
        spareView = null;
        try
        {
            view.Read(table, columns, values);
            return Admit(new Candidate(view, default, columns, values, receivedAt, default));
        }
        finally
        {
            view.Clear();
            spareView = view;
        }
    }

    /// <summary>Whether the values of a row have more than <see cref="Limits.EventBytesMax"/> bytes in UTF-8.</summary>
    public static bool IsTooLarge(IReadOnlyList<string> values)
    {
        int characters = 0;
        for (int i = 0; i < values.Count; i++)
        {
            characters += values[i].Length;
        }

        // A character is one to three bytes; nearly every row is small enough at three.
        if (characters <= Limits.EventBytesMax / 3)
        {
            return false;
        }

        int bytes = 0;
        for (int i = 0; i < values.Count && bytes <= Limits.EventBytesMax; i++)
        {
            bytes += Encoding.UTF8.GetByteCount(values[i]);
        }

        return bytes > Limits.EventBytesMax;
    }

    /// <summary>The answer to a record that is too large.</summary>
    public static Admission.Refused TooLarge() =>
        new(ReasonCodes.EventTooLarge, $"An event has at most {Limits.EventBytesMax} bytes.");

    private IEnumerable<DeclaredField> DeclaredAs(string of, ImmutableArray<ValuePlan> values) =>
        values.SelectMany(TypesOf, (value, type) => new DeclaredField(of, value.Name, type));

    private IEnumerable<FieldType> TypesOf(ValuePlan value)
    {
        IEnumerable<FieldType> types = value.Slots.Select(slot =>
            RecordView.TypeOf(table.Fields[slot].Kind)
        );
        return value.Constant is { } constant ? types.Append(constant.Type) : types;
    }

    private static KeyPlan KeyOf(RecordPlan plan) => plan.RecordId ?? plan.Subjects[0].Id;

    private Admission Admit(in Candidate candidate)
    {
        Admission admission = Decide(candidate);
        int unknown = candidate.View.UnknownFields;
        if (unknown == 0)
        {
            return admission;
        }

        return admission switch
        {
            Admission.Accepted accepted => accepted with { UnknownFields = unknown },
            Admission.Filtered filtered => filtered with { UnknownFields = unknown },
            Admission.Refused refused => refused with { UnknownFields = unknown },
            _ => admission,
        };
    }

    private Admission Decide(in Candidate candidate)
    {
        foreach (RecordPlan plan in plans)
        {
            if (plan.When is null || plan.When.Holds(candidate.View))
            {
                return new EventBuilder(this, table, plan, candidate).Build();
            }
        }

        return unmatchedReason is not null
            ? new Admission.Filtered(unmatchedReason)
            : new Admission.Refused(
                ReasonCodes.UnknownType,
                "The record fits none of the stream's variants."
            );
    }

    /// <summary>The content hash of a record, used as event id where it brings none.</summary>
    internal string ContentIdOf(in Candidate candidate) =>
        candidate.Record.ValueKind == JsonValueKind.Object
            ? ContentHash.Of(Name, candidate.Record, candidate.Envelope.Kind)
            : ContentHash.Of(Name, candidate.Columns, candidate.Values);
}

/// <summary>A record on its way in.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Candidate(
    RecordView View,
    JsonElement Record,
    IReadOnlyList<string> Columns,
    IReadOnlyList<string> Values,
    DateTimeOffset ReceivedAt,
    Envelope Envelope
);

/// <summary>What a protocol says about a record from outside it.</summary>
/// <param name="EventId">The protocol's event id (CloudEvents <c>id</c>), or null.</param>
/// <param name="OccurredAt">The protocol's time (CloudEvents <c>time</c>), or null.</param>
/// <param name="Kind">What the protocol's verb means (DELETE), or null.</param>
/// <param name="SentAt">When the sender's clock says the batch left (Segment's <c>sentAt</c>), or null.</param>
/// <param name="SentBytes">Bytes of the record as sent, where the protocol has added to it since; else null.</param>
public readonly record struct Envelope(
    string? EventId = null,
    DateTimeOffset? OccurredAt = null,
    EventKind? Kind = null,
    DateTimeOffset? SentAt = null,
    int? SentBytes = null
);
