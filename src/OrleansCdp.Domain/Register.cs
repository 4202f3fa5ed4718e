using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>
/// A last-writer-wins register: one field's newest value, and where it came from. Joining registers is
/// commutative, associative and idempotent (Shapiro et al. 2011, "CRDTs", LWW-Register).
/// </summary>
[GenerateSerializer, Immutable, Alias("cdp.register")]
public sealed record Register
{
    /// <summary>The field's canonical name.</summary>
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>The newest value; <see cref="FieldType.Null"/> once the source removed it.</summary>
    [Id(1)]
    public required FieldValue Value { get; init; }

    /// <summary>When the source said so.</summary>
    [Id(2)]
    public required Stamp Stamp { get; init; }

    /// <summary>The event that said so.</summary>
    [Id(3)]
    public required string EventId { get; init; }
}

/// <summary>Registers of one link or record, sorted by name so that equal states are equal bytes.</summary>
public static class Registers
{
    /// <summary>Joins what one event says into the registers.</summary>
    /// <param name="registers">Sorted by name.</param>
    /// <param name="fields">What the event says.</param>
    /// <param name="stamp">The event's stamp.</param>
    /// <param name="eventId">The event's id.</param>
    /// <param name="changed">Set when a visible value changed; a newer stamp alone is no change.</param>
    public static ImmutableArray<Register> Join(
        ImmutableArray<Register> registers,
        ImmutableArray<Field> fields,
        Stamp stamp,
        string eventId,
        ref bool changed
    )
    {
        Register[]? replaced = null;
        List<Register>? added = null;
        foreach (Field field in fields)
        {
            int at = IndexOf(registers, field.Name);
            Register? known =
                at < 0 ? null
                : replaced is null ? registers[at]
                : replaced[at];
            if (known is not null && !IsNewer(stamp, eventId, known))
            {
                continue;
            }

            changed |= known is null ? !field.Value.IsNull : known.Value != field.Value;
            Register next = new()
            {
                Name = known?.Name ?? field.Name,
                Value = field.Value,
                Stamp = stamp,
                EventId = eventId,
            };
            if (known is null)
            {
                (added ??= []).Add(next);
            }
            else
            {
                replaced ??= [.. registers];
                replaced[at] = next;
            }
        }

        ImmutableArray<Register> joined = replaced is null
            ? registers
            : ImmutableCollectionsMarshal.AsImmutableArray(replaced);
        return added is null
            ? joined
            : [.. joined.Concat(added).OrderBy(register => register.Name, StringComparer.Ordinal)];
    }

    /// <summary>Joins registers of two: of each name the newer, of equals the first's.</summary>
    public static ImmutableArray<Register> Join(
        ImmutableArray<Register> registers,
        ImmutableArray<Register> others
    ) =>
        [
            .. registers
                .Concat(others)
                .GroupBy(register => register.Name, StringComparer.Ordinal)
                .Select(same => same.MaxBy(register => register.Stamp)!)
                .OrderBy(register => register.Name, StringComparer.Ordinal),
        ];

    /// <summary>The value under a name, or null when there is none or it was removed.</summary>
    public static FieldValue? Find(ImmutableArray<Register> registers, string name) =>
        Get(registers, name) is { Value.IsNull: false } register ? register.Value : null;

    /// <summary>The register of a name, or null when nobody ever stated it.</summary>
    public static Register? Get(ImmutableArray<Register> registers, string name)
    {
        int at = IndexOf(registers, name);
        return at < 0 ? null : registers[at];
    }

    // Events of two partitions may have the very same stamp: whichever comes first, the same one wins.
    private static bool IsNewer(Stamp stamp, string eventId, Register known) =>
        stamp == known.Stamp
            ? string.CompareOrdinal(eventId, known.EventId) > 0
            : stamp > known.Stamp;

    private static int IndexOf(ImmutableArray<Register> registers, string name) =>
        registers.IndexOf(name, static (r, key) => string.CompareOrdinal(r.Name, key));
}
