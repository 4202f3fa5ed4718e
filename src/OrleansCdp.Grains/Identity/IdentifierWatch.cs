using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>
/// Watches for individuals with more identifiers than identify them: what is surplus is kept, names nobody, and is shown to
/// operators. The limits are those of the ruleset that a stream without one gets.
/// </summary>
internal sealed class IdentifierWatch(IRulesets rulesets, IdentityInstruments instruments)
{
    /// <summary>Individuals noted between two times that they are written down; further ones are noted when they change.</summary>
    public const int NotedMax = 1_000;

    private readonly ConcurrentDictionary<string, (int Surplus, string Types)> noted = new(
        StringComparer.Ordinal
    );
    private IdentifierPriority priority = new([]);

    /// <summary>The limits that are active.</summary>
    public async ValueTask<IdentifierPriority> RefreshAsync()
    {
        ImmutableArray<IdentifierLimit> limits =
            (await rulesets.FindAsync(Ruleset.Default))?.Guards.IdentifiersMax ?? [];
        IdentifierPriority known = priority;
        return known.Limits.SequenceEqual(limits) ? known : priority = new(limits);
    }

    /// <summary>Looks at an individual that has other identifiers than before.</summary>
    /// <param name="individual">The individual.</param>
    /// <param name="links">Its links.</param>
    /// <param name="counts">Its counts, for the caller to keep along; null while nobody needs them.</param>
    public void Look(string individual, LinkSet links, ref IdentifierCounts? counts)
    {
        int surplus = priority.SurplusOf(links, ref counts);
        if (surplus > 0 && noted.Count < NotedMax)
        {
            noted[individual] = (surplus, string.Join(", ", priority.SurplusTypesOf(counts!)));
        }
    }

    /// <summary>Whether an individual's identifier identifies it.</summary>
    public bool Identifies(LinkSet links, string type, string value)
    {
        bool identifies = priority.Identifies(links, type, value);
        if (!identifies)
        {
            instruments.NoteSurplus();
        }

        return identifies;
    }

    /// <summary>Those that were seen since the last time.</summary>
    public LimitAlarm[] Take()
    {
        List<LimitAlarm> taken = [];
        foreach (string individual in noted.Keys)
        {
            if (noted.TryRemove(individual, out var seen))
            {
                taken.Add(
                    new LimitAlarm(LimitKind.Identifiers, 0, individual, seen.Surplus)
                    {
                        Detail = seen.Types,
                    }
                );
            }
        }

        return [.. taken];
    }
}
