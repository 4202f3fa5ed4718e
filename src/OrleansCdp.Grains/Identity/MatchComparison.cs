namespace OrleansCdp.Identity;

/// <summary>
/// The second step of a turn: what is new is found by its keys and compared. The edges of a record are replaced as a
/// whole, so they are a function of what is said and not of the order in which it was.
/// </summary>
internal sealed class MatchComparison(FuzzyRules rules, MatchBoard board, IMatchTurn turn)
{
    private readonly Dictionary<long, HashSet<long>> keysAdded = [];
    private readonly Dictionary<(long, long), StoredEdge> put = [];

    // Of records that have fewer keys than before, those they have left.
    private readonly Dictionary<long, HashSet<long>> keysLeft = [];

    /// <summary>Keys that records have now and had not before.</summary>
    public List<RecordKey> KeysAdded { get; } = [];

    /// <summary>Keys that records had before and have not now.</summary>
    public List<RecordKey> KeysRemoved { get; } = [];

    /// <summary>Keys that too many records share, as of now or once more.</summary>
    public List<ClosedKey> KeysClosed { get; } = [];

    /// <summary>Edges of the records that changed, as they are to be.</summary>
    public IReadOnlyDictionary<(long A, long B), StoredEdge> Edges => put;

    /// <summary>Edges of the records that changed, as they were.</summary>
    public Dictionary<(long A, long B), StoredEdge> EdgesBefore { get; } = [];

    /// <summary>Candidates that were compared, over all records that changed.</summary>
    public int Candidates { get; private set; }

    /// <summary>Finds and compares.</summary>
    public async Task CompareAsync(CancellationToken cancel)
    {
        MatchCard[] changed = [.. board.Cards.Where(card => card.HasChanged)];
        MatchCard[] touched = [.. changed.Where(card => card.IsTouched && card.IsCompared)];
        await ReadBeforeAsync([.. changed.Where(card => card.WasCompared)], cancel);
        var candidates = await FindAsync(changed, touched, cancel);
        await board.ReadAsync(
            candidates.Values.SelectMany(found => found).Concat(EndsOf(EdgesBefore.Keys)),
            cancel
        );
        foreach (MatchCard card in touched)
        {
            Compare(card.Now.Id, candidates[card.Now.Id]);
        }
    }

    /// <summary>Edges that are no more.</summary>
    public IEnumerable<(long A, long B)> EdgesRemoved() =>
        EdgesBefore.Keys.Where(pair => !put.ContainsKey(pair));

    /// <summary>Edges that are new, or were scored otherwise before.</summary>
    public IEnumerable<StoredEdge> EdgesPut() =>
        put.Values.Where(edge =>
            !EdgesBefore.TryGetValue((edge.A, edge.B), out StoredEdge before) || before != edge
        );

    private static IEnumerable<long> EndsOf(IEnumerable<(long A, long B)> pairs) =>
        pairs.SelectMany(pair => new[] { pair.A, pair.B });

    private async Task ReadBeforeAsync(MatchCard[] known, CancellationToken cancel)
    {
        if (known.Length == 0)
        {
            return;
        }

        var (edges, members) = await turn.ReadAroundAsync(
            [.. known.Select(card => card.Now.Id)],
            double.NegativeInfinity,
            [.. known.Select(card => card.Before!.Group).OfType<long>().Distinct()],
            cancel
        );
        board.Add(members);
        foreach (StoredEdge edge in edges)
        {
            EdgesBefore[(edge.A, edge.B)] = edge;
        }
    }

    /// <summary>The records that share most keys with each, rare keys counting more.</summary>
    private async Task<Dictionary<long, long[]>> FindAsync(
        MatchCard[] changed,
        MatchCard[] touched,
        CancellationToken cancel
    )
    {
        Dictionary<long, HashSet<long>> keysOf = [];
        foreach (MatchCard card in changed)
        {
            HashSet<long> now = card.IsCompared ? [.. rules.KeysOf(board.ComparedOf(card))] : [];
            HashSet<long> then = [.. rules.KeysOf(board.ComparedBefore(card))];
            keysOf[card.Now.Id] = now;
            keysAdded[card.Now.Id] = [.. now.Except(then)];
            KeysRemoved.AddRange(then.Except(now).Select(key => new RecordKey(key, card.Now.Id)));
            if (!then.IsSubsetOf(now))
            {
                keysLeft[card.Now.Id] = now;
            }
        }

        KeyReading read = await turn.ReadKeysAsync(
            [.. keysOf.Values.SelectMany(keys => keys).Distinct()],
            rules.Limits.BucketMax + 1,
            cancel
        );
        var buckets = BucketsOf(keysOf, read);
        return touched.ToDictionary(
            card => card.Now.Id,
            card => BestOf(card.Now.Id, keysOf[card.Now.Id], buckets)
        );
    }

