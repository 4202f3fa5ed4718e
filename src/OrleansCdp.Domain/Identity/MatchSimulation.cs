using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>
/// The decision procedure over records in memory: what the index does with tables, with dictionaries. It clusters once
/// when weights are trained, shows what other rules would change, and is what the index is tested against.
/// </summary>
/// <remarks>
/// A record is scored against those that share a key with it; then the records it is connected with, and they alone,
/// are divided into clusters anew. Unless a limit is hit the clusters depend on the set of records and not on their
/// order. Not safe for several threads at once.
/// </remarks>
public sealed class MatchSimulation
{
    private readonly FuzzyRules rules;
    private readonly IdentifierHolders holders;
    private readonly Dictionary<string, Record> byLink = new(StringComparer.Ordinal);
    private readonly Dictionary<long, Record> byId = [];
    private readonly Dictionary<long, List<Record>> index = [];
    private readonly Dictionary<long, HashSet<Record>> groups = [];
    private readonly List<StewardPair> pairs = [];
    private readonly HashSet<(long, long)> apart = [];
    private long lastGroup;

    /// <summary>An empty space.</summary>
    public MatchSimulation(FuzzyRules rules)
    {
        this.rules = rules;
        holders = new IdentifierHolders(rules);
    }

    /// <summary>Records in the space.</summary>
    public int Records => byLink.Count;

    /// <summary>Candidates scored so far.</summary>
    public long Candidates { get; private set; }

    /// <summary>The most candidates that one record had; at most <see cref="MatchLimits.CandidatesMax"/>.</summary>
    public int CandidatesMost { get; private set; }

    /// <summary>Scores asked for beside those of candidates, to know the mean of clusters.</summary>
    public long ExtraScores { get; private set; }

    /// <summary>The most records that were clustered together.</summary>
    public int ComponentMost { get; private set; }

    /// <summary>How often a component was too large, so that whole groups were taken instead.</summary>
    public int ComponentsCut { get; private set; }

    /// <summary>Keys that hold more than <see cref="MatchLimits.BucketMax"/> records and find nobody any more.</summary>
    public int KeysClosed => index.Values.Count(bucket => bucket.Count > rules.Limits.BucketMax);

    /// <summary>Identifiers that more individuals have than may, and that identify nobody.</summary>
    public int IdentifiersGuarded => holders.Guarded;

    /// <summary>The members of every group, by link; groups by their first member.</summary>
    public ImmutableArray<ImmutableArray<string>> Groups() =>
        [
            .. groups
                .Values.Select(group =>
                    group
                        .Select(record => record.Link)
                        .Order(StringComparer.Ordinal)
                        .ToImmutableArray()
                )
                .OrderBy(group => group[0], StringComparer.Ordinal),
        ];

    /// <summary>The group a link is in; null for a link that is not here.</summary>
    public long? GroupOf(string link) =>
        byLink.TryGetValue(link, out Record? found) ? found.Group : null;

    /// <summary>The individual that owns somebody in the link's group; null when nobody does.</summary>
    public string? IndividualOf(string link) =>
        byLink.TryGetValue(link, out Record? found)
            ? groups[found.Group]
                .Select(record => record.Individual)
                .FirstOrDefault(individual => individual is not null)
            : null;

    /// <summary>A link's best score within its group, in bits; null for none.</summary>
    public double? BestOf(string link) =>
        byLink.TryGetValue(link, out Record? found)
            ? found
                .Edges.Where(edge => edge.Key.Group == found.Group)
                .Max(edge => (double?)edge.Value)
            : null;

    /// <summary>
    /// Whether a link has a score with somebody whom an anchor names that makes it a possible match, and no steward keeps the
    /// two apart.
    /// </summary>
    public bool MayBeKnown(string link) =>
        byLink.TryGetValue(link, out Record? found)
        && found.Edges.Keys.Any(other =>
            other.Individual is not null && !apart.Contains(PairOf(found, other))
        );

