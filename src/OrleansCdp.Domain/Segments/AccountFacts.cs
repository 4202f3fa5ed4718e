using System.Collections.Immutable;

namespace OrleansCdp.Segments;

/// <summary>What segments ask of the account somebody belongs to, as it told its people last.</summary>
[GenerateSerializer, Immutable, Alias("cdp.account-facts")]
public sealed record AccountFacts
{
    /// <summary>Of nobody's account: everything is answered, and nothing has a value.</summary>
    public static AccountFacts None { get; } = new();

    /// <summary>The account; empty for none.</summary>
    [Id(0)]
    public string Account { get; init; } = "";

    /// <summary>Grows with each telling; an older one that comes later is not taken. 0 where nothing was told.</summary>
    [Id(1)]
    public long Version { get; init; }

    /// <summary>
    /// Everything that was told, by how criteria write it, sorted; <see cref="FieldValue.Null"/> is told of what has no value.
    /// What is not in it is not known yet.
    /// </summary>
    [Id(2)]
    public ImmutableArray<Field> Values { get; init; } = [];

    /// <summary>A value; null for none, and where it is not known.</summary>
    public FieldValue? Find(string key) =>
        IndexOf(key) is var at and >= 0 && Values[at].Value is { IsNull: false } value
            ? value
            : null;

    /// <summary>Whether it is known what the value is, or that there is none.</summary>
    public bool Answers(string key) => Account.Length == 0 || IndexOf(key) >= 0;

    private int IndexOf(string key) =>
        SortedArrays.IndexOf(
            Values,
            key,
            static (known, name) => string.CompareOrdinal(known.Name, name)
        );
}

/// <summary>What an account tells its people, or told them.</summary>
/// <param name="Facts">What it is.</param>
/// <param name="Catalogue">The highest number of an activation of any segment when it was looked up.</param>
[GenerateSerializer, Immutable, Alias("cdp.told-facts")]
public sealed record ToldFacts(
    [property: Id(0)] AccountFacts Facts,
    [property: Id(1)] long Catalogue
)
{
    /// <summary>Whether all its people know it. Until then they are told, after a crash everybody again.</summary>
    [Id(2)]
    public bool IsTold { get; init; }
}
