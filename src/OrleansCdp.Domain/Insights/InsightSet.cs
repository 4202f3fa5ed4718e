using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>A version of an insight that is computed: the one that is shown, or one that is on its way.</summary>
/// <param name="Definition">What it says.</param>
/// <param name="Version">Its version, from 1.</param>
/// <param name="Revision">Grows with every version of every insight; what is stored of it is stored under this number.</param>
/// <param name="IsServing">Whether its values are shown.</param>
/// <param name="IsComplete">Whether it knows what was done before it was made. Else that is being read from the log.</param>
public sealed record ActiveInsight(
    InsightDefinition Definition,
    int Version,
    long Revision,
    bool IsServing = true,
    bool IsComplete = true
)
{
    /// <summary>The model it asks; null where it asks none, or there is none of that name.</summary>
    public PredictionModel? Model { get; init; }

    /// <summary>By which that model's definition is told from others; null where there is none.</summary>
    public string? ModelHash { get; init; }
}

/// <summary>The insights that are computed. Immutable; safe for any number of threads.</summary>
public sealed class InsightSet
{
    private readonly FrozenDictionary<string, ImmutableArray<DoneInput>> doneBy;
    private readonly FrozenDictionary<string, ImmutableArray<ActiveInsight>> recordsBy;
    private readonly FrozenDictionary<long, ActiveInsight> revisions;
    private readonly FrozenDictionary<string, ActiveInsight> shown;
    private readonly Lazy<ItemGroups> ofIndividuals;
    private readonly Lazy<ItemGroups> ofAccounts;
    private readonly Lazy<InsightSet> onlyOverPeople;

    /// <summary>A set.</summary>
    /// <param name="insights">The insights.</param>
    /// <param name="newest">The highest revision that anything had when these were read.</param>
    public InsightSet(ImmutableArray<ActiveInsight> insights, long newest)
    {
        All = [.. insights.OrderBy(insight => insight.Definition.Name, StringComparer.Ordinal)];
        Newest = newest;
        ofIndividuals = new Lazy<ItemGroups>(() => GroupsOfAll(SubjectKind.Individual));
        ofAccounts = new Lazy<ItemGroups>(() => GroupsOfAll(SubjectKind.Account));
        // What a first version knows is a part of what was done, and of two that may write one field the first does.
        Written =
        [
            .. Serving
                .Where(insight => insight.IsComplete && insight.Definition.Writes is not null)
                .DistinctBy(insight => insight.Definition.Writes),
        ];
        WritesOfPeople = Written.Any(insight => insight.Definition.HasPeople);
        OverPeople = [.. All.Where(insight => insight.Definition.HasPeople)];
        onlyOverPeople = new Lazy<InsightSet>(() => new InsightSet(OverPeople, newest));
        shown = Serving
            .DistinctBy(insight => insight.Definition.Name)
            .ToFrozenDictionary(insight => insight.Definition.Name, StringComparer.Ordinal);
        revisions = insights
            .DistinctBy(insight => insight.Revision)
            .ToFrozenDictionary(insight => insight.Revision);
        doneBy = All.SelectMany(insight =>
                insight
                    .Definition.Inputs.Where(input => input.Source.Kind == ItemKind.Engagements)
                    .Select(input => new DoneInput(insight, input))
            )
            .GroupBy(done => done.Input.Source.Object, StringComparer.Ordinal)
            .ToFrozenDictionary(
                group => group.Key,
                group => group.ToImmutableArray(),
                StringComparer.Ordinal
            );
        recordsBy = All.SelectMany(insight =>
                insight
                    .Definition.Inputs.Where(input => input.Source.Kind != ItemKind.Engagements)
                    .Select(input => (input.Source.Object, Insight: insight))
                    .Distinct()
            )
            .GroupBy(one => one.Object, one => one.Insight, StringComparer.Ordinal)
            .ToFrozenDictionary(
                group => group.Key,
                group => group.ToImmutableArray(),
                StringComparer.Ordinal
            );
    }

    /// <summary>No insights.</summary>
    public static InsightSet None { get; } = new([], newest: 0);

    /// <summary>All, sorted by name.</summary>
    public ImmutableArray<ActiveInsight> All { get; }

    /// <summary>The highest revision there was.</summary>
    public long Newest { get; }

    /// <summary>Those that write a field of the CRM, one for each field.</summary>
    public ImmutableArray<ActiveInsight> Written { get; }

    /// <summary>Whether any of those is an account's over its people.</summary>
    public bool WritesOfPeople { get; }

    /// <summary>Insights of accounts over their people.</summary>
    public ImmutableArray<ActiveInsight> OverPeople { get; }

    /// <summary>These alone.</summary>
    internal InsightSet OnlyOverPeople => onlyOverPeople.Value;

    /// <summary>Those whose values are shown.</summary>
    public IEnumerable<ActiveInsight> Serving => All.Where(insight => insight.IsServing);

