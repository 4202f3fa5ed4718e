using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>An account that tells its people what segments ask of it, at moments of a virtual clock.</summary>
/// <param name="id">The account.</param>
/// <param name="set">The segments.</param>
/// <param name="insights">The insights.</param>
internal sealed class VirtualAccount(string id, SegmentSet set, InsightSet insights)
{
    private readonly InsightLedger ledger = new(insights, SubjectKind.Account);
    private readonly SortedDictionary<string, ImmutableArray<PeopleSum>> shares = new(
        StringComparer.Ordinal
    );
    private Account state = new() { Id = id };
    private long sequence;

    /// <summary>When what it tells may be something else though nothing happens; null for never.</summary>
    public DateTimeOffset? DueAt { get; private set; }

    /// <summary>Its people.</summary>
    public IEnumerable<string> People => shares.Keys;

    /// <summary>Something happens to it.</summary>
    public void Happen(LinkEvent e)
    {
        state = state.Apply([new SequencedEvent(++sequence, e)], insights).Next;
        ledger.Become(state.Links);
    }

    /// <summary>One of its people hands over what they add.</summary>
    /// <returns>Whether that is something else than before.</returns>
    public bool Hear(VirtualPerson person, string by, DateTimeOffset now)
    {
        ImmutableArray<PeopleSum> told = person.SharesAt(now);
        bool isNews =
            !shares.TryGetValue(by, out var known) || !known.SequenceEqual(told, SameSums.Instance);
        shares[by] = told;
        return isNews;
    }

    /// <summary>One of its people is at another one by now.</summary>
    public void Leave(string person) => shares.Remove(person);

    /// <summary>What it tells from now on.</summary>
    public AccountFacts Look(DateTimeOffset now)
    {
        ledger.People = new PeopleSums(
            [.. insights.OverPeople.Select(insight => SumOf(insight, now))],
            NotTaken: 0
        );
        AccountAnswers answers = AccountAnswers.Of(
            set,
            state.Links,
            ledger,
            state.Told?.Facts,
            ReconciliationPolicy.Default,
            now
        );
        state = state.Telling(set, answers, now);
        DueAt = answers.Until;
        return state.Told!.Facts;
    }

    private PeopleSum SumOf(ActiveInsight insight, DateTimeOffset now)
    {
        PeopleSummation sum = new(insight);
        foreach (
            PeopleSum share in shares
                .Values.SelectMany(told => told)
                .Where(share => share.Revision == insight.Revision)
        )
        {
            sum.Add(share);
        }

        return sum.ToSum(now);
    }

    /// <summary>Whether two say the same.</summary>
    private sealed class SameSums : IEqualityComparer<PeopleSum>
    {
        public static readonly SameSums Instance = new();

        public bool Equals(PeopleSum? x, PeopleSum? y) =>
            x!.Revision == y!.Revision
            && x.People == y.People
            && x.LeftOut == y.LeftOut
            && x.Tallies.SequenceEqual(y.Tallies);

        public int GetHashCode(PeopleSum obj) => obj.Revision.GetHashCode();
    }
}
