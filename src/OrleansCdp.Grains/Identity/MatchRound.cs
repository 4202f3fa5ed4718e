namespace OrleansCdp.Identity;

/// <summary>What a turn decided, for those who make it true outside of the database.</summary>
/// <param name="Moves">Links that must go somewhere.</param>
/// <param name="News">Individuals that are to be told which records may be theirs.</param>
internal sealed record MatchOutcome(
    IReadOnlyCollection<(string Link, string? Target)> Moves,
    IReadOnlyCollection<string> News
)
{
    /// <summary>Records that were compared.</summary>
    public int Candidates { get; init; }

    /// <summary>Records whose candidates these were.</summary>
    public int Decided { get; init; }

    /// <summary>Whether more records hang together than are clustered at once.</summary>
    public bool IsOversized { get; init; }

    /// <summary>Keys that were closed.</summary>
    public int KeysClosed { get; init; }

    /// <summary>Identifiers that stopped identifying, or identify again.</summary>
    public IReadOnlyCollection<GuardChange> Guards { get; init; } = [];
}

/// <summary>One turn: what statements say becomes rows, edges, groups, and what follows from them.</summary>
internal sealed class MatchRound(FuzzyRules rules, IMatchTurn turn)
{
    private readonly MatchBoard board = new(rules, turn);

    /// <summary>Decides, and commits.</summary>
    public async Task<MatchOutcome> RunAsync(
        IReadOnlyCollection<MatchStatement> said,
        IReadOnlyCollection<Absorption> absorptions,
        CancellationToken cancel
    )
    {
        board.Add(turn.Rows);
        MatchStatements statements = new(board, turn);
        await statements.TakeAsync(said, absorptions, cancel);
        MatchComparison comparison = new(rules, board, turn);
        MatchGrouping grouping = new(rules, board, comparison, turn);
        MatchGuards guards = new(rules, board, turn);
        MatchTwins twins = new(rules, board, turn);
        if (board.Cards.Any(card => card.IsTouched || card.IsGone || card.Before != card.Now))
        {
            await guards.SettleAsync(cancel);
            await twins.SettleAsync(cancel);
            guards.Mark();
            await comparison.CompareAsync(cancel);
            await grouping.GroupAsync(cancel);
            await twins.FollowAsync(cancel);
        }

        MatchCard[] cards = [.. board.Cards];
        (string Link, string? Target)[] moves = [.. MovesOf(cards)];
        string[] news = [.. await NewsAsync(comparison, twins.Changed, cancel)];
        await turn.CommitAsync(
            new MatchWrites
            {
                Added = [.. cards.Where(IsNew).Select(card => card.Now)],
                Changed = [.. cards.Where(IsChanged).Select(card => card.Now)],
                Removed =
                [
                    .. cards
                        .Where(card => card is { IsGone: true, Before: not null })
                        .Select(card => card.Now.Id),
                ],
                KeysAdded = comparison.KeysAdded,
                KeysRemoved = comparison.KeysRemoved,
                KeysClosed = comparison.KeysClosed,
                IdentifiersAdded = guards.Added,
                IdentifiersRemoved = guards.Removed,
                Guards = guards.Changes,
                EdgesPut = [.. comparison.EdgesPut()],
                EdgesRemoved = [.. comparison.EdgesRemoved()],
                Changes = [.. ChangesOf(cards, comparison)],
                Moves = moves,
                MovesWithdrawn = statements.Anchored,
                News = news,
                Oversized = grouping.Oversized,
            },
            cancel
        );
        return new MatchOutcome(moves, news)
        {
            Candidates = comparison.Candidates,
            Decided = cards.Count(card => card is { IsTouched: true, IsCompared: true }),
            IsOversized = grouping.Oversized is not null,
            Guards = guards.Changes,
            KeysClosed = comparison.KeysClosed.Count(key => key.Records > rules.Limits.BucketMax),
        };
    }

    private static bool IsNew(MatchCard card) => card is { Before: null, IsGone: false };

    private static bool IsChanged(MatchCard card) =>
        card is { IsGone: false, Before: { } before } && before != card.Now;

    private static IEnumerable<(string Link, string? Target)> MovesOf(MatchCard[] cards) =>
        cards
            .Where(card =>
                card.Now.Owner is null
                && (card.IsReconsidered || card.Before?.Individual != card.Now.Individual)
            )
            .Select(card => (card.Now.Subject, card.Now.Individual));

    private IEnumerable<MatchChange> ChangesOf(MatchCard[] cards, MatchComparison comparison)
    {
        MatchReasons reasons = new(board);
        foreach (MatchCard card in cards)
        {
            if (card.Now.IsIndividual || reasons.IsWhereItWas(card))
            {
                continue;
            }

            (string reason, string? causedBy) = reasons.Of(card);

            long? levels =
                card.Now.Partner is { } partner
                && comparison.Edges.TryGetValue(PairOf(card.Now.Id, partner), out StoredEdge edge)
                    ? edge.Levels
                : card.Now.Partner is { } other ? board.Score(card.Now.Id, other).Levels
                : null;
            yield return new MatchChange
            {
                From = card.Before,
                To = card.Now,
                Partner = card.Now.Partner is { } with ? board[with].Now.Subject : null,
                Levels = levels,
                Reason = reason,
                CausedBy = causedBy,
            };
        }
    }

    /// <summary>Individuals whose possible matches are others now, or score otherwise.</summary>
    private async Task<HashSet<string>> NewsAsync(
        MatchComparison comparison,
        HashSet<long> joined,
        CancellationToken cancel
    )
    {
        Dictionary<(long, long), StoredEdge> others = [];
        long[] led =
        [
            .. board
                .Cards.Where(card =>
                    card is { IsTouched: false, IsGone: false }
                    && (card.WasFree != card.IsFree || joined.Contains(card.Now.Id))
                )
                .Select(card => card.Now.Id),
        ];
        if (led.Length > 0)
        {
            var (edges, _) = await turn.ReadAroundAsync(led, double.NegativeInfinity, [], cancel);
            await board.ReadAsync(edges.SelectMany(edge => new[] { edge.A, edge.B }), cancel);
            others = edges
                .Where(edge => !comparison.EdgesBefore.ContainsKey((edge.A, edge.B)))
                .ToDictionary(edge => (edge.A, edge.B));
        }

        HashSet<string> news = new(StringComparer.Ordinal);
        foreach (
            (long a, long b) in comparison
                .EdgesBefore.Keys.Union(comparison.Edges.Keys)
                .Union(others.Keys)
        )
        {
            MatchCard individual = board[a].Now.IsIndividual ? board[a] : board[b];
            MatchCard record = individual == board[a] ? board[b] : board[a];
            if (!individual.Now.IsIndividual || record.Now.IsIndividual)
            {
                continue;
            }

            StoredEdge? then = record.WasFree ? EdgeIn(comparison.EdgesBefore) : null;
            StoredEdge? now = record.IsFree ? EdgeIn(comparison.Edges) : null;
            bool isJoined = joined.Contains(record.Now.Id) && (then is not null || now is not null);
            if (then != now || isJoined)
            {
                news.Add(individual.Now.Subject);
            }

            StoredEdge? EdgeIn(IReadOnlyDictionary<(long A, long B), StoredEdge> edges) =>
                edges.TryGetValue((a, b), out StoredEdge edge) ? edge
                : others.TryGetValue((a, b), out edge) ? edge
                : null;
        }

        return news;
    }

    private static (long A, long B) PairOf(long a, long b) => a < b ? (a, b) : (b, a);
}
