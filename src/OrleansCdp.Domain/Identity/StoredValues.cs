using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>What values that were read by one version of rules are worth to another one.</summary>
public static class StoredValues
{
    /// <summary>Fields of which the stored values are none: new ones, and those that are read from events otherwise.</summary>
    /// <param name="stored">The rules by which values were read.</param>
    /// <param name="wanted">The rules that are to compare them.</param>
    public static ImmutableArray<string> Missing(FuzzyRules stored, FuzzyRules wanted) =>
        [
            .. wanted
                .Fields.Where(field => !stored.Fields.Any(known => IsReadAlike(known, field)))
                .Select(field => field.Name),
        ];

    /// <summary>The values that rules compare: none of fields they do not have, and none that they block.</summary>
    /// <remarks>What the earlier version blocked was never stored, and comes back only once it is said again.</remarks>
    public static MatchValues Kept(FuzzyRules wanted, MatchValues values)
    {
        Dictionary<ushort, MatchField> fields = wanted.Fields.ToDictionary(field => field.Id);
        return values.Where(
            (id, value) =>
                fields.TryGetValue(id, out MatchField? field)
                && !wanted.Guards.Blocks(ValueExtraction.GuardedTypeOf(field.Type), value.Text)
        );
    }

    private static bool IsReadAlike(MatchField one, MatchField other) =>
        one.Name == other.Name
        && one.Type == other.Type
        && one.Region == other.Region
        && one.DayFirst == other.DayFirst
        && one.From.ToHashSet().SetEquals(other.From)
        && one.Parts.SequenceEqual(other.Parts)
        && one.FullName.ToHashSet().SetEquals(other.FullName)
        && one.Folding.SequenceEqual(other.Folding);
}
