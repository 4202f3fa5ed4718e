using System.Collections.Immutable;
using System.Runtime.InteropServices;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Insights;

/// <summary>
/// What counts in the insights of one individual or account, in memory: the items of its records, kept along with each change of
/// one. It is made from the state alone, so it is never stored. Not safe for several threads.
/// </summary>
/// <param name="insights">The insights.</param>
/// <param name="subject">Whose they are.</param>
public sealed class InsightLedger(InsightSet insights, SubjectKind subject)
{
    private readonly RecordItems records = new(insights, subject);
    private LinkSet links = LinkSet.Empty;
    private object? mover;

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
        return records.Follow(before, next);
    }

    /// <summary>How far insights went because items of their records came and went.</summary>
    /// <param name="asker">Who asks, and asked last: <see cref="ForgetMoves"/>.</param>
    /// <returns>Null when somebody else asked last, or nobody: then it is not known.</returns>
    internal IEnumerable<(ActiveInsight Insight, Movement Movement)>? MovesFor(object asker) =>
        ReferenceEquals(mover, asker)
            ? records
                .Moves()
                .Select(one =>
                    one.Insight.Definition.IsMoney && HasTallies(one.Insight)
                        ? (one.Insight, Movement.Any) // Those may be of another currency.
                        : one
                )
            : null;

    /// <summary>Forgets how far insights went.</summary>
    /// <param name="asker">Who knows it, and asks how far they go from now on.</param>
    internal void ForgetMoves(object asker)
    {
        mover = asker;
        records.ForgetMoves();
    }

    /// <summary>The value of an insight.</summary>
    /// <param name="insight">One of <see cref="Insights"/>.</param>
    /// <param name="now">The moment it is asked for.</param>
    /// <returns>Null when it is no insight of such a subject.</returns>
    public InsightValue? ValueOf(ActiveInsight insight, DateTimeOffset now)
    {
        return records.Of(insight) is { } items ? Evaluate(insight, items, now).ToValue() : null;
    }

    /// <summary>The value of an insight alone, as it is computed with.</summary>
    /// <param name="insight">One of <see cref="Insights"/>.</param>
    /// <param name="now">The moment it is asked for.</param>
    /// <returns>Null when it has none, or is no insight of such a subject.</returns>
    internal PlainValue? PlainValueOf(ActiveInsight insight, DateTimeOffset now) =>
        records.Of(insight) is { } items ? Evaluate(insight, items, now).ToPlainValue() : null;

    /// <summary>The latest moments that an insight knows.</summary>
    /// <param name="insight">One of <see cref="Insights"/>, of the measure <see cref="Measure.Instants"/>.</param>
    /// <param name="now">The moment.</param>
    /// <returns>
    /// UTC ticks, ascending: the latest <see cref="LatestInstants.Max"/> that are not after now, and all that are.
    /// </returns>
    public ImmutableArray<long> InstantsOf(ActiveInsight insight, DateTimeOffset now)
    {
        if (records.Of(insight) is not { } items)
        {
            return [];
        }

        // They are sorted: of many only the last ones are looked at.
        SortedSet<long> known = [];
        int past = 0;
        for (int i = items.Count - 1; i >= 0 && past < LatestInstants.Max; i--)
        {
            past += known.Add(items[i].At) && items[i].At <= now.UtcTicks ? 1 : 0;
        }

        foreach (
            Tally tally in links
                .Links.SelectMany(link => InsightSet.KnownOf(link, insight))
                .SelectMany(one => one.Tallies)
        )
        {
            known.UnionWith((tally.Beside as LatestInstants ?? LatestInstants.None).Ticks);
        }

        int coming = known.Count(at => at > now.UtcTicks);
        return [.. known.TakeLast(LatestInstants.Max + coming)];
    }

    /// <summary>When time alone changes the value of an insight.</summary>
    /// <param name="insight">One of <see cref="Insights"/>.</param>
    /// <param name="now">The moment after which it changes.</param>
    /// <returns>Never, when it is no insight of such a subject.</returns>
    public NextChange NextChangeOf(ActiveInsight insight, DateTimeOffset now)
    {
        ChangeSearch search = new(insight, now.UtcTicks);
        if (records.Of(insight) is { } items)
        {
            search.Add(CollectionsMarshal.AsSpan(items));
            foreach (Link link in links.Links)
            {
                search.Add(link);
            }

            foreach (PeopleSum sum in People.Sums)
            {
                search.Add(sum);
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
        insights
            .Serving.Where(insight => insight.Definition.Of == subject)
            .Where(insight => name is null || insight.Definition.Name == name)
            .Select(insight =>
            {
                Evaluation evaluation = Evaluate(insight, records.Of(insight)!, at);
                return isPast && evaluation.HasTallies
                    ? evaluation.Forgotten()
                    : evaluation.ToValue();
            });

    /// <summary>What counts in an insight at a moment, the latest first, as far as it is kept.</summary>
    /// <param name="insight">One of <see cref="Insights"/>.</param>
    /// <param name="now">The moment.</param>
    public IEnumerable<Contribution> Contributions(ActiveInsight insight, DateTimeOffset now)
    {
        List<Item> items = records.Of(insight) ?? [];
        for (int i = items.Count - 1; i >= 0; i--)
        {
            if (Evaluation.Counts(insight.Definition, items[i].At, now.UtcTicks))
            {
                yield return Contribution.Of(insight.Definition, items[i]);
            }
        }
    }

    /// <summary>What an insight that predicts knows of a customer, counted as somebody wants it.</summary>
    /// <param name="insight">One of <see cref="Insights"/>.</param>
    /// <param name="question">Until when, and how purchases are counted.</param>
    /// <returns>Null before the first purchase, and where nothing is predicted.</returns>
    public CustomerSummary? CustomerOf(ActiveInsight insight, CustomerQuestion question)
    {
        return records.Of(insight) is { } items
            ? Evaluate(insight, items, question.Until).ToCustomer(question.Counting)
            : null;
    }

    /// <summary>
    /// What an individual adds to the insights of its account; empty where that is nothing. A record that is nobody's counts as
    /// well, a case of the account, say; but it is no person.
    /// </summary>
    /// <param name="insights">The insights.</param>
    /// <param name="id">The id of the individual, or of the record that is nobody's.</param>
    /// <param name="links">All links of the individual.</param>
    /// <param name="now">The moment: what is dated later is kept apart until then.</param>
    public static ImmutableArray<PeopleSum> SharesOf(
        InsightSet insights,
        string id,
        LinkSet links,
        DateTimeOffset now
    )
    {
        if (insights.OverPeople.IsEmpty)
        {
            return [];
        }

        // It is not kept: what is handed over now and then is read out of the records anew, and no event pays for it.
        InsightLedger ledger = new(insights.OnlyOverPeople, SubjectKind.Account);
        ledger.Become(links);
        return
        [
            .. ledger
                .Insights.All.Select(insight =>
                    PeopleSummation.Of(
                        insight,
                        SubjectIds.IsRecord(id) ? 0 : 1,
                        CollectionsMarshal.AsSpan(ledger.records.Of(insight)),
                        links,
                        now.UtcTicks
                    )
                )
                .OfType<PeopleSum>(),
        ];
    }

    private bool HasTallies(ActiveInsight insight) =>
        links.Links.Any(link =>
            InsightSet.KnownOf(link, insight).Any(known => !known.Tallies.IsEmpty)
        );

    private Evaluation Evaluate(ActiveInsight insight, List<Item> items, DateTimeOffset now)
    {
        Evaluation evaluation = new(insight, now);
        evaluation.Add(CollectionsMarshal.AsSpan(items));
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
}
