using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>
/// The declared fields of one record while it is admitted. Reused by its thread, because admitting is on
/// the hot path and a record lives for microseconds.
/// </summary>
internal sealed class RecordView
{
    private Cell[] cells = [];
    private FieldTable table = null!;
    private int count;

    /// <summary>Properties or columns that no declaration mentions.</summary>
    public int UnknownFields { get; private set; }

    /// <summary>Finds the fields of a JSON object.</summary>
    public void Read(FieldTable fields, JsonElement record)
    {
        Reset(fields);
        Walk(fields.Root, record);
    }

    /// <summary>Finds the fields of a row; an empty value is missing.</summary>
    public void Read(FieldTable fields, IReadOnlyList<string> columns, IReadOnlyList<string> values)
    {
        Reset(fields);
        int[] slots = fields.SlotsOf(columns);
        for (int i = 0; i < slots.Length; i++)
        {
            int slot = slots[i];
            if (slot >= 0)
            {
                if (values[i].Length > 0)
                {
                    cells[slot].Column = values[i];
                    cells[slot].State = CellState.Raw;
                }
            }
            else if (slot == PathNode.UnknownSlot)
            {
                UnknownFields++;
            }
        }
    }

    /// <summary>Counts what was found unknown below a declared array.</summary>
    public void CountUnknown(int found) => UnknownFields += found;

    /// <summary>Lets go of the record.</summary>
    public void Clear() => Array.Clear(cells, 0, count);

    /// <summary>How a field stands once read.</summary>
    public CellState StateOf(int slot)
    {
        ref Cell cell = ref cells[slot];
        if (cell.State == CellState.Raw)
        {
            ValueReader.Read(ref cell, table.Fields[slot]);
        }

        return cell.State;
    }

    /// <summary>The reason code of a wrong field.</summary>
    public string CodeOf(int slot) => cells[slot].Code!;

    /// <summary>The canonical text of a field that has a value, else null.</summary>
    public string? TextOf(int slot)
    {
        if (StateOf(slot) != CellState.Value)
        {
            return null;
        }

        ref Cell cell = ref cells[slot];
        return cell.Text ??= FieldValue.Of(new DateTimeOffset(cell.Ticks, TimeSpan.Zero)).Text;
    }

    /// <summary>The canonical value of a field that has one.</summary>
    public FieldValue ValueOf(int slot) => new(TypeOf(table.Fields[slot].Kind), TextOf(slot)!);

    /// <summary>UTC ticks of a time field that has a value, else null.</summary>
    public long? TicksOf(int slot) => StateOf(slot) == CellState.Value ? cells[slot].Ticks : null;

    /// <summary>What the record holds there, unread.</summary>
    public JsonElement RawOf(int slot) => cells[slot].Json;

    /// <summary>The type under which values of a declared type are kept.</summary>
    public static FieldType TypeOf(FieldKind kind) =>
        kind switch
        {
            FieldKind.Text => FieldType.Text,
            FieldKind.Number or FieldKind.Integer => FieldType.Number,
            FieldKind.Boolean => FieldType.Boolean,
            FieldKind.Timestamp => FieldType.Timestamp,
            FieldKind.Date => FieldType.Date,
            _ => FieldType.Json,
        };

    private void Reset(FieldTable fields)
    {
        table = fields;
        count = fields.Fields.Length;
        UnknownFields = 0;
        if (cells.Length < count)
        {
            cells = new Cell[count];
        }
    }

    // Goes only as deep as declared paths do.
    private void Walk(PathNode node, JsonElement value)
    {
        foreach (JsonProperty property in value.EnumerateObject())
        {
            ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8PropertyName(property);
            PathNode? child = raw.Contains((byte)'\\')
                ? FindEscaped(node, property)
                : node.Find(raw);
            if (child is null)
            {
                UnknownFields++;
                continue;
            }

            if (child.Slot >= 0)
            {
                cells[child.Slot].Json = property.Value;
                cells[child.Slot].State = CellState.Raw;
            }

            if (child.HasChildren)
            {
                JsonElement inner = property.Value;
                if (inner.ValueKind == JsonValueKind.Object)
                {
                    Walk(child, inner);
                }
                else if (
                    child.Slot == PathNode.UnknownSlot
                    && inner.ValueKind != JsonValueKind.Null
                )
                {
                    UnknownFields++;
                }
            }
        }
    }

    private static PathNode? FindEscaped(PathNode node, JsonProperty property)
    {
        try
        {
            return node.Find(Encoding.UTF8.GetBytes(property.Name));
        }
        catch (InvalidOperationException)
        {
            return null; // a lone surrogate: no declared name has one
        }
    }
}
