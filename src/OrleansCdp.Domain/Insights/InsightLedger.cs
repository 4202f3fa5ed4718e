using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>
/// What counts in the insights of one individual or account, in memory: the items of its records, kept along with each change of
/// one. It is made from the state alone, so it is never stored. Not safe for several threads.
/// </summary>
/// <param name="insights">The insights.</param>
/// <param name="subject">Whose they are.</param>
public sealed class InsightLedger(InsightSet insights, SubjectKind subject)
{
    /// <summary>Changes up to which it is cheaper to look for each than to go through everything once.</summary>
    private const int FewMax = 16;

    /// <summary>Where items are read into. One is used again and again, so that it costs no memory.</summary>
    [ThreadStatic]
    private static List<Item>? spare;

    private readonly ImmutableArray<InsightItems> all =
    [
        .. insights
            .All.Where(insight => insight.Definition.Of == subject)
            .Select(insight => new InsightItems(insight)),
    ];

    /// <summary>Records that some item is of.</summary>
    private readonly Dictionary<RecordKey, ItemOrigin> origins = [];
    private readonly HashSet<RecordKey> renewed = [];
    private LinkSet links = LinkSet.Empty;

    /// <summary>The insights it is about.</summary>
    public InsightSet Insights => insights;

    /// <summary>What an account's people add to its insights; of an individual always empty.</summary>
    public PeopleSums People { get; set; } = PeopleSums.None;

    /// <summary>A ledger that has followed a state: the one there was, unless it is of other insights.</summary>
    /// <param name="known">The one there was; null for none.</param>
    /// <param name="insights">The insights.</param>
    /// <param name="subject">Whose they are.</param>
    /// <param name="links">All links.</param>
    public static InsightLedger Of(
        InsightLedger? known,
        InsightSet insights,
        SubjectKind subject,
        LinkSet links
    )
    {
        InsightLedger ledger = known?.Insights == insights ? known : new(insights, subject);
        ledger.Become(links);
        return ledger;
    }

    /// <summary>Follows the state to its next one.</summary>
    /// <param name="next">All links.</param>
    /// <returns>Whether any item of a record is another.</returns>
    public bool Become(LinkSet next)
    {
        LinkSet before = links;
        links = next;
        if (all.IsEmpty || ReferenceEquals(before, next))
        {
            return false;
        }

        SortedArrays.Compare(
            before.Links,
            next.Links,
            this,
            static link => link.Key,
            LinkSet.Order,
            static (ledger, known, link) =>
                ledger.Compare(link.Key, known?.Records ?? [], link.Records),
            static (ledger, gone) => ledger.Compare(gone.Key, gone.Records, [])
        );
        return renewed.Count > 0 && Renew();
    }

    /// <summary>The value of an insight.</summary>
    /// <param name="insight">One of <see cref="Insights"/>.</param>
    /// <param name="now">The moment it is asked for.</param>
    /// <returns>Null when it is no insight of such a subject.</returns>
    public InsightValue? ValueOf(ActiveInsight insight, DateTimeOffset now)
    {
        foreach (InsightItems one in all)
        {
            if (one.Insight == insight)
            {
                return Evaluate(one, now).ToValue();
            }
        }

        return null;
    }

    /// <summary>When time alone changes the value of an insight.</summary>
    /// <param name="insight">One of <see cref="Insights"/>.</param>
    /// <param name="now">The moment after which it changes.</param>
    /// <returns>Never, when it is no insight of such a subject.</returns>
    public NextChange NextChangeOf(ActiveInsight insight, DateTimeOffset now)
    {
        ChangeSearch search = new(insight, now.UtcTicks);
        foreach (InsightItems one in all)
        {
            if (one.Insight == insight)
            {
                search.Add(CollectionsMarshal.AsSpan(one.Items));
                foreach (Link link in links.Links)
                {
                    search.Add(link);
                }

                foreach (PeopleSum sum in People.Sums)
                {
                    search.Add(sum);
                }
            }
        }

        return search.ToChange();
    }

