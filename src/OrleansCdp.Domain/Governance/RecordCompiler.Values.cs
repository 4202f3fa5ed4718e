using System.Collections.Immutable;
using System.Globalization;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <content>Values, order lines, kinds and the filter.</content>
internal sealed partial class RecordCompiler
{
    private static readonly string[] KindWords =
    [
        "created",
        "updated",
        "closed",
        "deleted",
        "engagement",
    ];

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
            if (!NamePattern.IsMatch(entry.Key.Text))
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
                used.Add(field.Slot);
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

    private LinesPlan? LinesOf(Section section, string name)
    {
        if (section["lines"] is not { } node)
        {
            return null;
        }

        string path = section.PathOf("lines");
        if (name != CanonicalObjects.SalesOrder)
        {
            reader.Add(path, $"Only a {CanonicalObjects.SalesOrder} has lines.", node);
        }

        Section lines = reader.Open(
            node,
            path,
            "from",
            "complete",
            "id",
            "product",
            "category",
            "quantity",
            "amount",
            "price"
        );
        if (lines["amount"] is null == lines["price"] is null)
        {
            reader.Add(path, "A line needs `amount` (of the line) or `price` (of one).", node);
        }

        return lines["from"] is null ? LinesInRecord(lines) : LinesInArray(lines);
    }

    private LinesPlan LinesInRecord(Section lines)
    {
        ImmutableArray<int> id = SlotsOf(lines["id"], lines.PathOf("id"));
        LinesPlan plan = new()
        {
            Complete = reader.Flag(lines["complete"], lines.PathOf("complete")),
            Id = id.IsEmpty ? null : new KeyPlan(id),
            Product = SlotOf(lines, "product"),
            Category = SlotOf(lines, "category"),
            Quantity = SlotOf(lines, "quantity", FieldKind.Number),
            Amount = SlotOf(lines, "amount", FieldKind.Number),
            Price = SlotOf(lines, "price", FieldKind.Number),
        };
        if (plan.Id is null && !plan.Complete)
        {
            reader.Add(lines.PathOf("id"), "A line of its own needs an `id`.", lines.Node);
        }

        return plan;
    }

    private LinesPlan LinesInArray(Section lines)
    {
        FieldPlan? from = LinesFieldOf(lines);
        FieldCompiler items = new(reader) { NullTokens = fields.NullTokens };
        KeyPlan? id = ItemOf(items, lines, "id", FieldKind.Text) is { } slot
            ? new KeyPlan([slot])
            : null;
        return new LinesPlan
        {
            From = from?.Slot ?? 0,
            Complete = reader.Flag(lines["complete"], lines.PathOf("complete"), otherwise: true),
            Id = id,
            Product = ItemOf(items, lines, "product", FieldKind.Text),
            Category = ItemOf(items, lines, "category", FieldKind.Text),
            Quantity = ItemOf(items, lines, "quantity", FieldKind.Number),
            Amount = ItemOf(items, lines, "amount", FieldKind.Number),
            Price = ItemOf(items, lines, "price", FieldKind.Number),
            Items = items.Build(),
            Slots = [.. Enumerable.Range(0, items.Count)],
        };
    }

    // The array is no declared field: its type says nothing an author could choose.
    private FieldPlan? LinesFieldOf(Section lines)
    {
        string path = lines.PathOf("from");
        if (reader.Text(lines["from"], path) is not { } name)
        {
            return null;
        }

        FieldPlan? field = fields.Find(name);
        if (field is { Kind: not FieldKind.Lines })
        {
            reader.Add(
                path,
                $"`{name}` is declared as a field already; drop it there.",
                lines["from"]
            );
            return null;
        }

        field ??= fields.Declare(name, name, FieldKind.Lines, lines["from"], path);
        used.Add(field.Slot);
        return field;
    }

    // Two roles may read the same property: an item's id is often its product.
    private int? ItemOf(FieldCompiler items, Section lines, string role, FieldKind kind)
    {
        string path = lines.PathOf(role);
        if (reader.Text(lines[role], path) is not { } name)
        {
            return null;
        }

        FieldPlan field = items.Find(name) ?? items.Declare(name, name, kind, lines[role], path);
        if (field.Kind != kind)
        {
            reader.Add(path, $"`{name}` cannot be both text and number.", lines[role]);
        }

        return field.Slot;
    }

    private int? SlotOf(Section section, string key, params ReadOnlySpan<FieldKind> kinds)
    {
        string path = section.PathOf(key);
        if (section[key] is not { } node || fields.Find(node, path) is not { } field)
        {
            return null;
        }

        bool integer = field.Kind == FieldKind.Integer && kinds.Contains(FieldKind.Number);
        if (!kinds.IsEmpty && !kinds.Contains(field.Kind) && !integer)
        {
            string wanted = kinds[0].ToString().ToLowerInvariant();
            reader.Add(path, $"Field `{field.Name}` must have the type `{wanted}`.", node);
        }

        used.Add(field.Slot);
        return field.Slot;
    }

    private int? VersionOf(Section section) => SlotOf(section, "version", FieldKind.Integer);

