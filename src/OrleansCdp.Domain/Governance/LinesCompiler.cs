using System.Collections.Immutable;

namespace OrleansCdp.Governance;

/// <summary>Compiles the lines of an order: one in the record itself, or an array of them.</summary>
internal sealed class LinesCompiler(DefinitionReader reader, FieldCompiler fields, FieldUses uses)
{
    /// <summary>Compiles them; null when there are none.</summary>
    public LinesPlan? Compile(Section section, string name)
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
        ImmutableArray<int> id = uses.SlotsOf(lines["id"], lines.PathOf("id"));
        LinesPlan plan = new()
        {
            Complete = reader.Flag(lines["complete"], lines.PathOf("complete")),
            Id = id.IsEmpty ? null : new KeyPlan(id),
            Product = uses.SlotOf(lines, "product"),
            Category = uses.SlotOf(lines, "category"),
            Quantity = uses.SlotOf(lines, "quantity", FieldKind.Number),
            Amount = uses.SlotOf(lines, "amount", FieldKind.Number),
            Price = uses.SlotOf(lines, "price", FieldKind.Number),
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
        uses.Add(field.Slot);
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
}