    /// <summary>Who has each key once the turn is over, as far as that many are read.</summary>
    private Dictionary<long, HashSet<long>> BucketsOf(
        Dictionary<long, HashSet<long>> keysOf,
        KeyReading read
    )
    {
        Dictionary<long, HashSet<long>> buckets = read.Records.ToDictionary(
            key => key.Key,
            key => key.Value.ToHashSet()
        );
        foreach (RecordKey gone in KeysRemoved)
        {
            buckets.GetValueOrDefault(gone.Key)?.Remove(gone.Record);
        }

        foreach ((long record, HashSet<long> keys) in keysOf)
        {
            foreach (long key in keys.Where(key => !read.Closed.Contains(key)))
            {
                if (!buckets.TryGetValue(key, out HashSet<long>? bucket))
                {
                    buckets.Add(key, bucket = []);
                }

                bucket.Add(record);
            }
        }

        HashSet<long> closing =
        [
            .. buckets
                .Where(bucket => bucket.Value.Count > rules.Limits.BucketMax)
                .Select(bucket => bucket.Key),
        ];
        KeysClosed.AddRange(closing.Select(key => new ClosedKey(key, buckets[key].Count)));
        KeysClosed.AddRange(
            keysAdded
                .Values.SelectMany(keys => keys)
                .Where(read.Closed.Contains)
                .CountBy(key => key)
                .Select(key => new ClosedKey(key.Key, key.Value))
        );
        foreach (long key in closing)
        {
            buckets.Remove(key);
        }

        KeysAdded.AddRange(
            keysAdded.SelectMany(
                record => record.Value.Where(buckets.ContainsKey),
                (record, key) => new RecordKey(key, record.Key)
            )
        );
        return buckets;
    }

    private long[] BestOf(long id, HashSet<long> keys, Dictionary<long, HashSet<long>> buckets)
    {
        Dictionary<long, double> shared = [];
        foreach (long key in keys.Order())
        {
            if (!buckets.TryGetValue(key, out HashSet<long>? bucket))
            {
                continue;
            }

            double weight = CandidateRank.OfKey(bucket.Count);
            foreach (long other in bucket)
            {
                if (other != id)
                {
                    shared[other] = shared.GetValueOrDefault(other) + weight;
                }
            }
        }

        return
        [
            .. shared
                .OrderByDescending(other => other.Value)
                .ThenBy(other => other.Key)
                .Take(rules.Limits.CandidatesMax)
                .Select(other => other.Key),
        ];
    }

    /// <summary>Whoever was found by what a record does not say any more is found no more, as if it had never said it.</summary>
    private bool IsStillFound(long id, long other) =>
        !keysLeft.TryGetValue(id, out HashSet<long>? left)
        || rules.KeysOf(board.ComparedOf(board[other])).Any(left.Contains);

    private void Compare(long id, long[] candidates)
    {
        Candidates += candidates.Length;
        IEnumerable<long> known = EdgesBefore
            .Keys.Where(pair => pair.A == id || pair.B == id)
            .Select(pair => pair.A == id ? pair.B : pair.A)
            .Where(other => IsStillFound(id, other));
        var best = candidates
            .Union(known)
            .Where(other => board[other].IsCompared)
            .Select(other => (Other: other, Score: board.Score(id, other)))
            .Where(scored => scored.Score.Score >= rules.Thresholds.SoftMin)
            .OrderByDescending(scored => scored.Score.Score)
            .ThenBy(scored => scored.Other)
            .Take(rules.Limits.EdgesMax);
        foreach ((long other, PairScore score) in best)
        {
            (long a, long b) = id < other ? (id, other) : (other, id);
            put[(a, b)] = new StoredEdge(a, b, score.Score, score.Levels);
        }
    }
}
