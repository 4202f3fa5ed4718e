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

    [ThreadStatic]
    private static Renewal? spare;

    private readonly ImmutableArray<Account> accounts =
    [
        .. insights
            .All.Where(insight => insight.Definition.Of == subject)
            .Select(insight => new Account(insight)),
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
        if (accounts.IsEmpty || ReferenceEquals(before, next))
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
        foreach (Account account in accounts)
        {
            if (account.Insight == insight)
            {
                return Evaluate(account, now).ToValue();
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
        foreach (Account account in accounts)
        {
            if (account.Insight == insight)
            {
                search.Add(CollectionsMarshal.AsSpan(account.Items));
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
        accounts
            .Where(account => account.Insight.IsServing)
            .Where(account => name is null || account.Insight.Definition.Name == name)
            .Select(account =>
            {
                Evaluation evaluation = Evaluate(account, at);
                return isPast && evaluation.HasTallies
                    ? evaluation.Forgotten()
                    : evaluation.ToValue();
            });

    /// <summary>What counts in an insight at a moment, the latest first, as far as it is kept.</summary>
    /// <param name="insight">One of <see cref="Insights"/>.</param>
    /// <param name="now">The moment.</param>
    public IEnumerable<Contribution> Contributions(ActiveInsight insight, DateTimeOffset now)
    {
        foreach (Account account in accounts.Where(account => account.Insight == insight))
        {
            for (int i = account.Items.Count - 1; i >= 0; i--)
            {
                if (Evaluation.Counts(insight.Definition, account.Items[i].At, now.UtcTicks))
                {
                    yield return Contribution.Of(insight.Definition, account.Items[i]);
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
        foreach (Account account in accounts)
        {
            if (account.Insight == insight)
            {
                return Evaluate(account, question.Until).ToCustomer(question.Counting);
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
                .accounts.Select(account =>
                    PeopleSummation.Of(
                        account.Insight,
                        CollectionsMarshal.AsSpan(account.Items),
                        links,
                        now.UtcTicks
                    )
                )
                .OfType<PeopleSum>(),
        ];
    }

    private Evaluation Evaluate(Account account, DateTimeOffset now)
    {
        Evaluation evaluation = new(account.Insight, now);
        foreach (ref readonly Item item in CollectionsMarshal.AsSpan(account.Items))
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
        Renewal renewal = spare ?? new Renewal();
        spare = null;
        foreach (RecordKey key in renewed)
        {
            renewal.Note(key.Object);
            if (origins.Remove(key, out ItemOrigin? origin))
            {
                renewal.Stale.Add(origin);
            }
        }

        bool isMuch = renewed.Count > FewMax;
        Find(renewal);
        renewed.Clear();
        bool changed = false;
        foreach (Account account in accounts)
        {
            changed |= renewal.Concerns(account.Insight) && account.Renew(renewal);
        }

        foreach (ref readonly Present one in CollectionsMarshal.AsSpan(renewal.Present))
        {
            if (one.Counts)
            {
                ItemOrigin origin = one.Origin;
                origins[new RecordKey(origin.Link.Source, origin.Object, origin.Id)] = origin;
            }
        }

        if (!isMuch)
        {
            renewal.Clear();
            spare = renewal;
        }

        return changed;
    }

    /// <summary>Finds records as they are. Of many it looks through all links once.</summary>
    private void Find(Renewal renewal)
    {
        if (renewed.Count <= FewMax)
        {
            foreach (RecordKey key in renewed)
            {
                if (LinkRecords.Find(links, key.Source, key.Object, key.Id) is { } record)
                {
                    renewal.Present.Add(new Present(record));
                }
            }

            return;
        }

        foreach (string recordObject in renewal.Objects)
        {
            foreach (LinkRecord record in LinkRecords.Joined(links, recordObject))
            {
                if (renewed.Contains(new(record.Link.Source, recordObject, record.State.Id)))
                {
                    renewal.Present.Add(new Present(record));
                }
            }
        }
    }

    private readonly record struct RecordKey(string Source, string Object, string Id);

    /// <summary>One insight with the items that count in it.</summary>
    private sealed class Account(ActiveInsight insight)
    {
        public ActiveInsight Insight => insight;

        /// <summary>Sorted by time, then by record and place.</summary>
        public List<Item> Items { get; } = [];

        /// <summary>Lets go of items of stale records and takes in those of the present ones.</summary>
        public bool Renew(Renewal renewal)
        {
            List<Item> next = renewal.Read;
            next.Clear();
            foreach (ref Present one in CollectionsMarshal.AsSpan(renewal.Present))
            {
                int before = next.Count;
                ItemReader.Read(insight.Definition, one.Record, one.Origin, next);
                one.Counts |= next.Count > before;
            }

            int removed = renewal.Stale.Count == 0 ? 0 : Items.RemoveAll(renewal.IsStale);
            if (next.Count > FewMax)
            {
                Items.AddRange(next);
                Items.Sort(Order);
                return true;
            }

            foreach (Item item in next)
            {
                Items.Insert(~Items.BinarySearch(item, Order), item);
            }

            return removed > 0 || next.Count > 0;
        }

        private static readonly Comparer<Item> Order = Comparer<Item>.Create(
            static (left, right) =>
            {
                int order = left.At.CompareTo(right.At);
                order = order == 0 ? left.Origin!.Order(right.Origin!) : order;
                return order == 0 ? left.Place.CompareTo(right.Place) : order;
            }
        );
    }
}
