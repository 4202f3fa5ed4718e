using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>
/// Reads what a record says about who it is. What names nobody, or cannot be what it is said to be, is left out and
/// counted; the record goes on without it.
/// </summary>
internal ref struct IdentifierReader
{
    private readonly RecordPlan plan;
    private readonly RecordView view;
    private readonly IdentifierGuards guards;
    private int blocked;
    private int invalid;

    /// <summary>Prepares to read.</summary>
    public IdentifierReader(RecordPlan plan, RecordView view, IdentifierGuards guards)
    {
        this.plan = plan;
        this.view = view;
        this.guards = guards;
    }

    /// <summary>What was left out so far.</summary>
    public readonly IdentifiersLeftOut LeftOut => new(blocked, invalid);

    /// <summary>
    /// Whether the id of a link names nobody, so that all who bear it would become one: as an identifier that is read
    /// from the same field, which is counted there, or whatever it is.
    /// </summary>
    public bool Blocks(KeyPlan key, string id)
    {
        if (key.Slots is [int slot])
        {
            foreach (IdentifierPlan identifier in plan.Identifiers)
            {
                if (identifier.Slots.Contains(slot))
                {
                    return guards.Blocks(identifier.Type, view.TextOf(slot) ?? id);
                }
            }

            id = view.TextOf(slot) ?? id;
        }

        bool blocks = guards.Blocks(IdentifierGuards.AnyType, id);
        blocked += blocks ? 1 : 0;
        return blocks;
    }

    /// <summary>The identifiers; none when one is too long, which refuses the record.</summary>
    /// <param name="isolated">The id of a link that must not be found by whom the record is about; or null.</param>
    /// <param name="overlong">The field that is too long; null when none is.</param>
    public ImmutableArray<Identifier> Read(KeyPlan? isolated, out int? overlong)
    {
        overlong = null;
        Identifier[] identifiers = new Identifier[plan.Identifiers.Length];
        int count = 0;
        foreach (IdentifierPlan identifier in plan.Identifiers)
        {
            foreach (int slot in identifier.Slots)
            {
                if (
                    view.TextOf(slot) is not { Length: > 0 } text
                    || isolated?.Slots.Contains(slot) == true
                )
                {
                    continue;
                }

                if (text.Length > Limits.IdentifierMax)
                {
                    overlong = slot;
                    return [];
                }

                if (ValueOf(identifier, text) is { } value)
                {
                    bool verified = identifier.VerifiedWhen?.Holds(view) ?? identifier.Verified;
                    identifiers[count++] = new Identifier(identifier.Type, value, verified);
                    break;
                }
            }
        }

        Array.Resize(ref identifiers, count);
        return ImmutableCollectionsMarshal.AsImmutableArray(identifiers);
    }

    private string? ValueOf(IdentifierPlan identifier, string text)
    {
        string? value = Normalisation.Of(identifier.Type, text, identifier.Region);
        if (guards.Blocks(identifier.Type, value ?? text))
        {
            blocked++;
            return null;
        }

        invalid += value is null ? 1 : 0;
        return value;
    }
}
