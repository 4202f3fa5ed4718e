using System.Collections.Immutable;
using System.Text.RegularExpressions;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>Compiles how one kind of record becomes an event.</summary>
internal sealed partial class RecordCompiler(
    DefinitionReader reader,
    FieldCompiler fields,
    string source,
    TimesPlan? times
)
{
    private readonly ConditionCompiler conditions = new(reader, fields);
    private readonly HashSet<int> used = [];
    private readonly SortedSet<int> deciding = [];

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
        used.Clear();
        deciding.Clear();
        Condition? when = ConditionOf(section, "when", used);
        string? name = ObjectOf(section);
        if (name is null)
        {
            return null;
        }

        (ImmutableArray<KindRule> kinds, EventKind otherwise) = KindsOf(section, name);
        ImmutableArray<SuppressRule> suppress = SuppressOf(section);
        RecordPlan plan = new()
        {
            When = when,
            Object = name,
            IsEngagement = CanonicalObjects.IsEngagement(name),
            RecordId = RecordIdOf(section, name),
            Subjects = SubjectsOf(section),
            Identifiers = IdentifiersOf(section),
            Account = LinkOf(section, "account", foreign: true),
            SameAs = LinkOf(section, "sameAs", foreign: false),
            Traits = ValuesOf(section, "traits"),
            Fields = ValuesOf(section, "record"),
            AccountTraits = ValuesOf(section, "accountTraits"),
            Lines = LinesOf(section, name),
            EventId = KeyOf(section["eventId"], section.PathOf("eventId")),
            OccurredAt = OccurredAtOf(section),
            Times = section["occurredAt"] is null ? times : null,
            Version = VersionOf(section),
            Kinds = kinds,
            KindOtherwise = otherwise,
            Keep = KeepOf(section, name),
            Suppress = suppress,
            RequiredSlots = RequiredOf(section),
            DecidingSlots = [.. deciding],
            CheckedSlots = [],
        };
        Check(section, plan);
        return plan with { CheckedSlots = [.. used.Order()] };
    }

    private void Check(Section section, RecordPlan plan)
    {
        if (plan.IsEngagement && !plan.Fields.Any(IsName))
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

        static bool IsName(ValuePlan field) =>
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

        return KeyOf(node, path);
    }

    private ImmutableArray<SubjectPlan> SubjectsOf(Section section)
    {
        string path = section.PathOf("subject");
        if (section["subject"] is not { } node)
        {
            reader.Add(path, "`subject` is required: who the record is about.", section.Node);
            return [];
        }

        var subjects = ImmutableArray.CreateBuilder<SubjectPlan>();
        foreach (YamlNode item in DefinitionReader.OneOrMany(node))
        {
            string at = $"{path}[{subjects.Count}]";
            Section subject = reader.Open(item, at, "object", "id", "of", "followsAnchor");
            string? name = ReferenceOf(subject);
            KeyPlan? id = KeyOf(subject["id"], subject.PathOf("id"));
            string of =
                reader.Word(subject["of"], subject.PathOf("of"), "individual", "account")
                ?? "individual";
            if (name is null || id is null)
            {
                reader.Add(at, "A subject needs `object` and `id`.", item);
                continue;
            }

            subjects.Add(
                new SubjectPlan(
                    name,
                    id,
                    of == "account" ? SubjectKind.Account : SubjectKind.Individual,
                    reader.Flag(subject["followsAnchor"], subject.PathOf("followsAnchor"))
                )
            );
        }

        return subjects.ToImmutable();
    }

    private ImmutableArray<IdentifierPlan> IdentifiersOf(Section section)
    {
        if (section["identifiers"] is not { } node)
        {
            return [];
        }

        string path = section.PathOf("identifiers");
        ImmutableArray<YamlNode> items = reader.Many(node, path);
        if (items.Length > Limits.EventIdentifiersMax)
        {
            reader.Add(path, $"At most {Limits.EventIdentifiersMax} identifiers.", node);
        }

        var identifiers = ImmutableArray.CreateBuilder<IdentifierPlan>();
        for (int i = 0; i < items.Length; i++)
        {
            if (IdentifierOf(items[i], $"{path}[{i}]") is { } identifier)
            {
                identifiers.Add(identifier);
            }
        }

        return identifiers.ToImmutable();
    }

    private IdentifierPlan? IdentifierOf(YamlNode node, string path)
    {
        Section section = reader.Open(
            node,
            path,
            "type",
            "field",
            "verified",
            "region",
            "providerRules"
        );
        string? type = reader.Text(section["type"], section.PathOf("type"));
        ImmutableArray<int> slots = SlotsOf(section["field"], section.PathOf("field"));
        if (type is null || !NamePattern.IsMatch(type) || slots.IsEmpty)
        {
            reader.Add(path, "An identifier needs a `type`, such as `email`, and a `field`.", node);
            return null;
        }

        bool conditional = section["verified"] is YamlMap;
        EmailRules rules = reader.Flag(section["providerRules"], section.PathOf("providerRules"))
            ? EmailRules.All
            : EmailRules.None;
        return new IdentifierPlan(
            type,
            slots,
            !conditional && reader.Flag(section["verified"], section.PathOf("verified")),
            conditional ? ConditionOf(section, "verified", used) : null,
            new NormalisationRules(rules, RegionOf(section))
        );
    }

    private string? RegionOf(Section section)
    {
        string? region = reader.Text(section["region"], section.PathOf("region"));
        if (region is not null && !Normalisation.IsRegion(region))
        {
            reader.Add(
                section.PathOf("region"),
                $"`{region}` is no region; write two capitals, such as `US`.",
                section["region"]
            );
        }

        return region;
    }

    private LinkPlan? LinkOf(Section section, string key, bool foreign)
    {
        if (section[key] is not { } node)
        {
            return null;
        }

        string path = section.PathOf(key);
        Section link = foreign
            ? reader.Open(node, path, "object", "id", "source")
            : reader.Open(node, path, "object", "id");
        string? name = ReferenceOf(link);
        KeyPlan? id = KeyOf(link["id"], link.PathOf("id"));
        if (name is null || id is null)
        {
            reader.Add(path, $"`{key}` needs `object` and `id`.", node);
            return null;
        }

        string? other = foreign ? reader.Text(link["source"], link.PathOf("source")) : null;
        return new LinkPlan(other ?? source, name, id);
    }

    // The middle of a link's key: no slash in it, or the key could not be read back.
    private string? ReferenceOf(Section section)
    {
        string? name = reader.Text(section["object"], section.PathOf("object"));
        if (name is not null && !NamePattern.IsMatch(name))
        {
            reader.Add(
                section.PathOf("object"),
                "An object's name is letters, digits, `_` and `-`.",
                section["object"]
            );
        }

        return name;
    }

    private Condition? ConditionOf(Section section, string key, ISet<int> slots)
    {
        if (section[key] is not { } node)
        {
            return null;
        }

        Condition? condition = conditions.Compile(node, section.PathOf(key));
        condition?.AddSlots(slots);
        condition?.AddSlots(used);
        return condition;
    }

    private KeyPlan? KeyOf(YamlNode? node, string path)
    {
        ImmutableArray<int> slots = SlotsOf(node, path);
        return slots.IsEmpty ? null : new KeyPlan(slots);
    }

    private ImmutableArray<int> SlotsOf(YamlNode? node, string path)
    {
        if (node is null)
        {
            return [];
        }

        var slots = ImmutableArray.CreateBuilder<int>();
        foreach (YamlNode item in DefinitionReader.OneOrMany(node))
        {
            if (fields.Find(item, path) is { } field)
            {
                used.Add(field.Slot);
                slots.Add(field.Slot);
            }
        }

        return slots.ToImmutable();
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
