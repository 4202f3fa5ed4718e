using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>
/// The people of one account with what they add. A hash trie (Bagwell 2001) that is never changed but made anew along one
/// path, and whose nodes remember their sums: so a change costs about as much with 100,000 people as with 100, for sums,
/// lowest values and different values alike. Its form depends on who is in it, and not on the order they came in.
/// </summary>
internal sealed class PeopleTree
{
    /// <summary>People of a leaf; of more it becomes a branch.</summary>
    public const int LeafMax = 64;

    private const int BitsPerLevel = 4;
    private const int Branches = 1 << BitsPerLevel;
    private const int HashBits = 64;

    /// <summary>Of a leaf, sorted by id.</summary>
    private readonly ImmutableArray<StoredShare> people;

    /// <summary>Of a branch; default for a leaf.</summary>
    private readonly ImmutableArray<PeopleTree> branches;
    private InsightSet? summedFor;
    private ImmutableArray<PeopleSum> sums;

    private PeopleTree(ImmutableArray<StoredShare> people)
    {
        this.people = people;
        Count = people.Length;
        Bytes = people.Sum(share => (long)share.Bytes.Length);
    }

    private PeopleTree(ImmutableArray<PeopleTree> branches)
    {
        this.branches = branches;
        Count = branches.Sum(branch => branch.Count);
        Bytes = branches.Sum(branch => branch.Bytes);
    }

    /// <summary>Nobody.</summary>
    public static PeopleTree Empty { get; } = new(ImmutableArray<StoredShare>.Empty);

    /// <summary>How many there are, those who left included.</summary>
    public int Count { get; }

    /// <summary>Bytes of what they add, as it is stored.</summary>
    public long Bytes { get; }

    /// <summary>All of them, in no order.</summary>
    public IEnumerable<StoredShare> All =>
        branches.IsDefault ? people : branches.SelectMany(branch => branch.All);

    /// <summary>One of these people each once.</summary>
    public static PeopleTree Of(IEnumerable<StoredShare> people) => Of([.. people], shift: 0);

    /// <summary>Somebody's share; null for nobody.</summary>
    public StoredShare? Find(string individual)
    {
        PeopleTree node = this;
        ulong hash = Partitions.HashOf(individual);
        for (int shift = 0; !node.branches.IsDefault; shift += BitsPerLevel)
        {
            node = node.branches[BranchOf(hash, shift)];
        }

        int at = node.PlaceOf(individual);
        return at < 0 ? null : node.people[at];
    }

    /// <summary>With somebody's share in place of the one there is.</summary>
    public PeopleTree With(StoredShare share) =>
        With(share, Partitions.HashOf(share.Individual), shift: 0);

    /// <summary>What all of them add to the insights of a set.</summary>
    /// <param name="insights">The set.</param>
    /// <param name="now">The moment: what no window reaches any more is left out of sums that are made now.</param>
    public ImmutableArray<PeopleSum> SumsFor(InsightSet insights, DateTimeOffset now)
    {
        if (summedFor != insights)
        {
            sums = Sum(
                insights,
                now,
                branches.IsDefault
                    ? people.SelectMany(share => share.ToSums())
                    : branches.SelectMany(branch => branch.SumsFor(insights, now))
            );
            summedFor = insights;
        }

        return sums;
    }

    /// <summary>Says where two trees differ. What is the same object in both is not looked into.</summary>
    /// <param name="before">The tree before.</param>
    /// <param name="after">The tree after.</param>
    /// <param name="differs">Called with a share that is new or another.</param>
    /// <param name="gone">Called with one that is no more.</param>
    public static void Compare(
        PeopleTree before,
        PeopleTree after,
        Action<StoredShare> differs,
        Action<StoredShare> gone
    )
    {
        if (ReferenceEquals(before, after))
        {
            return;
        }

        if (before.branches.IsDefault || after.branches.IsDefault)
        {
            SortedArrays.Compare(
                before.Sorted(),
                after.Sorted(),
                share => share.Individual,
                string.CompareOrdinal,
                (_, share) => differs(share),
                gone
            );
            return;
        }

        for (int i = 0; i < Branches; i++)
        {
            Compare(before.branches[i], after.branches[i], differs, gone);
        }
    }

    private static PeopleTree Of(ImmutableArray<StoredShare> people, int shift)
    {
        if (people.Length <= LeafMax || shift >= HashBits)
        {
            return people.IsEmpty ? Empty : new PeopleTree(Sorted(people));
        }

        ILookup<int, StoredShare> parts = people.ToLookup(share =>
            BranchOf(Partitions.HashOf(share.Individual), shift)
        );
        return new PeopleTree([
            .. Enumerable.Range(0, Branches).Select(i => Of([.. parts[i]], shift + BitsPerLevel)),
        ]);
    }

    private PeopleTree With(StoredShare share, ulong hash, int shift)
    {
        if (!branches.IsDefault)
        {
            int branch = BranchOf(hash, shift);
            return new PeopleTree(
                branches.SetItem(branch, branches[branch].With(share, hash, shift + BitsPerLevel))
            );
        }

        int at = PlaceOf(share.Individual);
        return at >= 0
            ? new PeopleTree(people.SetItem(at, share))
            : Of(people.Insert(~at, share), shift);
    }

    private static ImmutableArray<PeopleSum> Sum(
        InsightSet insights,
        DateTimeOffset now,
        IEnumerable<PeopleSum> added
    )
    {
        Dictionary<long, PeopleSummation> all = insights.OverPeople.ToDictionary(
            insight => insight.Revision,
            insight => new PeopleSummation(insight)
        );
        foreach (PeopleSum sum in added)
        {
            if (all.TryGetValue(sum.Revision, out PeopleSummation? summation))
            {
                summation.Add(sum);
            }
        }

        return
        [
            .. all
                .Values.Select(summation => summation.ToSum(now))
                .Where(sum => sum.People > 0 || sum.LeftOut > 0 || !sum.Tallies.IsEmpty),
        ];
    }

    private static int BranchOf(ulong hash, int shift) => (int)(hash >> shift) & (Branches - 1);

    private int PlaceOf(string individual) =>
        people.IndexOf(
            individual,
            static (share, id) => string.CompareOrdinal(share.Individual, id)
        );

    private ImmutableArray<StoredShare> Sorted() => branches.IsDefault ? people : Sorted([.. All]);

    private static ImmutableArray<StoredShare> Sorted(ImmutableArray<StoredShare> people) =>
        people.Sort(
            static (left, right) => string.CompareOrdinal(left.Individual, right.Individual)
        );
}
