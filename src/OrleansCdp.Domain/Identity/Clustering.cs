using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>A record to be clustered.</summary>
/// <param name="Id">
/// Names it, and decides between equal scores: where it is a hash of the record's link, and not a number given in
/// order of arrival, equal scores are decided alike in every order.
/// </param>
/// <param name="Individual">The individual an anchor or a steward says it belongs to; null when nobody has.</param>
/// <param name="Print">
/// What the record says, as <see cref="MatchValues.Print"/>. It decides between equal scores before the id does: of records that
/// say the same the one that is compared for all of them is whoever came first.
/// </param>
public readonly record struct ClusterMember(long Id, string? Individual, long Print = 0);

/// <summary>A scored pair of records.</summary>
/// <param name="A">One of them.</param>
/// <param name="B">The other.</param>
/// <param name="Score">Bits, as <see cref="PairScore.Score"/>.</param>
public readonly record struct MatchEdge(long A, long B, double Score);

/// <summary>What a steward has said of two records; it comes before any score.</summary>
/// <param name="A">One of them.</param>
/// <param name="B">The other.</param>
/// <param name="Together">Whether they are one, or must never be.</param>
public readonly record struct StewardPair(long A, long B, bool Together);

/// <summary>
/// Divides records that are connected by edges into clusters: from single records up, always the two clusters whose
/// records agree best on average, so that the result depends on the set of records and not on their order.
/// </summary>
/// <remarks>
/// Two clusters are joined while they have an edge of at least <see cref="MatchThresholds.LinkMin"/> and the mean of
/// all scores across is at least <see cref="MatchThresholds.MeanMin"/>, a pair with too little evidence for a match
/// counting as 0, and as less only where the evidence is against one. Of a cluster with an individual only the individual
/// itself is compared: several authors may be one's, and do not speak against each other. What anchors and stewards say
/// comes first: records of one individual, or put together by a steward, begin as one cluster; those of two individuals,
/// or held apart by a steward, never share one. Where stewards contradict themselves or two individuals, apart wins.
/// </remarks>
public sealed class Clustering
{
    /// <summary>Bits a single pair may add to or take from a mean, either way.</summary>
    public const double PairScoreMax = 12;

    private readonly ClusterMember[] members;
    private readonly Dictionary<long, int> places;
    private readonly MatchThresholds thresholds;
    private readonly Func<long, long, double> score;
    private readonly Dictionary<(int, int), double> scores = [];
    private readonly HashSet<(int, int)> apart = [];
    private readonly List<Cluster> clusters = [];

    private Clustering(
        ClusterMember[] members,
        MatchThresholds thresholds,
        Func<long, long, double> score
    )
    {
        this.members = members;
        places = members.Index().ToDictionary(member => member.Item.Id, member => member.Index);
        this.thresholds = thresholds;
        this.score = score;
    }

    /// <summary>Clusters records.</summary>
    /// <param name="members">Each once, in any order.</param>
    /// <param name="edges">Scores known already, in any order; pairs with others than members are left out.</param>
    /// <param name="pairs">What stewards have said; likewise.</param>
    /// <param name="thresholds">When clusters are joined.</param>
    /// <param name="score">The score of two members without an edge, the smaller id first; asked at most once a pair.</param>
    /// <returns>Every member in one cluster; members by id, clusters by their smallest.</returns>
    public static ImmutableArray<ImmutableArray<long>> Of(
        IReadOnlyCollection<ClusterMember> members,
        IReadOnlyCollection<MatchEdge> edges,
        IReadOnlyCollection<StewardPair> pairs,
        MatchThresholds thresholds,
        Func<long, long, double> score
    )
    {
        Clustering clustering = new(
            [.. members.OrderBy(member => member.Print).ThenBy(member => member.Id)],
            thresholds,
            score
        );
        clustering.Begin(edges, pairs);
        clustering.Join();
        return
        [
            .. clustering
                .clusters.Select(cluster =>
                    cluster
                        .Members.Select(at => clustering.members[at].Id)
                        .Order()
                        .ToImmutableArray()
                )
                .OrderBy(cluster => cluster[0]),
        ];
    }

    private void Begin(IReadOnlyCollection<MatchEdge> edges, IReadOnlyCollection<StewardPair> pairs)
    {
        for (int i = 0; i < members.Length; i++)
        {
            clusters.Add(new Cluster([i], members[i].Individual));
        }

        (int, int, bool)[] said = [.. PairsOf(pairs)];
        apart.UnionWith(said.Where(pair => !pair.Item3).Select(pair => (pair.Item1, pair.Item2)));
        foreach (MatchEdge edge in edges)
        {
            if (PlacesOf(edge.A, edge.B) is (int low, int high))
            {
                scores[(low, high)] = Clip(edge.Score);
                if (edge.Score >= thresholds.LinkMin)
                {
                    clusters[low].Linked.Add(clusters[high]);
                    clusters[high].Linked.Add(clusters[low]);
                }
            }
        }

        foreach (
            IGrouping<string, Cluster> own in clusters
                .Where(cluster => cluster.Individual is not null)
                .GroupBy(cluster => cluster.Individual!, StringComparer.Ordinal)
                .ToArray()
        )
        {
            foreach (Cluster other in own.Skip(1))
            {
                Join(own.First(), other);
            }
        }

        foreach ((int low, int high, bool together) in said.Order())
        {
            (Cluster left, Cluster right) = (ClusterOf(low), ClusterOf(high));
            if (together && left != right && MayJoin(left, right))
            {
                Join(left, right);
            }
        }
    }