    /// <summary>The values of all insights that are shown, sorted by name.</summary>
    /// <param name="at">The moment they are asked for.</param>
    /// <param name="isPast">Whether that moment is over.</param>
    /// <param name="name">Only this insight; null for all.</param>
    public IEnumerable<InsightValue> Values(
        DateTimeOffset at,
        bool isPast = false,
        string? name = null
    ) =>
        all.Where(one => one.Insight.IsServing)
            .Where(one => name is null || one.Insight.Definition.Name == name)
            .Select(one =>
            {
                Evaluation evaluation = Evaluate(one, at);
                return isPast && evaluation.HasTallies
                    ? evaluation.Forgotten()
                    : evaluation.ToValue();
            });

    /// <summary>What counts in an insight at a moment, the latest first, as far as it is kept.</summary>
    /// <param name="insight">One of <see cref="Insights"/>.</param>
    /// <param name="now">The moment.</param>
    public IEnumerable<Contribution> Contributions(ActiveInsight insight, DateTimeOffset now)
    {
        foreach (InsightItems one in all.Where(one => one.Insight == insight))
        {
            for (int i = one.Items.Count - 1; i >= 0; i--)
            {
                if (Evaluation.Counts(insight.Definition, one.Items[i].At, now.UtcTicks))
                {
                    yield return Contribution.Of(insight.Definition, one.Items[i]);
                }
            }
        }
    }

    /// <summary>What an insight that predicts knows of a customer, counted as somebody wants it.</summary>
    /// <param name="insight">One of <see cref="Insights"/>.</param>
    /// <param name="question">Until when, and how purchases are counted.</param>
    /// <returns>Null before the first purchase, and where nothing is predicted.</returns>
    public CustomerSummary? CustomerOf(ActiveInsight insight, CustomerQuestion question)
    {
        foreach (InsightItems one in all)
        {
            if (one.Insight == insight)
            {
                return Evaluate(one, question.Until).ToCustomer(question.Counting);
            }
        }

        return null;
    }

    /// <summary>What an individual adds to the insights of its account; empty where that is nothing.</summary>
    /// <param name="insights">The insights.</param>
    /// <param name="links">All links of the individual.</param>
    /// <param name="now">The moment: what is dated later is kept apart until then.</param>
    public static ImmutableArray<PeopleSum> SharesOf(
        InsightSet insights,
        LinkSet links,
        DateTimeOffset now
    )
    {
        if (insights.OverPeople.IsEmpty)
        {
            return [];
        }

        // It is not kept: what is handed over now and then is read out of the records anew, and no event pays for it.
        InsightLedger ledger = new(
            new InsightSet(insights.OverPeople, insights.Newest),
            SubjectKind.Account
        );
        ledger.Become(links);
        return
        [
            .. ledger
                .all.Select(one =>
                    PeopleSummation.Of(
                        one.Insight,
                        CollectionsMarshal.AsSpan(one.Items),
                        links,
                        now.UtcTicks
                    )
                )
                .OfType<PeopleSum>(),
        ];
    }

    private Evaluation Evaluate(InsightItems one, DateTimeOffset now)
    {
        Evaluation evaluation = new(one.Insight, now);
        foreach (ref readonly Item item in CollectionsMarshal.AsSpan(one.Items))
        {
            evaluation.Add(item);
        }

        foreach (Link link in links.Links)
        {
            evaluation.Add(link);
        }

        foreach (PeopleSum sum in People.Sums)
        {
            evaluation.Add(sum);
        }

        return evaluation;
    }

    private void Compare(
        LinkKey link,
        ImmutableArray<RecordSet> before,
        ImmutableArray<RecordSet> after
    ) =>
        SortedArrays.Compare(
            before,
            after,
            (Ledger: this, Link: link),
            static set => set.Object,
            string.CompareOrdinal,
            static (of, known, set) =>
                of.Ledger.Compare(of.Link, known ?? new RecordSet { Object = set.Object }, set),
            static (of, gone) =>
                of.Ledger.Compare(of.Link, gone, new RecordSet { Object = gone.Object })
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
            if (one.Insight.Definition.IsOver(key.Object))
            {
                read.Clear();
                if (origin is not null)
                {
                    ItemReader.Read(one.Insight.Definition, record, origin, read);
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
