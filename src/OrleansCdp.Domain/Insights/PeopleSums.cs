using System.Collections.Immutable;

namespace OrleansCdp.Insights;

/// <summary>What all people of an account add.</summary>
/// <param name="Sums">One for each version of an insight that anybody adds to.</param>
/// <param name="NotTaken">People who found no room; counted up to <see cref="Account.LeftOutMax"/>.</param>
/// <param name="IsPartial">Whether people are being asked anew: not all of them have answered.</param>
[GenerateSerializer, Immutable, Alias("cdp.people-sums")]
public sealed record PeopleSums(
    [property: Id(0)] ImmutableArray<PeopleSum> Sums,
    [property: Id(1)] long NotTaken,
    [property: Id(2)] bool IsPartial = false
)
{
    /// <summary>Nobody adds anything.</summary>
    public static PeopleSums None { get; } = new([], 0);

    /// <summary>Nobody knows what they add.</summary>
    public static PeopleSums Unknown { get; } = new([], 0, IsPartial: true);
}

/// <summary>What one person adds to one insight.</summary>
/// <param name="Individual">The individual.</param>
/// <param name="Value">Its value for this person alone; of a divided one the total; null for none.</param>
/// <param name="Items">How many items count.</param>
[GenerateSerializer, Immutable, Alias("cdp.person-value")]
public sealed record PersonValue(
    [property: Id(0)] string Individual,
    [property: Id(1)] FieldValue? Value,
    [property: Id(2)] long Items
);
