using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace OrleansCdp.Governance;

/// <summary>Maps a record's values onto canonical names.</summary>
internal static class ValueMapping
{
    /// <summary>The first value of each mapping's fields, else its constant. Without either nothing is said.</summary>
    public static ImmutableArray<Field> Map(ImmutableArray<ValuePlan> mappings, RecordView view)
    {
        if (mappings.IsEmpty)
        {
            return [];
        }

        Field[] fields = new Field[mappings.Length];
        int count = 0;
        foreach (ValuePlan mapping in mappings)
        {
            if (ValueOf(mapping, view) is { } value)
            {
                fields[count++] = new Field(mapping.Name, value);
            }
        }

        if (count < fields.Length)
        {
            Array.Resize(ref fields, count);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(fields);
    }

    private static FieldValue? ValueOf(ValuePlan mapping, RecordView view)
    {
        bool cleared = false;
        foreach (int slot in mapping.Slots)
        {
            CellState state = view.StateOf(slot);
            if (state == CellState.Value)
            {
                return view.ValueOf(slot);
            }

            cleared |= state == CellState.Cleared;
        }

        return mapping.Constant ?? (cleared ? FieldValue.Null : null);
    }
}
