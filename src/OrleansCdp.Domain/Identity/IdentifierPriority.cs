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
    public int SurplusOf(LinkSet links) => IsFew(links) ? 0 : Known(links).Count - Of(links).Length;

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
                        .Take(type.Place < limits.Length ? limits[type.Place].Max : int.MaxValue)
                )
                .Take(OrleansCdp.Limits.IdentifiersMax)
                .Select(known => known.Identifier),
        ];

    /// <summary>Most individuals have few, and then there is nothing to sort.</summary>
    private bool IsFew(LinkSet links)
    {
        int least = OrleansCdp.Limits.IdentifiersMax;
        foreach (IdentifierLimit limit in limits)
        {
            least = Math.Min(least, limit.Max);
        }

        int count = 0;
        foreach (Link link in links.Links)
        {
            count += link.Identifiers.Length;
            if (count > least)
            {
                return false;
            }
        }

        return true;
    }

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
