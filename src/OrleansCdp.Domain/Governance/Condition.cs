using System.Collections.Immutable;

namespace OrleansCdp.Governance;

/// <summary>A test of the fields of a record.</summary>
internal abstract record Condition
{
    /// <summary>Whether the record passes.</summary>
    public abstract bool Holds(RecordView record);

    /// <summary>Adds the slots of every field tested.</summary>
    public abstract void AddSlots(ISet<int> slots);

    /// <summary>A field has one of some values.</summary>
    public sealed record In(int Slot, ImmutableArray<string> Values) : Condition
    {
        /// <inheritdoc/>
        public override bool Holds(RecordView record) =>
            record.TextOf(Slot) is { } text && Values.Contains(text);

        /// <inheritdoc/>
        public override void AddSlots(ISet<int> slots) => slots.Add(Slot);
    }

    /// <summary>A field has a value, or has none.</summary>
    public sealed record Exists(int Slot, bool Expected) : Condition
    {
        /// <inheritdoc/>
        public override bool Holds(RecordView record) =>
            record.StateOf(Slot) == CellState.Value == Expected;

        /// <inheritdoc/>
        public override void AddSlots(ISet<int> slots) => slots.Add(Slot);
    }

    /// <summary>Every part holds.</summary>
    public sealed record All(ImmutableArray<Condition> Parts) : Condition
    {
        /// <inheritdoc/>
        public override bool Holds(RecordView record)
        {
            foreach (Condition part in Parts)
            {
                if (!part.Holds(record))
                {
                    return false;
                }
            }

            return true;
        }

        /// <inheritdoc/>
        public override void AddSlots(ISet<int> slots)
        {
            foreach (Condition part in Parts)
            {
                part.AddSlots(slots);
            }
        }
    }

    /// <summary>At least one part holds.</summary>
    public sealed record Any(ImmutableArray<Condition> Parts) : Condition
    {
        /// <inheritdoc/>
        public override bool Holds(RecordView record)
        {
            foreach (Condition part in Parts)
            {
                if (part.Holds(record))
                {
                    return true;
                }
            }

            return false;
        }

        /// <inheritdoc/>
        public override void AddSlots(ISet<int> slots)
        {
            foreach (Condition part in Parts)
            {
                part.AddSlots(slots);
            }
        }
    }

    /// <summary>The part does not hold.</summary>
    public sealed record Not(Condition Part) : Condition
    {
        /// <inheritdoc/>
        public override bool Holds(RecordView record) => !Part.Holds(record);

        /// <inheritdoc/>
        public override void AddSlots(ISet<int> slots) => Part.AddSlots(slots);
    }
}