    /// <summary>Adds a record, or what is newly said of one that is here.</summary>
    /// <param name="link">Names the record.</param>
    /// <param name="values">Joined to those known of it.</param>
    /// <param name="individual">Who an anchor says it is; null says nothing new.</param>
    public void Add(string link, MatchValues values, string? individual = null)
    {
        Record record = RecordOf(link);
        record.Individual = individual ?? record.Individual;
        record.Values = record.Values.Join(values);
        Record[] changed =
        [
            record,
            .. holders
                .Note(link, record.Individual, record.Values)
                .Where(other => other != link)
                .Order(StringComparer.Ordinal)
                .Select(other => byLink[other]),
        ];
        foreach (Record one in changed)
        {
            one.Compared = rules.Identifying(one.Values, holders.IsGuarded);
        }

        foreach (Record one in changed)
        {
            Compare(one);
        }
    }

    /// <summary>Lets a steward say that two records are one, or never are. The last word on a pair counts.</summary>
    public void Decide(string left, string right, bool together)
    {
        (Record a, Record b) = (byLink[left], byLink[right]);
        pairs.RemoveAll(pair =>
            (pair.A == a.Id && pair.B == b.Id) || (pair.A == b.Id && pair.B == a.Id)
        );
        pairs.Add(new StewardPair(a.Id, b.Id, together));
        _ = together ? apart.Remove(PairOf(a, b)) : apart.Add(PairOf(a, b));
        Cluster([a, b]);
    }

    private void Compare(Record record)
    {
        List<Record> touched = [record, .. record.Edges.Keys];
        foreach (Record other in record.Edges.Keys)
        {
            other.Edges.Remove(record);
        }

        record.Edges.Clear();
        ImmutableArray<long> keys = rules.KeysOf(record.Compared);
        foreach ((Record candidate, PairScore score) in EdgesOf(record, keys))
        {
            Connect(record, candidate, score.Score);
        }

        foreach (long key in record.Keys.Except(keys))
        {
            BucketOf(key).Remove(record);
        }

        foreach (long key in keys.Except(record.Keys))
        {
            BucketOf(key).Add(record);
        }

        record.Keys = keys;
        Cluster(touched);
    }

    private static (long, long) PairOf(Record a, Record b) =>
        a.Id < b.Id ? (a.Id, b.Id) : (b.Id, a.Id);

    private Record RecordOf(string link)
    {
        if (!byLink.TryGetValue(link, out Record? record))
        {
            record = new Record(link) { Group = ++lastGroup };
            byLink.Add(link, record);
            byId.Add(record.Id, record);
            groups.Add(record.Group, [record]);
        }

        return record;
    }

    private List<Record> BucketOf(long key)
    {
        if (!index.TryGetValue(key, out List<Record>? bucket))
        {
            index.Add(key, bucket = []);
        }

        return bucket;
    }

    private IEnumerable<(Record, PairScore)> EdgesOf(Record record, ImmutableArray<long> keys)
    {
        Dictionary<Record, double> shared = [];
        foreach (long key in keys)
        {
            if (
                !index.TryGetValue(key, out List<Record>? bucket)
                || bucket.Count > rules.Limits.BucketMax
            )
            {
                continue;
            }

            foreach (Record other in bucket.Where(other => other != record))
            {
                shared[other] = shared.GetValueOrDefault(other) + CandidateRank.OfKey(bucket.Count);
            }
        }

        Record[] candidates =
        [
            .. shared
                .OrderByDescending(candidate => candidate.Value)
                .ThenBy(candidate => candidate.Key.Id)
                .Take(rules.Limits.CandidatesMax)
                .Select(candidate => candidate.Key),
        ];
        Candidates += candidates.Length;
        CandidatesMost = Math.Max(CandidatesMost, candidates.Length);
        return candidates
            .Select(other => (other, Score: rules.Score(record.Compared, other.Compared)))
            .Where(edge => edge.Score.Score >= rules.Thresholds.SoftMin)
            .OrderByDescending(edge => edge.Score.Score)
            .ThenBy(edge => edge.other.Id)
            .Take(rules.Limits.EdgesMax);
    }

    // A record with too many edges loses the weakest.
    private void Connect(Record record, Record other, double score)
    {
        record.Edges[other] = score;
        other.Edges[record] = score;
        if (other.Edges.Count > rules.Limits.EdgesMax)
        {
            Record weakest = other.Edges.MinBy(edge => (edge.Value, -edge.Key.Id)).Key;
            other.Edges.Remove(weakest);
            weakest.Edges.Remove(other);
        }
    }

