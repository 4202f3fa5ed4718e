namespace OrleansCdp.Identity;

/// <summary>One record in a turn: as it is stored, and as it is becoming.</summary>
internal sealed class MatchCard(MatchRow? before, MatchRow now)
{
    private MatchValues? values;

    /// <summary>As it is stored; null for a new one.</summary>
    public MatchRow? Before => before;

    /// <summary>As it is to be.</summary>
    public MatchRow Now { get; set; } = now;

    /// <summary>What the record says.</summary>
    public MatchValues Values
    {
        get => values ??= MatchValues.Decode(Now.Said);
        set
        {
            values = value;
            Now = Now with { Said = value.Encode(), Print = value.Print() };
        }
    }

    /// <summary>Whether what it says, or whom it is said of, is new: it is compared anew.</summary>
    public bool IsTouched { get; set; }

    /// <summary>
    /// Whether it is decided about again because of something else than what it says: where its link is may be another
    /// place than was decided, because of a merge that is taken back.
    /// </summary>
    public bool IsReconsidered { get; set; }

    /// <summary>Whether nobody is left of it: an individual whose last link went elsewhere.</summary>
    public bool IsGone { get; set; }

    /// <summary>Whether it is a record or an individual, and no part of one.</summary>
    public bool IsListed => !IsGone && Now.IsListed;

    /// <summary>Whether it was one before.</summary>
    public bool WasListed => before is { IsListed: true };

    /// <summary>Whether it says what it said before, whenever that was; false for a new one.</summary>
    public bool SaysTheSame =>
        before is not null
        && (before.Said.AsSpan().SequenceEqual(Now.Said) || ValuesBefore!.ComparesAs(Values));

    /// <summary>Whether it is compared with others when the turn is over.</summary>
    public bool IsCompared => !IsGone && Now.IsCompared;

    /// <summary>Whether it was before.</summary>
    public bool WasCompared => before is { IsCompared: true };

    /// <summary>Whether it may be shown as somebody's possible match.</summary>
    public bool IsFree => !IsGone && Now is { Owner: null, Individual: null };

    /// <summary>Whether it might have been before.</summary>
    public bool WasFree => before is { Owner: null, Individual: null };

    /// <summary>What it said before; null for a new one.</summary>
    public MatchValues? ValuesBefore => before is null ? null : MatchValues.Decode(before.Said);

    /// <summary>Whether it has to be found and compared anew, or must not be found any more.</summary>
    public bool HasChanged =>
        IsTouched || IsGone || WasCompared != IsCompared || WasListed != IsListed;
}

/// <summary>The records that a turn has seen, and the scores it knows.</summary>
internal sealed class MatchBoard(FuzzyRules rules, IMatchTurn turn)
{
    private readonly Dictionary<long, MatchCard> byId = [];
    private readonly Dictionary<string, MatchCard> bySubject = new(StringComparer.Ordinal);
    private readonly Dictionary<(long, long), PairScore> scores = [];
    private readonly Dictionary<long, MatchValues> identifying = [];

    /// <summary>All cards, in the order in which they were seen.</summary>
    public IReadOnlyCollection<MatchCard> Cards => byId.Values;

    /// <summary>Identifiers that identify nobody. Settled before anything is compared.</summary>
    public IReadOnlySet<long> Guarded { get; set; } = turn.Guarded;

    /// <summary>Comparisons made: a pair is compared once a turn.</summary>
    public int Compared => scores.Count;

    /// <summary>The card of a record that was read.</summary>
    public MatchCard this[long id] => byId[id];

    /// <summary>The card of a link or individual, if it was read or is new.</summary>
    public MatchCard? Find(string subject) => bySubject.GetValueOrDefault(subject);

    /// <summary>Whether a record was read.</summary>
    public bool Has(long id) => byId.ContainsKey(id);

    /// <summary>Those that others go with, as far as those others were read.</summary>
    public HashSet<long> Followed() =>
        [.. Cards.Where(card => card.Now.IsTwin).Select(card => card.Now.Twin!.Value)];

    /// <summary>Takes rows in. Of one that was read before the card stays.</summary>
    public void Add(IEnumerable<MatchRow> rows)
    {
        foreach (MatchRow row in rows)
        {
            if (!byId.ContainsKey(row.Id))
            {
                Add(new MatchCard(row, row));
            }
        }
    }

    /// <summary>Takes a new record in.</summary>
    public MatchCard Begin(MatchRow row)
    {
        MatchCard card = new(null, row);
        Add(card);
        return card;
    }

    /// <summary>Reads the records that were not read yet.</summary>
    public async Task ReadAsync(IEnumerable<long> ids, CancellationToken cancel)
    {
        long[] missing = [.. ids.Where(id => !Has(id)).Distinct()];
        if (missing.Length > 0)
        {
            Add(await turn.ReadAsync(missing, cancel));
        }
    }

    /// <summary>What of a record is compared: all but the identifiers that identify nobody.</summary>
    public MatchValues ComparedOf(MatchCard card)
    {
        if (!identifying.TryGetValue(card.Now.Id, out MatchValues? values))
        {
            values = rules.Identifying(card.Values, Guarded.Contains);
            identifying.Add(card.Now.Id, values);
        }

        return values;
    }

    /// <summary>What of a record was compared when it last was; empty for a new one.</summary>
    public MatchValues ComparedBefore(MatchCard card) =>
        card is { WasCompared: true, ValuesBefore: { } before }
            ? rules.Identifying(before, key => card.Before?.Guarded?.Contains(key) == true)
            : MatchValues.Empty;

    /// <summary>Compares two records, once.</summary>
    public PairScore Score(long left, long right)
    {
        (long, long) pair = left < right ? (left, right) : (right, left);
        if (!scores.TryGetValue(pair, out PairScore score))
        {
            score = rules.Score(ComparedOf(byId[pair.Item1]), ComparedOf(byId[pair.Item2]));
            scores.Add(pair, score);
        }

        return score;
    }

    private void Add(MatchCard card)
    {
        byId.Add(card.Now.Id, card);
        bySubject.Add(card.Now.Subject, card);
    }
}