    /// <summary>The insights of individuals, or of accounts, by what they read of records.</summary>
    internal ItemGroups GroupsOf(SubjectKind subject) =>
        subject == SubjectKind.Account ? ofAccounts.Value : ofIndividuals.Value;

    /// <summary>The insight of a name whose values are shown; null when there is none.</summary>
    public ActiveInsight? Shown(string name) => shown.GetValueOrDefault(name);

    /// <summary>The insight of a revision; null when it is not among these.</summary>
    public ActiveInsight? Find(long revision) => revisions.GetValueOrDefault(revision);

    /// <summary>Insights over records of an object.</summary>
    internal ImmutableArray<ActiveInsight> OverRecords(string recordObject) =>
        recordsBy.GetValueOrDefault(recordObject, []);

    /// <summary>What a link knows of an insight's items that are not kept.</summary>
    internal static IEnumerable<Accumulation> KnownOf(Link link, ActiveInsight insight) =>
        link
            .Records.Where(set => insight.Definition.IsOver(set.Object))
            .Select(set => set.Base.Insights)
            .Prepend(link.Insights)
            .Select(known => Accumulation.Find(known, insight.Revision))
            .OfType<Accumulation>();

    /// <summary>What a link knows of things done, with one more.</summary>
    /// <param name="link">The link before the event.</param>
    /// <param name="done">The event.</param>
    internal ImmutableArray<Accumulation> Add(Link link, LinkEvent done)
    {
        long heardAt = done.ReceivedAt.UtcTicks;
        bool counts = false;
        Sums sums = new(Kept(link.Insights));
        foreach (var (insight, input) in doneBy.GetValueOrDefault(done.Object, []))
        {
            if (
                insight.Definition.CountsWhatIsOf(done.Subject)
                && ItemReader.TryRead(input, done, out Item item)
            )
            {
                Accumulation before =
                    sums.Find(insight.Revision) ?? Accumulation.Begin(insight, link);
                sums.Put(before.Add(insight.Definition, item, heardAt));
                counts = true;
            }
        }

        return counts ? sums.All : link.Insights;
    }

    /// <summary>What is known of folded records, with one more.</summary>
    /// <param name="before">What was known of <paramref name="count"/> records.</param>
    /// <param name="record">The record that is folded away.</param>
    /// <param name="subject">Whose it is.</param>
    /// <param name="count">Records folded before.</param>
    /// <param name="heardAt">When the event was received that made it go, UTC ticks.</param>
    internal ImmutableArray<Accumulation> Add(
        ImmutableArray<Accumulation> before,
        LinkRecord record,
        SubjectKind subject,
        int count,
        long heardAt
    )
    {
        Sums sums = new(Kept(before));
        List<Item> items = [];
        ItemOrigin origin = new(record.Link, record.Object, record.State.Id);
        foreach (ActiveInsight insight in OverRecords(record.Object))
        {
            if (
                !insight.Definition.CountsWhatIsOf(subject)
                || insight.Definition.Measure == Measure.Median
            )
            {
                continue;
            }

            items.Clear();
            ItemReader.Read(insight.Definition, record, origin, items);
            Accumulation known =
                sums.Find(insight.Revision) ?? Accumulation.OfFolded(insight.Revision, count);
            known = known with { Records = known.Records + 1 };
            foreach (Item item in items)
            {
                // What is not kept cannot wait for its moment: it counts from now on.
                known = known.Add(
                    insight.Definition,
                    item with
                    {
                        At = Math.Min(item.At, heardAt),
                    },
                    heardAt
                );
            }

            sums.Put(known);
        }

        return sums.All;
    }

    /// <summary>What stays: not what versions knew that nobody computes any more. A newer version than this set stays.</summary>
    private ImmutableArray<Accumulation> Kept(ImmutableArray<Accumulation> known)
    {
        foreach (Accumulation accumulation in known)
        {
            if (!IsKept(accumulation))
            {
                return [.. known.Where(IsKept)];
            }
        }

        return known;
    }

    private ItemGroups GroupsOfAll(SubjectKind subject) =>
        new(All.Where(insight => insight.Definition.Of == subject));

    private bool IsKept(Accumulation known) =>
        known.Revision > Newest || revisions.ContainsKey(known.Revision);

    /// <summary>One source of an insight over what was done.</summary>
    private readonly record struct DoneInput(ActiveInsight Insight, InsightInput Input);

    /// <summary>What is known, to be added to. However much of it changes, it is copied once.</summary>
    private struct Sums(ImmutableArray<Accumulation> known)
    {
        private Accumulation[]? own;

        /// <summary>Sorted by revision.</summary>
        public ImmutableArray<Accumulation> All { get; private set; } = known;

        public readonly Accumulation? Find(long revision) => Accumulation.Find(All, revision);

        public void Put(Accumulation next)
        {
            int at = Accumulation.IndexOf(All, next.Revision);
            if (at < 0)
            {
                All = All.Insert(~at, next);
                own = null;
                return;
            }

            own ??= [.. All];
            own[at] = next;
            All = ImmutableCollectionsMarshal.AsImmutableArray(own);
        }
    }
}
