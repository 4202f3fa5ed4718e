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
    private readonly ImmutableArray<Account> accounts =
    [
        .. insights
            .All.Where(insight => insight.Definition.Of == subject)
            .Select(insight => new Account(insight)),
    ];

    private readonly List<Item> read = [];
    private LinkSet links = LinkSet.Empty;

    /// <summary>The insights it is about.</summary>
    public InsightSet Insights => insights;

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

        bool changed = false;
        SortedArrays.Compare(
            before.Links,
            next.Links,
            link => link.Key,
            LinkSet.Order,
            (known, link) => changed |= Compare(link.Key, known?.Records ?? [], link.Records),
            gone => changed |= Compare(gone.Key, gone.Records, [])
        );
        return changed;
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

    /// <summary>The values of all insights that are shown, sorted by name.</summary>
    /// <param name="at">The moment they are asked for.</param>
    /// <param name="isPast">Whether that moment is over.</param>
    public IEnumerable<InsightValue> Values(DateTimeOffset at, bool isPast = false) =>
        accounts
            .Where(account => account.Insight.IsServing)
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

        return evaluation;
    }

    private bool Compare(
        LinkKey link,
        ImmutableArray<RecordSet> before,
        ImmutableArray<RecordSet> after
    )
    {
        bool changed = false;
        SortedArrays.Compare(
            before,
            after,
            set => set.Object,
            string.CompareOrdinal,
            (known, set) => changed |= Compare(link, set.Object, known?.Records ?? [], set.Records),
            gone => changed |= Compare(link, gone.Object, gone.Records, [])
        );
        return changed;
    }

    private bool Compare(
        LinkKey link,
        string recordObject,
        ImmutableArray<RecordState> before,
        ImmutableArray<RecordState> after
    )
    {
        if (insights.OverRecords(recordObject).IsEmpty)
        {
            return false;
        }

        bool changed = false;
        SortedArrays.Compare(
            before,
            after,
            record => record.Id,
            string.CompareOrdinal,
            (_, record) => changed |= Renew(link.Source, recordObject, record.Id),
            gone => changed |= Renew(link.Source, recordObject, gone.Id)
        );
        return changed;
    }

    /// <summary>Reads a record anew: what its source told of it under other links belongs to it.</summary>
    private bool Renew(string source, string recordObject, string id)
    {
        LinkRecord? record = LinkRecords.Find(links, source, recordObject, id);
        ItemOrigin? origin = record is { } found
            ? new ItemOrigin(found.Link, recordObject, id)
            : null;
        bool changed = false;
        foreach (Account account in accounts)
        {
            read.Clear();
            foreach (InsightInput input in account.Insight.Definition.InputsOver(recordObject))
            {
                if (record is { } present)
                {
                    ItemReader.Read(input, present, origin!, read);
                }
            }

            changed |= account.Replace(source, recordObject, id, read);
        }

        return changed;
    }

    /// <summary>One insight with the items that count in it.</summary>
    private sealed class Account(ActiveInsight insight)
    {
        public ActiveInsight Insight => insight;

        /// <summary>Sorted by time, then by record and place.</summary>
        public List<Item> Items { get; } = [];

        public bool Replace(string source, string recordObject, string id, List<Item> next)
        {
            int removed = Items.RemoveAll(item =>
                item.Origin!.Id == id
                && item.Origin.Object == recordObject
                && item.Origin.Link.Source == source
            );
            foreach (Item item in next)
            {
                int at = Items.BinarySearch(item, Order);
                Items.Insert(at < 0 ? ~at : at, item);
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