    private void Cluster(List<Record> touched)
    {
        HashSet<Record> component = ComponentOf(touched);
        ComponentMost = Math.Max(ComponentMost, component.Count);
        ImmutableArray<ImmutableArray<long>> clusters = Clustering.Of(
            [.. component.Select(record => new ClusterMember(record.Id, record.Individual))],
            [
                .. component.SelectMany(record =>
                    record
                        .Edges.Where(edge => record.Id < edge.Key.Id)
                        .Select(edge => new MatchEdge(record.Id, edge.Key.Id, edge.Value))
                ),
            ],
            pairs,
            rules.Thresholds,
            (a, b) =>
            {
                ExtraScores++;
                return rules.Score(byId[a].Compared, byId[b].Compared).Score;
            }
        );
        ImmutableArray<long> names = GroupIds.Relabel(
            clusters,
            id => byId[id].Group,
            () => ++lastGroup
        );
        Rename(component, clusters, names);
    }

    private void Rename(
        HashSet<Record> component,
        ImmutableArray<ImmutableArray<long>> clusters,
        ImmutableArray<long> names
    )
    {
        foreach (Record record in component)
        {
            groups[record.Group].Remove(record);
        }

        long[] former = [.. component.Select(record => record.Group)];
        foreach ((ImmutableArray<long> cluster, long name) in clusters.Zip(names))
        {
            if (!groups.TryGetValue(name, out HashSet<Record>? group))
            {
                groups.Add(name, group = []);
            }

            foreach (Record record in cluster.Select(id => byId[id]))
            {
                record.Group = name;
                group.Add(record);
            }
        }

        foreach (long name in former)
        {
            if (groups.TryGetValue(name, out HashSet<Record>? group) && group.Count == 0)
            {
                groups.Remove(name);
            }
        }
    }

    // Best first over edges that link, so that what is left out of one that is too large is what is farthest.
    private HashSet<Record> ComponentOf(List<Record> touched)
    {
        HashSet<Record> reached = [];
        PriorityQueue<Record, (double, long)> waiting = new();
        foreach (Record record in touched)
        {
            waiting.Enqueue(record, (double.NegativeInfinity, record.Id));
        }

        while (waiting.TryDequeue(out Record? record, out _))
        {
            if (reached.Contains(record))
            {
                continue;
            }

            if (reached.Count >= rules.Limits.ComponentMax)
            {
                ComponentsCut++;
                break;
            }

            reached.Add(record);
            foreach ((Record other, double score) in record.Edges)
            {
                if (score >= rules.Thresholds.LinkMin)
                {
                    waiting.Enqueue(other, (-score, other.Id));
                }
            }

            foreach (StewardPair pair in pairs.Where(pair => pair.Together))
            {
                if (pair.A == record.Id || pair.B == record.Id)
                {
                    long other = pair.A == record.Id ? pair.B : pair.A;
                    waiting.Enqueue(byId[other], (double.NegativeInfinity, other));
                }
            }
        }

        return [.. reached.SelectMany(known => groups[known.Group])];
    }

    private sealed class Record(string link)
    {
        public string Link => link;

        // By the link and not by arrival, so that equal scores are decided alike in every order.
        public long Id { get; } = (long)MatchField.HashOf(link);

        public MatchValues Values { get; set; } = MatchValues.Empty;

        // All but the identifiers that identify nobody.
        public MatchValues Compared { get; set; } = MatchValues.Empty;

        public ImmutableArray<long> Keys { get; set; } = [];

        public string? Individual { get; set; }

        public long Group { get; set; }

        public Dictionary<Record, double> Edges { get; } = [];
    }
}

/// <summary>In which order candidates are scored when there are too many.</summary>
public static class CandidateRank
{
    /// <summary>What sharing a key is worth: rare keys more. A candidate's rank is the sum over shared keys.</summary>
    /// <param name="bucket">Records under the key, at least 1.</param>
    public static double OfKey(int bucket) => 1 / (1 + double.Log(bucket));
}
