using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>Reads the lines of an order.</summary>
internal static class LineReader
{
    /// <summary>Reads every line, or says what is wrong with one.</summary>
    public static ImmutableArray<OrderLine> Read(
        LinesPlan plan,
        FieldTable table,
        RecordView record,
        out Admission.Refused? refusal
    )
    {
        if (plan.From is not { } from)
        {
            return ReadLine(plan, table, record, "", 1, out refusal) is { } only ? [only] : [];
        }

        refusal = null;
        if (record.StateOf(from) != CellState.Value)
        {
            return [];
        }

        FieldPlan field = table.Fields[from];
        JsonElement items = record.RawOf(from);
        if (items.GetArrayLength() > Limits.OrderLinesMax)
        {
            refusal = new Admission.Refused(
                ReasonCodes.LimitExceeded,
                $"An order has at most {Limits.OrderLinesMax} lines.",
                field.Pointer
            );
            return [];
        }

        return ReadItems(plan, items, field.Pointer, out refusal);
    }

    private static ImmutableArray<OrderLine> ReadItems(
        LinesPlan plan,
        JsonElement items,
        string pointer,
        out Admission.Refused? refusal
    )
    {
        refusal = null;
        RecordView view = new();
        OrderLine[] lines = new OrderLine[items.GetArrayLength()];
        HashSet<string> ids = new(StringComparer.Ordinal);
        int index = 0;
        foreach (JsonElement item in items.EnumerateArray())
        {
            string at = string.Create(CultureInfo.InvariantCulture, $"{pointer}/{index}");
            if (item.ValueKind != JsonValueKind.Object)
            {
                refusal = new Admission.Refused(
                    ReasonCodes.WrongType,
                    "An order line is a JSON object.",
                    at
                );
                return [];
            }

            view.Read(plan.Items!, item);
            OrderLine? line = ReadLine(plan, plan.Items!, view, at, index + 1, out refusal);
            view.Clear();
            if (line is null)
            {
                return [];
            }

            lines[index++] = Distinct(line, ids);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(lines);
    }

    // Two lines of one product are two lines; the second must not replace the first.
    private static OrderLine Distinct(OrderLine line, HashSet<string> ids)
    {
        string id = line.Id;
        for (int copy = 2; !ids.Add(id); copy++)
        {
            id = string.Create(CultureInfo.InvariantCulture, $"{line.Id}#{copy}");
        }

        return ReferenceEquals(id, line.Id) ? line : line with { Id = id };
    }

    private static OrderLine? ReadLine(
        LinesPlan plan,
        FieldTable table,
        RecordView view,
        string prefix,
        int number,
        out Admission.Refused? refusal
    )
    {
        refusal = null;
        foreach (int slot in plan.Slots)
        {
            if (view.StateOf(slot) == CellState.Wrong)
            {
                FieldPlan wrong = table.Fields[slot];
                refusal = Refusals.OfField(wrong, view.CodeOf(slot), prefix + wrong.Pointer);
                return null;
            }
        }

        string id =
            (plan.Id is null ? null : Keys.Of(plan.Id, view))
            ?? number.ToString(CultureInfo.InvariantCulture);
        if (id.Length > Limits.RecordIdMax)
        {
            string pointer = prefix + table.Fields[plan.Id!.Slots[0]].Pointer;
            refusal = Refusals.OfLimit("A line's id", Limits.RecordIdMax, pointer);
            return null;
        }

        decimal quantity = NumberOf(view, plan.Quantity) ?? 1;
        decimal? price = NumberOf(view, plan.Price);
        decimal? amount = NumberOf(view, plan.Amount) ?? Times(price, quantity);
        if (amount is null && price is not null)
        {
            FieldPlan field = table.Fields[plan.Price!.Value];
            refusal = Refusals.OfField(field, ReasonCodes.WrongType, prefix + field.Pointer);
            return null;
        }

        return new OrderLine
        {
            Id = id,
            Product = TextOf(view, plan.Product),
            Category = TextOf(view, plan.Category),
            Quantity = quantity,
            Amount = amount ?? 0,
        };
    }

    private static string? TextOf(RecordView view, int? slot) =>
        slot is { } known ? view.TextOf(known) : null;

    private static decimal? NumberOf(RecordView view, int? slot) =>
        TextOf(view, slot) is { } text ? decimal.Parse(text, CultureInfo.InvariantCulture) : null;

    private static decimal? Times(decimal? price, decimal quantity)
    {
        try
        {
            return price * quantity;
        }
        catch (OverflowException)
        {
            return null;
        }
    }
}
