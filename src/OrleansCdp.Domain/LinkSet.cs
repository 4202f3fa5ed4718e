using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>The links of one individual or account, sorted by key.</summary>
[GenerateSerializer, Immutable, Alias("cdp.link-set")]
public sealed record LinkSet
{
    /// <summary>No links.</summary>
    public static LinkSet Empty { get; } = new();

    /// <summary>The links; at most <see cref="Limits.LinksMax"/>.</summary>
    [Id(0)]
    public ImmutableArray<Link> Links { get; init; } = [];

    /// <summary>The link with this key; null when it is not here.</summary>
    public Link? Find(LinkKey key)
    {
        int at = IndexOf(key);
        return at < 0 ? null : Links[at];
    }

    /// <summary>Folds one event into its link, which begins with it if it is new.</summary>
    public LinkSet Fold(SequencedEvent e, out EventOutcome outcome)
    {
        LinkFold fold = new(this);
        fold.Fold(e, out outcome);
        return fold.ToSet();
    }

    /// <summary>Adds a link as it is, or replaces it.</summary>
    public LinkSet With(Link link)
    {
        int at = IndexOf(link.Key);
        return new LinkSet { Links = at < 0 ? Links.Insert(~at, link) : Links.SetItem(at, link) };
    }

    /// <summary>Without a link.</summary>
    public LinkSet Without(LinkKey key)
    {
        int at = IndexOf(key);
        return at < 0 ? this : new LinkSet { Links = Links.RemoveAt(at) };
    }

    /// <summary>Every identifier of every link, once, verified if any link's is.</summary>
    public IReadOnlySet<Identifier> Identifiers()
    {
        HashSet<Identifier> all = [];
        foreach (Link link in Links)
        {
            foreach (LinkIdentifier known in link.Identifiers)
            {
                Identifier identifier = known.Identifier;
                if (identifier.Verified)
                {
                    all.Remove(identifier with { Verified = false });
                    all.Add(identifier);
                }
                else if (!all.Contains(identifier with { Verified = true }))
                {
                    all.Add(identifier);
                }
            }
        }

        return all;
    }

    private int IndexOf(LinkKey key) => Links.IndexOf(key, static (link, k) => Order(link.Key, k));

    /// <summary>The order of links in a set: by source, object and id, ordinal.</summary>
    public static int Order(LinkKey left, LinkKey right)
    {
        int order = string.CompareOrdinal(left.Source, right.Source);
        order = order == 0 ? string.CompareOrdinal(left.Object, right.Object) : order;
        return order == 0 ? string.CompareOrdinal(left.Id, right.Id) : order;
    }
}
