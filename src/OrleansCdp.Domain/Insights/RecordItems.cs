using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>The items that the records of one individual or account have in all insights, kept along with each change of one.</summary>
/// <param name="insights">The insights.</param>
/// <param name="subject">Whose they are.</param>
internal sealed class RecordItems(InsightSet insights, SubjectKind subject)
{
    /// <summary>Changes up to which it is cheaper to look for each than to go through everything once.</summary>
    private const int FewMax = 16;

    /// <summary>Where items are read into. One is used again and again, so that it costs no memory.</summary>
    [ThreadStatic]
    private static List<Item>? spare;

    /// <summary>Records that some item is of.</summary>
    private readonly Dictionary<RecordKey, ItemOrigin> origins = [];
    private readonly HashSet<RecordKey> renewed = [];
    private readonly ItemGroups groups = insights.GroupsOf(subject);
    private readonly ImmutableArray<InsightItems> all =
    [
        .. insights.GroupsOf(subject).Readers.Select(reads => new InsightItems(reads)),
    ];
    private LinkSet links = LinkSet.Empty;
    private bool hasMoved = true; // Before anybody asked it is not known.

    /// <summary>The items that count in an insight; null when it is no insight of such a subject.</summary>
    public List<Item>? Of(ActiveInsight insight) =>
        groups.PlaceOf(insight) is var place and >= 0 ? all[place].Items : null;

    /// <summary>Insights in which items came and went since somebody forgot them, and how far each went.</summary>
    public IEnumerable<(ActiveInsight Insight, Movement Movement)> Moves()
    {
        for (int i = 0; hasMoved && i < all.Length; i++)
        {
            if (all[i].Moved is { IsAny: true } moved)
            {
                foreach (ActiveInsight insight in groups.Members[i])
                {
                    yield return (insight, moved.Of(insight.Definition));
                }
            }
        }
    }

    /// <summary>Forgets what came and went.</summary>
    public void ForgetMoves()
    {
        if (hasMoved)
        {
            foreach (InsightItems one in all)
            {
                one.ForgetMoved();
            }
        }

        hasMoved = false;
    }

    /// <summary>Follows the state to its next one.</summary>
    /// <param name="before">All links as they were.</param>
    /// <param name="next">All links.</param>
    /// <returns>Whether any item is another.</returns>
    public bool Follow(LinkSet before, LinkSet next)
    {
        if (all.IsEmpty || ReferenceEquals(before, next))
        {
            return false;
        }

        links = next;
        SortedArrays.Compare(
            before.Links,
            next.Links,
            this,
            static link => link.Key,
            LinkSet.Order,
            static (items, known, link) =>
                items.Compare(link.Key, known?.Records ?? [], link.Records),
            static (items, gone) => items.Compare(gone.Key, gone.Records, [])
        );
        return renewed.Count > 0 && Renew();
    }

    private void Compare(
        LinkKey link,
        ImmutableArray<RecordSet> before,
        ImmutableArray<RecordSet> after
    ) =>
        SortedArrays.Compare(
            before,
            after,
            (Items: this, Link: link),
            static set => set.Object,
            string.CompareOrdinal,
            static (of, known, set) =>
                of.Items.Compare(of.Link, known ?? new RecordSet { Object = set.Object }, set),
            static (of, gone) =>
                of.Items.Compare(of.Link, gone, new RecordSet { Object = gone.Object })
        );

    private void Compare(LinkKey link, RecordSet before, RecordSet after)
    {
        if (insights.OverRecords(after.Object).IsEmpty)
        {
            return;
        }

        SortedArrays.Compare(
            before.Records,
            after.Records,
            (Renewed: renewed, link.Source, after.Object),
            static record => record.Id,
            string.CompareOrdinal,
            static (of, _, record) =>
                of.Renewed.Add(new RecordKey(of.Source, of.Object, record.Id)),
            static (of, gone) => of.Renewed.Add(new RecordKey(of.Source, of.Object, gone.Id))
        );
        if (before.Base.Ids != after.Base.Ids)
        {
            CompareFolded(link, before.Base, after);
        }
    }