    private void Join()
    {
        Dictionary<(Cluster, Cluster), double> means = [];
        foreach (Cluster cluster in clusters)
        {
            Measure(cluster, means);
        }

        while (Best(means) is (Cluster left, Cluster right))
        {
            foreach ((Cluster, Cluster) stale in means.Keys.Where(IsOfEither).ToArray())
            {
                means.Remove(stale);
            }

            Measure(Join(left, right), means);
            bool IsOfEither((Cluster First, Cluster Second) pair) =>
                pair.First == left
                || pair.First == right
                || pair.Second == left
                || pair.Second == right;
        }
    }

    private (Cluster, Cluster)? Best(Dictionary<(Cluster, Cluster), double> means)
    {
        (Cluster First, Cluster Second)? best = null;
        double bestMean = double.NegativeInfinity;
        foreach (((Cluster First, Cluster Second) pair, double mean) in means)
        {
            if (
                mean >= thresholds.MeanMin
                && (
                    best is not { } known
                    || mean > bestMean
                    || (mean == bestMean && OrderOf(pair).CompareTo(OrderOf(known)) < 0)
                )
            )
            {
                best = pair;
                bestMean = mean;
            }
        }

        return best;
    }

    private static (int, int) OrderOf((Cluster First, Cluster Second) pair) =>
        (pair.First.Members[0], pair.Second.Members[0]);

    private void Measure(Cluster cluster, Dictionary<(Cluster, Cluster), double> means)
    {
        foreach (Cluster other in cluster.Linked)
        {
            (Cluster, Cluster) pair =
                cluster.Members[0] < other.Members[0] ? (cluster, other) : (other, cluster);
            if (!means.ContainsKey(pair) && MayJoin(cluster, other))
            {
                means[pair] = MeanOf(pair.Item1, pair.Item2);
            }
        }
    }

    // Summed in one order whoever came first, or rounding would decide.
    private double MeanOf(Cluster left, Cluster right)
    {
        double sum = 0;
        List<int> against = SpeakersOf(right);
        List<int> speaking = SpeakersOf(left);
        foreach (int a in speaking)
        {
            foreach (int b in against)
            {
                sum += ScoreOf(Math.Min(a, b), Math.Max(a, b));
            }
        }

        return sum / ((double)speaking.Count * against.Count);
    }

    // An individual speaks for itself: what else was matched to it is of other authors perhaps, and proves nothing of it.
    private List<int> SpeakersOf(Cluster cluster) =>
        cluster.Individual is null
            ? cluster.Members
            : [.. cluster.Members.Where(at => members[at].Individual is not null)];

    private double ScoreOf(int low, int high)
    {
        if (!scores.TryGetValue((low, high), out double known))
        {
            (long one, long other) = (members[low].Id, members[high].Id);
            known = Clip(score(Math.Min(one, other), Math.Max(one, other)));
            scores[(low, high)] = known;
        }

        return known;
    }

    private bool MayJoin(Cluster left, Cluster right)
    {
        if (
            left.Individual is not null
            && right.Individual is not null
            && left.Individual != right.Individual
        )
        {
            return false;
        }

        return apart.Count == 0
            || !apart.Any(pair =>
                (left.Members.Contains(pair.Item1) && right.Members.Contains(pair.Item2))
                || (left.Members.Contains(pair.Item2) && right.Members.Contains(pair.Item1))
            );
    }

    private Cluster Join(Cluster left, Cluster right)
    {
        left.Members.AddRange(right.Members);
        left.Members.Sort();
        left.Individual ??= right.Individual;
        foreach (Cluster other in right.Linked)
        {
            other.Linked.Remove(right);
            if (other != left)
            {
                other.Linked.Add(left);
                left.Linked.Add(other);
            }
        }

        clusters.Remove(right);
        return left;
    }

    private Cluster ClusterOf(int member) =>
        clusters.First(cluster => cluster.Members.Contains(member));

    private IEnumerable<(int, int, bool)> PairsOf(IEnumerable<StewardPair> pairs)
    {
        foreach (StewardPair pair in pairs)
        {
            if (PlacesOf(pair.A, pair.B) is (int low, int high))
            {
                yield return (low, high, pair.Together);
            }
        }
    }

    private (int Low, int High)? PlacesOf(long a, long b)
    {
        int first = PlaceOf(a);
        int second = PlaceOf(b);
        return first < 0 || second < 0 || first == second
            ? null
            : (Math.Min(first, second), Math.Max(first, second));
    }

    private int PlaceOf(long id) => places.GetValueOrDefault(id, -1);

    // A pair that is no match for want of evidence speaks for neither side; only what speaks against one counts against it.
    // So records with nothing in common join through a third, and the size of the store makes no difference.
    private double Clip(double score)
    {
        double counted = score < 0 ? Math.Min(0, score - thresholds.Prior) : score;
        return Math.Clamp(counted, -PairScoreMax, PairScoreMax);
    }

    private sealed class Cluster(List<int> members, string? individual)
    {
        /// <summary>Places of its members, ascending.</summary>
        public List<int> Members { get; } = members;

        public string? Individual { get; set; } = individual;

        /// <summary>Clusters it has an edge with that may link.</summary>
        public HashSet<Cluster> Linked { get; } = [];
    }
}
