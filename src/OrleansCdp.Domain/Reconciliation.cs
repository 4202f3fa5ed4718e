using System.Collections.Immutable;

namespace OrleansCdp;

/// <summary>How one value is chosen where links disagree.</summary>
public enum ReconciliationRule
{
    /// <summary>The value stated last, by the sources' clocks.</summary>
    LastUpdated = 0,

    /// <summary>The value of the source named first in <see cref="ReconciliationPolicy.SourcePriority"/>.</summary>
    SourcePriority = 1,

    /// <summary>The value most links state.</summary>
    MostFrequent = 2,

    /// <summary>A value that is also a verified identifier of its link, before any other.</summary>
    VerifiedFirst = 3,
}

/// <summary>Which rule holds for which field.</summary>
public sealed record ReconciliationPolicy
{
    /// <summary>Last updated everywhere, but a verified email before any other.</summary>
    public static ReconciliationPolicy Default { get; } =
        new()
        {
            Fields = ImmutableDictionary<string, ReconciliationRule>.Empty.Add(
                "email",
                ReconciliationRule.VerifiedFirst
            ),
        };

    /// <summary>The rule of fields not named in <see cref="Fields"/>.</summary>
    public ReconciliationRule Otherwise { get; init; } = ReconciliationRule.LastUpdated;

    /// <summary>Rules of single fields.</summary>
    public ImmutableDictionary<string, ReconciliationRule> Fields { get; init; } =
        ImmutableDictionary<string, ReconciliationRule>.Empty;

    /// <summary>Sources, most trusted first; the others follow in no order.</summary>
    public ImmutableArray<string> SourcePriority { get; init; } = [];
}

/// <summary>One link's candidate for a field.</summary>
/// <param name="Link">The link.</param>
/// <param name="Register">Its register.</param>
/// <param name="Verified">Whether the link bears the value as a verified identifier.</param>
public sealed record TraitCandidate(LinkKey Link, Register Register, bool Verified);

/// <summary>One field of the unified profile, with its provenance.</summary>
/// <param name="Name">The field.</param>
/// <param name="Won">The candidate that is shown.</param>
/// <param name="Lost">The others, best first.</param>
public sealed record UnifiedTrait(
    string Name,
    TraitCandidate Won,
    ImmutableArray<TraitCandidate> Lost
);

/// <summary>Merges the links' traits into one profile. Pure: the same links give the same profile.</summary>
public static class Reconciliation
{
    /// <summary>The unified profile, sorted by field name. A field every link removed is absent.</summary>
    public static ImmutableArray<UnifiedTrait> Traits(LinkSet links, ReconciliationPolicy policy) =>
        [
            .. links
                .Links.SelectMany(Candidates)
                .GroupBy(candidate => candidate.Register.Name)
                .OrderBy(field => field.Key, StringComparer.Ordinal)
                .Select(field => Choose(field.Key, [.. field], policy)),
        ];

    /// <summary>One field of the unified profile; null where nobody states it.</summary>
    public static UnifiedTrait? Trait(LinkSet links, string name, ReconciliationPolicy policy)
    {
        List<TraitCandidate>? candidates = null;
        foreach (Link link in links.Links)
        {
            if (Registers.Get(link.Traits, name) is { Value.IsNull: false } register)
            {
                (candidates ??= []).Add(
                    new TraitCandidate(link.Key, register, IsVerified(link, register))
                );
            }
        }

        return candidates is null ? null : Choose(name, [.. candidates], policy);
    }

    private static IEnumerable<TraitCandidate> Candidates(Link link) =>
        link
            .Traits.Where(register => !register.Value.IsNull)
            .Select(register => new TraitCandidate(link.Key, register, IsVerified(link, register)));

    private static bool IsVerified(Link link, Register register) =>
        link.Identifiers.Any(known =>
            known.Identifier.Verified
            && known.Identifier.Type == register.Name
            && string.Equals(
                known.Identifier.Value,
                register.Value.Text,
                StringComparison.OrdinalIgnoreCase
            )
        );

    private static UnifiedTrait Choose(
        string name,
        TraitCandidate[] candidates,
        ReconciliationPolicy policy
    )
    {
        if (candidates.Length > 1)
        {
            ReconciliationRule rule = policy.Fields.GetValueOrDefault(name, policy.Otherwise);
            candidates =
            [
                .. candidates
                    .OrderBy(candidate => Preference(rule, candidate, candidates, policy))
                    .ThenByDescending(candidate => candidate.Register.Stamp)
                    .ThenBy(candidate => candidate.Link.ToString(), StringComparer.Ordinal),
            ];
        }

        return new UnifiedTrait(name, candidates[0], [.. candidates.AsSpan(1)]);
    }

    private static int Preference(
        ReconciliationRule rule,
        TraitCandidate candidate,
        TraitCandidate[] all,
        ReconciliationPolicy policy
    ) =>
        rule switch
        {
            ReconciliationRule.SourcePriority => policy.SourcePriority.IndexOf(
                candidate.Link.Source
            )
                is >= 0
                    and int at
                ? at
                : int.MaxValue,
            ReconciliationRule.MostFrequent => -all.Count(other =>
                other.Register.Value == candidate.Register.Value
            ),
            ReconciliationRule.VerifiedFirst => candidate.Verified ? 0 : 1,
            _ => 0,
        };
}
