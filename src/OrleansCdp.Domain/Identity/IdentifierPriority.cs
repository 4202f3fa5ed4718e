using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Which identifiers of an individual identify it: of each type so many, the verified and then the lately stated ones first,
/// and over all types at most <see cref="Limits.IdentifiersMax"/>, the types that matter most first. A function of its
/// links: whatever the order of arrival, and after a merge is taken back, it is the same. What is surplus is kept in the
/// links that stated it, and names nobody.
/// </summary>
/// <param name="limits">So many of a type, the type that matters most first. Types that are missing come last, unlimited.</param>
public sealed class IdentifierPriority(ImmutableArray<IdentifierLimit> limits)
{
    /// <summary>So many of a type, the type that matters most first.</summary>
    public ImmutableArray<IdentifierLimit> Limits => limits;

    /// <summary>Whether an identifier is one of those that identify.</summary>
    /// <param name="links">All links of the individual.</param>
    /// <param name="type">The identifier's type.</param>
    /// <param name="value">Its value, normalised.</param>
    public bool Identifies(LinkSet links, string type, string value) =>
        IsFew(links)
        || Of(links).Any(identifier => identifier.Value == value && identifier.Type == type);

    /// <summary>How many identifiers are surplus.</summary>
    /// <param name="links">All links of the individual.</param>
    /// <param name="counts">Its counts, if they are known; made, and to be kept along, where they are needed.</param>
    public int SurplusOf(LinkSet links, ref IdentifierCounts? counts)
    {
        if (IsFew(links))
        {
            return 0;
        }

        counts ??= new IdentifierCounts(links);
        int identifying = counts.ByType.Sum(type => Math.Min(type.Value, MaxAt(PlaceOf(type.Key))));
        return counts.ByType.Values.Sum() - Math.Min(identifying, OrleansCdp.Limits.IdentifiersMax);
    }

    /// <summary>Of which types identifiers are surplus, the type that matters most first.</summary>
    public ImmutableArray<string> SurplusTypesOf(IdentifierCounts counts)
    {
        int left = OrleansCdp.Limits.IdentifiersMax;
        var types = ImmutableArray.CreateBuilder<string>();
        foreach (
            (string type, int count) in counts
                .ByType.OrderBy(type => PlaceOf(type.Key))
                .ThenBy(type => type.Key, StringComparer.Ordinal)
        )
        {
            int identifying = Math.Min(left, Math.Min(count, MaxAt(PlaceOf(type))));
            left -= identifying;
            if (count > identifying)
            {
                types.Add(type);
            }
        }

        return types.ToImmutable();
    }

    /// <summary>The identifiers that identify, the most important first.</summary>
    public ImmutableArray<Identifier> Of(LinkSet links) =>
        [
            .. Known(links)
                .Values.GroupBy(known => known.Identifier.Type, StringComparer.Ordinal)
                .Select(type => (Type: type.Key, Place: PlaceOf(type.Key), Known: type))
                .OrderBy(type => type.Place)
                .ThenBy(type => type.Type, StringComparer.Ordinal)
                .SelectMany(type =>
                    type.Known.OrderByDescending(known => known.Identifier.Verified)
                        .ThenByDescending(known => known.Stamp)
                        .ThenBy(known => known.Identifier.Value, StringComparer.Ordinal)
                        .Take(MaxAt(type.Place))
                )
                .Take(OrleansCdp.Limits.IdentifiersMax)
                .Select(known => known.Identifier),
        ];

    /// <summary>
    /// Most individuals have few of each type, also if each link's count, and then there is nothing to sort: this is asked
    /// with every event that states another one.
    /// </summary>
    private bool IsFew(LinkSet links)
    {
        int[] counts = new int[limits.Length + 1];
        int all = 0;
        foreach (Link link in links.Links)
        {
            all += link.Identifiers.Length;
            if (all > OrleansCdp.Limits.IdentifiersMax)
            {
                return false;
            }

            foreach (LinkIdentifier one in link.Identifiers)
            {
                int place = PlaceOf(one.Identifier.Type);
                if (++counts[place] > MaxAt(place))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private int MaxAt(int place) => place < limits.Length ? limits[place].Max : int.MaxValue;

    private int PlaceOf(string type)
    {
        for (int i = 0; i < limits.Length; i++)
        {
            if (limits[i].Type == type)
            {
                return i;
            }
        }

        return limits.Length;
    }

    /// <summary>Each identifier once, as the link says it that says most of it.</summary>
    private static Dictionary<(string Type, string Value), LinkIdentifier> Known(LinkSet links)
    {
        Dictionary<(string Type, string Value), LinkIdentifier> known = [];
        foreach (Link link in links.Links)
        {
            foreach (LinkIdentifier one in link.Identifiers)
            {
                (string, string) key = (one.Identifier.Type, one.Identifier.Value);
                if (!known.TryGetValue(key, out LinkIdentifier? best) || one.Outranks(best))
                {
                    known[key] = one;
                }
            }
        }

        return known;
    }
}
