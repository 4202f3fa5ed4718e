using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>
/// Records that may be an individual's, as one ruleset finds. They are shown to people and count in nothing.
/// </summary>
[GenerateSerializer, Immutable, Alias("cdp.possible-matches")]
public sealed record PossibleMatches
{
    /// <summary>Links listed, the best.</summary>
    public const int LinksMax = 20;

    /// <summary>By which ruleset.</summary>
    [Id(0)]
    public required string Ruleset { get; init; }

    /// <summary>Number of the decision that this follows from: what follows from an earlier one is older.</summary>
    [Id(1)]
    public required long Decision { get; init; }

    /// <summary>The records, the best first; at most <see cref="LinksMax"/>.</summary>
    [Id(2)]
    public required ImmutableArray<PossibleMatch> Links { get; init; }

    /// <summary>The best of several lists, at most <see cref="LinksMax"/>.</summary>
    public static IEnumerable<PossibleMatch> BestOf(ImmutableArray<PossibleMatches> lists) =>
        (lists.IsDefault ? [] : lists)
            .SelectMany(list => list.Links)
            .OrderByDescending(match => match.Score)
            .ThenBy(match => match.Link, StringComparer.Ordinal)
            .Take(LinksMax);

    /// <summary>Takes the place of an older list of the same ruleset.</summary>
    /// <returns>The lists; the same array when it has a newer one, or nothing was known and nothing is.</returns>
    public ImmutableArray<PossibleMatches> AddTo(ImmutableArray<PossibleMatches> known)
    {
        ImmutableArray<PossibleMatches> lists = known.IsDefault ? [] : known;
        PossibleMatches? before = lists.FirstOrDefault(list => list.Ruleset == Ruleset);
        bool isNewer = before is null ? !Links.IsEmpty : before.Decision < Decision;
        return isNewer
            ?
            [
                .. lists
                    .Where(list => list != before)
                    .Append(this)
                    .OrderBy(list => list.Ruleset, StringComparer.Ordinal),
            ]
            : known;
    }
}

/// <summary>A record that may be an individual's.</summary>
/// <param name="Link">The record's link.</param>
/// <param name="Score">Bits: the binary logarithm of the odds that it is.</param>
/// <param name="Reasons">What speaks for it and against it.</param>
[GenerateSerializer, Immutable, Alias("cdp.possible-match")]
public sealed record PossibleMatch(
    [property: Id(0)] string Link,
    [property: Id(1)] double Score,
    [property: Id(2)] ImmutableArray<MatchReason> Reasons
);

/// <summary>What one field says.</summary>
/// <param name="Field">The field's name in the ruleset.</param>
/// <param name="Agreement">How well it agrees, in words.</param>
/// <param name="Weight">Bits for it, or against it where below 0.</param>
[GenerateSerializer, Immutable, Alias("cdp.match-reason")]
public sealed record MatchReason(
    [property: Id(0)] string Field,
    [property: Id(1)] string Agreement,
    [property: Id(2)] double Weight
);
