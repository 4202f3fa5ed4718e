using System.Collections.Immutable;

namespace OrleansCdp.Segments;

/// <summary>What segments ask of the account somebody belongs to, as it told its people last.</summary>
[GenerateSerializer, Immutable, Alias("cdp.account-facts")]
public sealed record AccountFacts
{
    /// <summary>Of nobody's account.</summary>
    public static AccountFacts None { get; } = new();

    /// <summary>The account; empty for none.</summary>
    [Id(0)]
    public string Account { get; init; } = "";

    /// <summary>Grows with each telling; an older one that comes later is not taken.</summary>
    [Id(1)]
    public long Version { get; init; }

    /// <summary>What was told, by how criteria write it, sorted; what has no value is not in it.</summary>
    [Id(2)]
    public ImmutableArray<Field> Values { get; init; } = [];

    /// <summary>A value; null for none.</summary>
    public FieldValue? Find(string key)
    {
        int at = SortedArrays.IndexOf(
            Values,
            key,
            static (known, name) => string.CompareOrdinal(known.Name, name)
        );
        return at < 0 ? null : Values[at].Value;
    }
}
