using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>
/// Who has which identifying value, in memory: a value that more individuals have than the rules allow identifies nobody.
/// Not safe for several threads at once.
/// </summary>
internal sealed class IdentifierHolders(FuzzyRules rules)
{
    private readonly Dictionary<long, Held> held = [];
    private readonly Dictionary<string, Stated> stated = new(StringComparer.Ordinal);
    private readonly HashSet<long> guarded = [];

    /// <summary>Values that identify nobody.</summary>
    public int Guarded => guarded.Count;

    /// <summary>Whether a value identifies nobody.</summary>
    public bool IsGuarded(long key) => guarded.Contains(key);

    /// <summary>Takes note of all that a link says, and of whom an anchor says it is; null for nobody.</summary>
    /// <returns>The links of which something identifies nobody from now on, or does again.</returns>
    public IReadOnlyCollection<string> Note(string link, string? individual, MatchValues values)
    {
        Stated before = stated.GetValueOrDefault(link, new Stated([], null));
        Stated now = new(rules.IdentifiersOf(values), individual);
        stated[link] = now;
        foreach (IdentifierValue value in before.Values)
        {
            HeldOf(value.Key).Remove(link, before.Individual);
        }

        foreach (IdentifierValue value in now.Values)
        {
            HeldOf(value.Key).Add(link, individual);
        }

        HashSet<string> changed = new(StringComparer.Ordinal);
        foreach (long key in before.Values.Concat(now.Values).Select(value => value.Key))
        {
            bool isShared = held[key].Individuals > rules.Guards.IndividualsPerIdentifierMax;
            if (isShared ? guarded.Add(key) : guarded.Remove(key))
            {
                changed.UnionWith(held[key].Links);
            }
        }

        return changed;
    }

    private Held HeldOf(long key)
    {
        if (!held.TryGetValue(key, out Held? found))
        {
            held.Add(key, found = new Held());
        }

        return found;
    }

    private sealed record Stated(ImmutableArray<IdentifierValue> Values, string? Individual);

    private sealed class Held
    {
        private readonly Dictionary<string, int> individuals = new(StringComparer.Ordinal);

        public HashSet<string> Links { get; } = new(StringComparer.Ordinal);

        public int Individuals => individuals.Count;

        public void Add(string link, string? individual)
        {
            Links.Add(link);
            if (individual is not null)
            {
                individuals[individual] = individuals.GetValueOrDefault(individual) + 1;
            }
        }

        public void Remove(string link, string? individual)
        {
            Links.Remove(link);
            if (individual is not null && --individuals[individual] == 0)
            {
                individuals.Remove(individual);
            }
        }
    }
}
