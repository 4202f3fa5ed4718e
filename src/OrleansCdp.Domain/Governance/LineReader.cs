using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>Reads the lines of an order.</summary>
internal static class LineReader
{
    [ThreadStatic]
    private static RecordView? spareView;

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
            return ReadLine(plan, table, record, null, 1, out refusal) is { } only ? [only] : [];
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

        ImmutableArray<OrderLine> lines = ReadItems(
            plan,
            items,
            field.Pointer,
            out refusal,
            out int unknown
        );
        record.CountUnknown(unknown);
        return lines;
    }

    private static ImmutableArray<OrderLine> ReadItems(
        LinesPlan plan,
        JsonElement items,
        string pointer,
        out Admission.Refused? refusal,
        out int unknown
    )
    {
        refusal = null;
        unknown = 0;
        RecordView view = spareView ??= new RecordView();
        OrderLine[] lines = new OrderLine[items.GetArrayLength()];
        int index = 0;
        foreach (JsonElement item in items.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object)
            {
                refusal = new Admission.Refused(
                    ReasonCodes.WrongType,
                    "An order line is a JSON object.",
                    PointerOf(pointer, index)
                );
                return [];
            }

            view.Read(plan.Items!, item);
            OrderLine? line = ReadLine(plan, plan.Items!, view, pointer, index + 1, out refusal);
            unknown += view.UnknownFields;
            view.Clear();
            if (line is null)
            {
                return [];
            }

            lines[index++] = line;
        }

        if (TellApart(lines) is { } longest)
        {
            string at = Within(pointer, longest + 1, plan.Items!.Fields[plan.Id!.Slots[0]]);
            refusal = Refusals.OfLimit("A line's id with its number", Limits.RecordIdMax, at);
            return [];
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(lines);
    }

    /// <summary>Numbers lines of one id: they are several, and the second must not replace the first.</summary>
    /// <returns>The line whose id is too long with its number; null when there is none.</returns>
    private static int? TellApart(OrderLine[] lines)
    {
        if (lines.Length < 2)
        {
            return null;
        }

        Dictionary<string, int> copies = new(lines.Length, StringComparer.Ordinal);
        for (int i = 0; i < lines.Length; i++)
        {
            string id = lines[i].Id;
            while (!copies.TryAdd(id, 1))
            {
                int copy = ++copies[lines[i].Id];
                id = string.Create(CultureInfo.InvariantCulture, $"{lines[i].Id}#{copy}");
                if (id.Length > Limits.RecordIdMax)
                {
                    return i;
                }
            }

            if (!ReferenceEquals(id, lines[i].Id))
            {
                lines[i] = lines[i] with { Id = id };
            }
        }

        return null;
    }

    private static string Within(string? array, int number, FieldPlan field) =>
        array is null ? field.Pointer : PointerOf(array, number - 1) + field.Pointer;

    private static string PointerOf(string array, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"{array}/{index}");

    private static OrderLine? ReadLine(
        LinesPlan plan,
        FieldTable table,
        RecordView view,
        string? array,
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
                refusal = Refusals.OfField(wrong, view.CodeOf(slot), Within(array, number, wrong));
                return null;
            }
        }

        string id =
            (plan.Id is null ? null : Keys.Of(plan.Id, view))
            ?? number.ToString(CultureInfo.InvariantCulture);
        if (id.Length > Limits.RecordIdMax)
        {
            string pointer = Within(array, number, table.Fields[plan.Id!.Slots[0]]);
            refusal = Refusals.OfLimit("A line's id", Limits.RecordIdMax, pointer);
            return null;
        }

        decimal quantity = NumberOf(view, plan.Quantity) ?? 1;
        decimal? price = NumberOf(view, plan.Price);
        decimal? amount = NumberOf(view, plan.Amount) ?? Times(price, quantity);
        if (amount is null && price is not null)
        {
            FieldPlan field = table.Fields[plan.Price!.Value];
            refusal = Refusals.OfField(field, ReasonCodes.WrongType, Within(array, number, field));
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
