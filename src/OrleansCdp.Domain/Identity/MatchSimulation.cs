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
    private readonly Dictionary<string, SimulatedRecord> byLink = new(StringComparer.Ordinal);
    private readonly Dictionary<long, SimulatedRecord> byId = [];
    private readonly SimulatedIndex index;
    private readonly SimulatedGroups groups = new();
    private readonly List<StewardPair> pairs = [];
    private readonly HashSet<(long, long)> apart = [];

    // Of records that say the same, the one that is compared.
    private readonly Dictionary<long, SimulatedRecord> firsts = [];

    /// <summary>An empty space.</summary>
    public MatchSimulation(FuzzyRules rules)
    {
        this.rules = rules;
        holders = new IdentifierHolders(rules);
        index = new SimulatedIndex(rules.Limits);
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
    public int KeysClosed => index.Closed;

    /// <summary>Identifiers that more individuals have than may, and that identify nobody.</summary>
    public int IdentifiersGuarded => holders.Guarded;

    /// <summary>The members of every group, by link; groups by their first member.</summary>
    public ImmutableArray<ImmutableArray<string>> Groups() =>
        [
            .. groups
                .All.Select(group =>
                    group
                        .SelectMany(record => record.Followers.Prepend(record))
                        .Select(record => record.Link)
                        .Order(StringComparer.Ordinal)
                        .ToImmutableArray()
                )
                .OrderBy(group => group[0], StringComparer.Ordinal),
        ];

    /// <summary>The group a link is in; null for a link that is not here.</summary>
    public long? GroupOf(string link) =>
        byLink.TryGetValue(link, out SimulatedRecord? found) ? found.Compares.Group : null;

    /// <summary>The individual that owns somebody in the link's group; null when nobody does.</summary>
    public string? IndividualOf(string link) =>
        byLink.TryGetValue(link, out SimulatedRecord? found)
            ? groups
                .Of(found.Compares)
                .Select(record => record.Individual)
                .FirstOrDefault(individual => individual is not null)
            : null;

    /// <summary>A link's best score within its group, in bits; null for none.</summary>
    public double? BestOf(string link) =>
        !byLink.TryGetValue(link, out SimulatedRecord? found) ? null
        : found.First is { } first ? rules.Score(first.Compared, found.Compared).Score
        : found.Edges.Where(edge => edge.Key.Group == found.Group).Max(edge => (double?)edge.Value)
            ?? (
                found.Followers.Count > 0 ? rules.Score(found.Compared, found.Compared).Score : null
            );

    /// <summary>
    /// Whether a link has a score with somebody whom an anchor names that makes it a possible match, and no steward keeps the
    /// two apart.
    /// </summary>
    public bool MayBeKnown(string link) =>
        byLink.TryGetValue(link, out SimulatedRecord? found)
        && found.Compares.Edges.Keys.Any(other =>
            other.Individual is not null && !apart.Contains(PairOf(found, other))
        );

    /// <summary>Adds a record, or what is newly said of one that is here.</summary>
    /// <param name="link">Names the record.</param>
    /// <param name="values">Joined to those known of it.</param>
    /// <param name="individual">Who an anchor says it is; null says nothing new.</param>
    public void Add(string link, MatchValues values, string? individual = null)
    {
        SimulatedRecord record = RecordOf(link);
        record.Individual = individual ?? record.Individual;
        record.Values = record.Values.Join(values);
        SimulatedRecord[] changed =
        [
            record,
            .. holders
                .Note(link, record.Individual, record.Values)
                .Where(other => other != link)
                .Order(StringComparer.Ordinal)
                .Select(other => byLink[other]),
        ];
        foreach (SimulatedRecord one in changed)
        {
            one.Compared = rules.Identifying(one.Values, holders.IsGuarded);
            one.Print = one.Values.Print();
        }

        foreach (SimulatedRecord one in changed)
        {
            Settle(one);
        }
    }

    /// <summary>Lets a steward say that two records are one, or never are. The last word on a pair counts.</summary>
    /// <param name="left">A record.</param>
    /// <param name="right">Another.</param>
    /// <param name="together">What is said.</param>
    /// <param name="companion">The one of both that he did not speak of himself; null for none.</param>
    public void Decide(string left, string right, bool together, string? companion = null)
    {
        (SimulatedRecord a, SimulatedRecord b) = (byLink[left], byLink[right]);
        foreach (
            SimulatedRecord one in new[] { a, b }.Where(one =>
                one.Link != companion && !one.IsAlone
            )
        )
        {
            one.IsAlone = true;
            Settle(one);
        }

        pairs.RemoveAll(pair =>
            (pair.A == a.Id && pair.B == b.Id) || (pair.A == b.Id && pair.B == a.Id)
        );
        pairs.Add(new StewardPair(a.Id, b.Id, together));
        _ = together ? apart.Remove(PairOf(a, b)) : apart.Add(PairOf(a, b));
        Cluster([a.Compares, b.Compares]);
    }

    /// <summary>
    /// Has a record that says the very same as another one go with it, and compares any other. Whoever goes with one that
    /// goes its own way goes with the next of them.
    /// </summary>
    private void Settle(SimulatedRecord record)
    {
        if (record.First is { } first)
        {
            if (GoesWith(record, first))
            {
                return;
            }

            Free(record);
        }

        SimulatedRecord[] left = [.. record.Followers.Where(one => !GoesWith(one, record))];
        foreach (SimulatedRecord one in left)
        {
            Free(one);
        }

        if (
            record.Followers.Count == 0
            && firsts.TryGetValue(record.Print, out SimulatedRecord? same)
            && same != record
            && GoesWith(record, same)
            && same.Followers.Count < Limits.TwinsMax
        )
        {
            Follow(record, same);
        }
        else
        {
            if (record is { Individual: null, IsAlone: false })
            {
                firsts[record.Print] = record;
            }

            Compare(record);
        }

        foreach (SimulatedRecord one in left)
        {
            Settle(one);
        }
    }

    private bool GoesWith(SimulatedRecord record, SimulatedRecord first) =>
        record is { Individual: null, IsAlone: false }
        && first is { Individual: null, IsAlone: false, First: null }
        && record.Values.ComparesAs(first.Values)
        && rules.Score(first.Compared, first.Compared).Score >= rules.Thresholds.LinkMin;

    private void Follow(SimulatedRecord record, SimulatedRecord first)
    {
        List<SimulatedRecord> connected = [.. record.Edges.Keys, .. groups.Of(record)];
        Disconnect(record);
        index.Put(record, []);
        groups.Remove(record);
        record.First = first;
        first.Followers.Add(record);
        connected.RemoveAll(one => one == record);
        if (connected.Count > 0)
        {
            Cluster(connected);
        }
    }

    private void Free(SimulatedRecord record)
    {
        record.First!.Followers.Remove(record);
        record.First = null;
        groups.Begin(record);
    }

    private static void Disconnect(SimulatedRecord record)
    {
        foreach (SimulatedRecord other in record.Edges.Keys)
        {
            other.Edges.Remove(record);
        }

        record.Edges.Clear();
    }

    private void Compare(SimulatedRecord record)
    {
        List<SimulatedRecord> touched = [record, .. record.Edges.Keys];
        Disconnect(record);
        ImmutableArray<long> keys = rules.KeysOf(record.Compared);
        foreach ((SimulatedRecord candidate, PairScore score) in EdgesOf(record, keys))
        {
            Connect(record, candidate, score.Score);
        }

        index.Put(record, keys);
        Cluster(touched);
    }

    private static (long, long) PairOf(SimulatedRecord a, SimulatedRecord b) =>
        a.Id < b.Id ? (a.Id, b.Id) : (b.Id, a.Id);

    private SimulatedRecord RecordOf(string link)
    {
        if (!byLink.TryGetValue(link, out SimulatedRecord? record))
        {
            record = new SimulatedRecord(link);
            byLink.Add(link, record);
            byId.Add(record.Id, record);
            groups.Begin(record);
        }

        return record;
    }

    private IEnumerable<(SimulatedRecord, PairScore)> EdgesOf(
        SimulatedRecord record,
        ImmutableArray<long> keys
    )
    {
        SimulatedRecord[] candidates = index.Find(record, keys);
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
    private void Connect(SimulatedRecord record, SimulatedRecord other, double score)
    {
        record.Edges[other] = score;
        other.Edges[record] = score;
        if (other.Edges.Count > rules.Limits.EdgesMax)
        {
            SimulatedRecord weakest = other.Edges.MinBy(edge => (edge.Value, -edge.Key.Id)).Key;
            other.Edges.Remove(weakest);
            weakest.Edges.Remove(other);
        }
    }

    private void Cluster(List<SimulatedRecord> touched)
    {
        HashSet<SimulatedRecord> component = ComponentOf(touched);
        ComponentMost = Math.Max(ComponentMost, component.Count);
        ImmutableArray<ImmutableArray<long>> clusters = Clustering.Of(
            [
                .. component.Select(record => new ClusterMember(
                    record.Id,
                    record.Individual,
                    record.Print
                )),
            ],
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
        ImmutableArray<long> names = GroupIds.Relabel(clusters, id => byId[id].Group, groups.Next);
        groups.Divide(
            component,
            clusters.Zip(names, (ids, name) => (ids.Select(id => byId[id]).ToArray(), name))
        );
    }

    // Best first over edges that link, so that what is left out of one that is too large is what is farthest.
    private HashSet<SimulatedRecord> ComponentOf(List<SimulatedRecord> touched)
    {
        HashSet<SimulatedRecord> reached = [];
        PriorityQueue<SimulatedRecord, (double, long)> waiting = new();
        foreach (SimulatedRecord record in touched)
        {
            waiting.Enqueue(record, (double.NegativeInfinity, record.Id));
        }

        while (waiting.TryDequeue(out SimulatedRecord? record, out _))
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
            foreach ((SimulatedRecord other, double score) in record.Edges)
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

        return [.. reached.SelectMany(groups.Of)];
    }
}

/// <summary>In which order candidates are scored when there are too many.</summary>
public static class CandidateRank
{
    /// <summary>What sharing a key is worth: rare keys more. A candidate's rank is the sum over shared keys.</summary>
    /// <param name="bucket">Records under the key, at least 1.</param>
    public static double OfKey(int bucket) => 1 / (1 + double.Log(bucket));
}
