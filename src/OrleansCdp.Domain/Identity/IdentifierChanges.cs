using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>Which identifiers a subject bears now and did not before, and the other way round.</summary>
/// <param name="Added">Those that are new, or verified now.</param>
/// <param name="Removed">Those that are gone, or were verified and are not.</param>
public readonly record struct IdentifierChanges(
    ImmutableArray<Identifier> Added,
    ImmutableArray<Identifier> Removed
)
{
    // A few are looked for among all links; of many a set is made.
    private const int FewMax = 8;

    /// <summary>Compares two states. Links that are the same object in both are not asked what they have.</summary>
    public static IdentifierChanges Between(LinkSet before, LinkSet after)
    {
        HashSet<(string Type, string Value)> touched = [];
        SortedArrays.Compare(
            before.Links,
            after.Links,
            static link => link.Key,
            LinkSet.Order,
            (then, now) =>
            {
                if (!now.BearsTheSameAs(then))
                {
                    AddAll(touched, then);
                    AddAll(touched, now);
                }
            },
            gone => AddAll(touched, gone)
        );
        if (touched.Count > FewMax)
        {
            IReadOnlySet<Identifier> then = before.Identifiers();
            IReadOnlySet<Identifier> now = after.Identifiers();
            return new([.. now.Except(then)], [.. then.Except(now)]);
        }

        var added = ImmutableArray.CreateBuilder<Identifier>();
        var removed = ImmutableArray.CreateBuilder<Identifier>();
        foreach ((string type, string value) in touched)
        {
            Identifier? then = Find(before, type, value);
            Identifier? now = Find(after, type, value);
            if (then == now)
            {
                continue;
            }

            if (now is { } gained)
            {
                added.Add(gained);
            }

            if (then is { } lost)
            {
                removed.Add(lost);
            }
        }

        return new(added.ToImmutable(), removed.ToImmutable());
    }

    private static void AddAll(HashSet<(string Type, string Value)> touched, Link? link)
    {
        foreach (LinkIdentifier known in link?.Identifiers ?? [])
        {
            touched.Add((known.Identifier.Type, known.Identifier.Value));
        }
    }

    /// <summary>An identifier as all links together bear it: verified if any of them says so.</summary>
    private static Identifier? Find(LinkSet links, string type, string value)
    {
        Identifier? found = null;
        foreach (Link link in links.Links)
        {
            foreach (LinkIdentifier known in link.Identifiers)
            {
                Identifier identifier = known.Identifier;
                if (identifier.Value != value || identifier.Type != type)
                {
                    continue;
                }

                if (identifier.Verified)
                {
                    return identifier;
                }

                found = identifier;
            }
        }

        return found;
    }
}
