using System.Collections.Immutable;
using System.Text.RegularExpressions;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>Compiles how one kind of record becomes an event.</summary>
internal sealed partial class RecordCompiler
{
    private readonly FieldUses uses;
    private readonly SubjectCompiler subjects;
    private readonly LinesCompiler lines;
    private readonly KeepCompiler filter;
    private readonly DefinitionReader reader;
    private readonly FieldCompiler fields;
    private readonly TimesPlan? times;

    /// <summary>Prepares to compile the records of one stream.</summary>
    public RecordCompiler(
        DefinitionReader reader,
        FieldCompiler fields,
        string source,
        TimesPlan? times
    )
    {
        this.reader = reader;
        this.fields = fields;
        this.times = times;
        uses = new FieldUses(reader, fields);
        subjects = new SubjectCompiler(reader, uses, source);
        lines = new LinesCompiler(reader, fields, uses);
        filter = new KeepCompiler(reader, uses);
    }

    /// <summary>Keys a record's description may have.</summary>
    public static ImmutableArray<string> Keys { get; } =
    [
        "object",
        "recordId",
        "subject",
        "identifiers",
        "account",
        "sameAs",
        "traits",
        "record",
        "accountTraits",
        "lines",
        "eventId",
        "occurredAt",
        "version",
        "kind",
        "keep",
        "suppress",
        "require",
    ];

    /// <summary>Compiles one; its <see cref="RecordPlan.CheckedSlots"/> are the fields it uses.</summary>
    public RecordPlan? Compile(Section section)
    {
        uses.Clear();
        Condition? when = uses.ConditionOf(section, "when");
        string? name = ObjectOf(section);
        if (name is null)
        {
            return null;
        }

        (ImmutableArray<KindRule> kinds, EventKind otherwise) = filter.KindsOf(section, name);
        ImmutableArray<SuppressRule> suppress = filter.SuppressOf(section);
        RecordPlan plan = new()
        {
            When = when,
            Object = name,
            IsEngagement = CanonicalObjects.IsEngagement(name),
            RecordId = RecordIdOf(section, name),
            Subjects = subjects.SubjectsOf(section),
            Identifiers = subjects.IdentifiersOf(section),
            Account = subjects.LinkOf(section, "account", "object", "id", "source"),
            SameAs = subjects.LinkOf(section, "sameAs", "object", "id", "anonymous"),
            Anonymous = subjects.AnonymousOf(section),
            Traits = ValuesOf(section, "traits"),
            Fields = ValuesOf(section, "record"),
            AccountTraits = ValuesOf(section, "accountTraits"),
            Lines = lines.Compile(section, name),
            EventId = uses.KeyOf(section["eventId"], section.PathOf("eventId")),
            OccurredAt = OccurredAtOf(section),
            Times = section["occurredAt"] is null ? times : null,
            Version = VersionOf(section),
            Kinds = kinds,
            KindOtherwise = otherwise,
            Keep = filter.KeepOf(section, name),
            Suppress = suppress,
            RequiredSlots = RequiredOf(section),
            DecidingSlots = uses.DecidingSlots,
            CheckedSlots = [],
        };
        Check(section, plan);
        return plan with { CheckedSlots = uses.Slots };
    }

    /// <summary>Whether a text may name a field, a type of identifier, or the middle of a link's key.</summary>
    public static bool IsName(string text) => NamePattern.IsMatch(text);

    private void Check(Section section, RecordPlan plan)
    {
        if (plan.IsEngagement && !plan.Fields.Any(IsEngagementName))
        {
            reader.Add(
                section.PathOf("record"),
                $"A {plan.Object} needs `record: {{ name: ... }}`, what was done.",
                section.Node
            );
        }

        if (CanonicalObjects.IsSubject(plan.Object) && !plan.Fields.IsEmpty)
        {
            reader.Add(
                section.PathOf("record"),
                $"{plan.Object} is the subject itself: its facts go under `traits`.",
                section["record"]
            );
        }

        if (!plan.AccountTraits.IsEmpty && plan.Account is null)
        {
            reader.Add(
                section.PathOf("accountTraits"),
                "Facts about an account need `account`, which names it.",
                section["accountTraits"]
            );
        }

        int count = plan.Fields.Length + plan.Traits.Length + plan.AccountTraits.Length;
        if (count > Limits.EventFieldsMax)
        {
            reader.Add(
                section.Path,
                $"An event keeps at most {Limits.EventFieldsMax} fields; these are {count}.",
                section.Node
            );
        }

        static bool IsEngagementName(ValuePlan field) =>
            field.Name == CanonicalObjects.EngagementName
            && (!field.Slots.IsEmpty || field.Constant is { Text.Length: > 0 });
    }