    private ImmutableArray<int> OccurredAtOf(Section section)
    {
        ImmutableArray<int> slots = SlotsOf(section["occurredAt"], section.PathOf("occurredAt"));
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
            .. SlotsOf(section["require"], section.PathOf("require")),
            .. fields.Fields.Where(field => field.Required).Select(field => field.Slot),
        ];
        used.UnionWith(slots);
        return [.. slots];
    }

    private (ImmutableArray<KindRule> Rules, EventKind Otherwise) KindsOf(
        Section section,
        string name
    )
    {
        EventKind otherwise = CanonicalObjects.IsEngagement(name)
            ? EventKind.Engagement
            : EventKind.Updated;
        string path = section.PathOf("kind");
        if (section["kind"] is not { } node)
        {
            return ([], otherwise);
        }

        var rules = ImmutableArray.CreateBuilder<KindRule>();
        ImmutableArray<YamlNode> items = DefinitionReader.OneOrMany(node);
        for (int i = 0; i < items.Length; i++)
        {
            string at = $"{path}[{i}]";
            if (items[i] is YamlScalar word)
            {
                otherwise = KindOf(word, at) ?? otherwise;
                CheckLast(items, i, at);
                continue;
            }

            Section rule = reader.Open(items[i], at, "when", "is", "otherwise");
            if (rule["otherwise"] is { } last)
            {
                otherwise = KindOf(last, rule.PathOf("otherwise")) ?? otherwise;
                CheckLast(items, i, at);
            }
            else if (
                ConditionOf(rule, "when", deciding) is { } when
                && KindOf(rule["is"], rule.PathOf("is")) is { } kind
            )
            {
                rules.Add(new KindRule(when, kind));
            }
            else
            {
                reader.Add(
                    at,
                    "Expected `{when: ..., is: closed}` or `otherwise: updated`.",
                    items[i]
                );
            }
        }

        return (rules.ToImmutable(), otherwise);
    }

    private void CheckLast(ImmutableArray<YamlNode> items, int index, string path)
    {
        if (index != items.Length - 1)
        {
            reader.Add(path, "What holds otherwise comes last.", items[index]);
        }
    }

    private EventKind? KindOf(YamlNode? node, string path) =>
        reader.Word(node, path, KindWords) is { } word
            ? (EventKind)Array.IndexOf(KindWords, word)
            : null;

    private ImmutableArray<KeepRule> KeepOf(Section section, string name)
    {
        KeepRule[] rules = new KeepRule[KindWords.Length];
        if (name == CanonicalObjects.Case)
        {
            rules[(int)EventKind.Updated] = new KeepRule(Lane.Low, null);
        }

        if (section["keep"] is { } node)
        {
            Section keep = reader.Open(node, section.PathOf("keep"), KindWords);
            for (int kind = 0; kind < KindWords.Length; kind++)
            {
                if (keep[KindWords[kind]] is { } value)
                {
                    rules[kind] = KeepRuleOf(value, keep.PathOf(KindWords[kind]));
                }
            }
        }

        return [.. rules];
    }

    private KeepRule KeepRuleOf(YamlNode node, string path)
    {
        if (node is YamlMap)
        {
            Section section = reader.Open(node, path, "suppress");
            return new KeepRule(Lane.Normal, ReasonOf(section, "suppress"));
        }

        return reader.Word(node, path, "normal", "low", "suppress") switch
        {
            "low" => new KeepRule(Lane.Low, null),
            "suppress" => new KeepRule(Lane.Normal, ReasonCodes.KindNotKept),
            _ => new KeepRule(Lane.Normal, null),
        };
    }

    private ImmutableArray<SuppressRule> SuppressOf(Section section)
    {
        if (section["suppress"] is not { } node)
        {
            return [];
        }

        var rules = ImmutableArray.CreateBuilder<SuppressRule>();
        string path = section.PathOf("suppress");
        ImmutableArray<YamlNode> items = reader.Many(node, path);
        for (int i = 0; i < items.Length; i++)
        {
            Section rule = reader.Open(items[i], $"{path}[{i}]", "when", "reason");
            if (
                ConditionOf(rule, "when", deciding) is { } when
                && ReasonOf(rule, "reason") is { } reason
            )
            {
                rules.Add(new SuppressRule(when, reason));
            }
            else
            {
                reader.Add(rule.Path, "Expected `{when: ..., reason: test_data}`.", items[i]);
            }
        }

        return rules.ToImmutable();
    }

    /// <summary>Reads the name of a reason, under which suppressed records are counted.</summary>
    private string? ReasonOf(Section section, string key) =>
        ReasonOf(reader, section[key], section.PathOf(key));

    /// <summary>Reads the name of a reason, under which suppressed records are counted.</summary>
    internal static string? ReasonOf(DefinitionReader reader, YamlNode? node, string path)
    {
        string? reason = reader.Text(node, path);
        bool named =
            reason is not null
            && reason.Length <= Limits.FieldNameMax
            && reason.All(letter =>
                char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '_'
            );
        if (reason is not null && !named)
        {
            string hint = string.Create(
                CultureInfo.InvariantCulture,
                $"A reason is small letters, digits and `_`, at most {Limits.FieldNameMax}: `test_data`."
            );
            reader.Add(path, hint, node);
        }

        return named ? reason : null;
    }
}