    // What one link has folded away is no record under another either.
    private void CompareFolded(LinkKey link, RecordBase before, RecordSet after)
    {
        foreach (Link other in links.Links)
        {
            if (
                other.Key.Source != link.Source
                || other.Key == link
                || other.RecordsOf(after.Object) is not { } set
            )
            {
                continue;
            }

            foreach (RecordState record in set.Records)
            {
                if (before.Holds(record.Id) != after.Base.Holds(record.Id))
                {
                    renewed.Add(new RecordKey(link.Source, after.Object, record.Id));
                }
            }
        }
    }

    /// <summary>Reads records anew: what their source told of them under other links belongs to them.</summary>
    private bool Renew()
    {
        bool isMuch = renewed.Count > FewMax;
        bool changed = isMuch ? RenewMany() : RenewFew();
        hasMoved = true;
        renewed.Clear();
        if (isMuch)
        {
            renewed.TrimExcess();
        }

        return changed;
    }

    private bool RenewFew()
    {
        List<Item> read = spare ?? [];
        spare = null;
        bool changed = false;
        foreach (RecordKey key in renewed)
        {
            changed |= Renew(key, read);
        }

        read.Clear();
        spare = read;
        return changed;
    }

    private bool Renew(RecordKey key, List<Item> read)
    {
        LinkRecord? found = LinkRecords.Find(links, key.Source, key.Object, key.Id);
        LinkRecord record = found.GetValueOrDefault();
        ItemOrigin? known = origins.GetValueOrDefault(key);
        // Under the same link it is the same origin, so that its items may stay where they are.
        ItemOrigin? origin =
            found is null ? null
            : known?.Link == record.Link ? known
            : OriginOf(record);
        bool counts = false;
        bool changed = false;
        foreach (InsightItems one in all)
        {
            if (one.Reads.IsOver(key.Object))
            {
                read.Clear();
                if (origin is not null)
                {
                    ItemReader.Read(one.Reads, record, origin, read);
                }

                counts |= read.Count > 0;
                changed |= one.Replace(known, read);
            }
        }

        if (origin is null || !counts)
        {
            origins.Remove(key);
        }
        else if (!ReferenceEquals(origin, known))
        {
            origins[key] = origin;
        }

        return changed;
    }

    /// <summary>Of many records it looks through all links once, and sorts once.</summary>
    private bool RenewMany()
    {
        HashSet<ItemOrigin> stale = new(ReferenceEqualityComparer.Instance);
        foreach (RecordKey key in renewed)
        {
            if (origins.Remove(key, out ItemOrigin? origin))
            {
                stale.Add(origin);
            }
        }

        bool changed = false;
        foreach (InsightItems one in all)
        {
            changed |= one.Remove(stale);
        }

        foreach (string recordObject in renewed.Select(key => key.Object).Distinct())
        {
            foreach (LinkRecord record in LinkRecords.Joined(links, recordObject))
            {
                RecordKey key = new(record.Link.Source, recordObject, record.State.Id);
                changed |= renewed.Contains(key) && Append(key, record);
            }
        }

        foreach (InsightItems one in all)
        {
            one.Sort();
        }

        return changed;
    }

    private bool Append(RecordKey key, in LinkRecord record)
    {
        ItemOrigin origin = OriginOf(record);
        bool counts = false;
        foreach (InsightItems one in all)
        {
            counts |= one.Append(record, origin);
        }

        if (counts)
        {
            origins[key] = origin;
        }

        return counts;
    }

    private static ItemOrigin OriginOf(in LinkRecord record) =>
        new(record.Link, record.Object, record.State.Id);

    private readonly record struct RecordKey(string Source, string Object, string Id);
}
