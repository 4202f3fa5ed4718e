using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace OrleansCdp.Identity;

/// <summary>A value that is meant to be one person's: an email, a phone number, the number of a document.</summary>
/// <param name="Field">The field of the match space.</param>
/// <param name="Text">The normalised value.</param>
/// <param name="Key">Names field and value in the index. Stored, never changed.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct IdentifierValue(string Field, string Text, long Key);

/// <summary>
/// The identifying values of records, and what is left of a record without those that too many individuals have.
/// </summary>
/// <remarks>
/// Which values those are is no part of a version of the rules, and no count either: it is a stored set, which follows from
/// the individuals that are stored. Such a value counts like one that the rules guard: it weighs nothing and finds nobody.
/// </remarks>
internal static class IdentifierValues
{
    // An odd number with many ones and noughts, so that fields differ in all bits.
    private const ulong FieldFactor = 0x9e3779b97f4a7c15;

    /// <summary>The identifying values, each once; none that the rules themselves guard.</summary>
    public static ImmutableArray<IdentifierValue> Of(FuzzyRules rules, MatchValues values)
    {
        var all = ImmutableArray.CreateBuilder<IdentifierValue>();
        foreach (MatchField field in rules.Fields)
        {
            if (!MatchDefaults.Identifies(field.Type))
            {
                continue;
            }

            foreach (MatchValue value in values.Of(field.Id))
            {
                ulong hash = value.FormOf(field.Type).Hash;
                if (!field.Guarded.Contains(hash))
                {
                    all.Add(new IdentifierValue(field.Name, value.Text, KeyOf(field.Id, hash)));
                }
            }
        }

        return all.ToImmutable();
    }

    /// <summary>What is said without the values that identify nobody.</summary>
    public static MatchValues Without(
        FuzzyRules rules,
        MatchValues values,
        Func<long, bool> isGuarded
    )
    {
        bool any = false;
        foreach (IdentifierValue value in Of(rules, values))
        {
            any |= isGuarded(value.Key);
        }

        if (!any)
        {
            return values;
        }

        Dictionary<ushort, MatchField> fields = rules
            .Fields.Where(field => MatchDefaults.Identifies(field.Type))
            .ToDictionary(field => field.Id);
        return values.Where(
            (id, value) =>
                !fields.TryGetValue(id, out MatchField? field)
                || !isGuarded(KeyOf(id, value.FormOf(field.Type).Hash))
        );
    }

    private static long KeyOf(ushort field, ulong hash) =>
        (long)(hash ^ (FieldFactor * (field + 1UL)));
}