    private string? ObjectOf(Section section)
    {
        YamlNode? node = section["object"];
        if (node is null)
        {
            reader.Add(
                section.PathOf("object"),
                "`object` is required: "
                    + $"{string.Join(", ", CanonicalObjects.Known)} or a name of your own.",
                section.Node
            );
            return null;
        }

        string? name = reader.Text(node, section.PathOf("object"));
        if (name is not null && (!ObjectPattern.IsMatch(name) || name.Length > Limits.FieldNameMax))
        {
            string hint = DefinitionReader.Suggest(name, CanonicalObjects.Known.AsSpan());
            reader.Add(
                section.PathOf("object"),
                $"An object's name is letters and digits with a capital first. {hint}",
                node
            );
            return null;
        }

        return name;
    }

    private KeyPlan? RecordIdOf(Section section, string name)
    {
        YamlNode? node = section["recordId"];
        string path = section.PathOf("recordId");
        if (CanonicalObjects.IsSubject(name))
        {
            if (node is not null)
            {
                reader.Add(path, $"{name} is the subject itself and has no record id.", node);
            }

            return null;
        }

        if (node is null && !CanonicalObjects.IsEngagement(name))
        {
            reader.Add(
                path,
                $"`recordId` is required: what tells one {name} from others.",
                section.Node
            );
        }

        return uses.KeyOf(node, path);
    }

    private ImmutableArray<ValuePlan> ValuesOf(Section section, string key)
    {
        if (section[key] is not { } node)
        {
            return [];
        }

        var values = ImmutableArray.CreateBuilder<ValuePlan>();
        foreach (YamlEntry entry in reader.Entries(node, section.PathOf(key)))
        {
            string path = DefinitionReader.Join(section.PathOf(key), entry.Key.Text);
            if (!IsName(entry.Key.Text))
            {
                reader.Add(
                    path,
                    $"A name is a letter, then letters, digits, `_`, `-`; at most {Limits.FieldNameMax}.",
                    entry.Key
                );
            }

            values.Add(ValueOf(entry, path));
        }

        return values.ToImmutable();
    }

    private ValuePlan ValueOf(YamlEntry entry, string path)
    {
        var slots = ImmutableArray.CreateBuilder<int>();
        FieldValue? constant = null;
        foreach (YamlNode item in DefinitionReader.OneOrMany(entry.Value))
        {
            if (constant is not null)
            {
                reader.Add(path, "A constant comes last: nothing behind it is ever read.", item);
            }

            if (item is YamlMap)
            {
                constant = ConstantOf(reader.Open(item, path, "constant"));
            }
            else if (fields.Find(item, path) is { } field)
            {
                uses.Add(field.Slot);
                slots.Add(field.Slot);
            }
        }

        return new ValuePlan(entry.Key.Text, slots.ToImmutable(), constant);
    }

    private FieldValue? ConstantOf(Section section)
    {
        if (section["constant"] is not YamlScalar { IsNull: false } scalar)
        {
            reader.Add(section.PathOf("constant"), "Expected `constant: value`.", section.Node);
            return null;
        }

        if (scalar.Text.Length > Limits.FieldTextMax)
        {
            string hint = $"A constant has at most {Limits.FieldTextMax} characters.";
            reader.Add(section.PathOf("constant"), hint, scalar);
        }

        if (scalar.Plain && scalar.Text is "true" or "false")
        {
            return FieldValue.Of(scalar.Text == "true");
        }

        return scalar.Plain && Numbers.TryRead(scalar.Text, out string number)
            ? new FieldValue(FieldType.Number, number)
            : FieldValue.Of(scalar.Text);
    }

    private int? VersionOf(Section section) => uses.SlotOf(section, "version", FieldKind.Integer);

    private ImmutableArray<int> OccurredAtOf(Section section)
    {
        ImmutableArray<int> slots = uses.SlotsOf(
            section["occurredAt"],
            section.PathOf("occurredAt")
        );
        if (slots.Any(slot => fields.Fields[slot].Kind != FieldKind.Timestamp))
        {
            reader.Add(
                section.PathOf("occurredAt"),
                "`occurredAt` reads fields of the type `timestamp`.",
                section["occurredAt"]
            );
        }

        return slots;
    }

    private ImmutableArray<int> RequiredOf(Section section)
    {
        SortedSet<int> slots =
        [
            .. uses.SlotsOf(section["require"], section.PathOf("require")),
            .. fields.Fields.Where(field => field.Required).Select(field => field.Slot),
        ];
        foreach (int slot in slots)
        {
            uses.Add(slot);
        }

        return [.. slots];
    }

    [GeneratedRegex(
        "^[A-Z][A-Za-z0-9]*$",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex ObjectPattern { get; }

    [GeneratedRegex(
        "^[A-Za-z][A-Za-z0-9_-]{0,99}$",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex NamePattern { get; }
}
