using System.Collections.Immutable;

namespace OrleansCdp.Governance;

/// <summary>Finds the fields that a record's description names, and notes which it uses.</summary>
internal sealed class FieldUses(DefinitionReader reader, FieldCompiler fields)
{
    private readonly ConditionCompiler conditions = new(reader, fields);
    private readonly HashSet<int> used = [];
    private readonly SortedSet<int> deciding = [];

    /// <summary>Fields used so far, in order.</summary>
    public ImmutableArray<int> Slots => [.. used.Order()];

    /// <summary>Those of them that decide what the record means.</summary>
    public ImmutableArray<int> DecidingSlots => [.. deciding];

    /// <summary>Forgets all, for another record.</summary>
    public void Clear()
    {
        used.Clear();
        deciding.Clear();
    }

    /// <summary>Notes a field.</summary>
    public void Add(int slot) => used.Add(slot);

    /// <summary>A condition, whose fields are used from now on.</summary>
    /// <param name="section">Where it is.</param>
    /// <param name="key">Under which key.</param>
    /// <param name="deciding">Whether it decides what the record means, before anything else is checked.</param>
    public Condition? ConditionOf(Section section, string key, bool deciding = false)
    {
        if (section[key] is not { } node)
        {
            return null;
        }

        Condition? condition = conditions.Compile(node, section.PathOf(key));
        condition?.AddSlots(used);
        if (deciding)
        {
            condition?.AddSlots(this.deciding);
        }

        return condition;
    }

    /// <summary>The key that the first of some fields with a value makes; null when none is named.</summary>
    public KeyPlan? KeyOf(YamlNode? node, string path)
    {
        ImmutableArray<int> slots = SlotsOf(node, path);
        return slots.IsEmpty ? null : new KeyPlan(slots);
    }

    /// <summary>The fields that a node names.</summary>
    public ImmutableArray<int> SlotsOf(YamlNode? node, string path)
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

    /// <summary>The one field that a key names, of one of some types.</summary>
    public int? SlotOf(Section section, string key, params ReadOnlySpan<FieldKind> kinds)
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
}
