namespace OrleansCdp.Identity;

/// <summary>
/// The step after identifiers are settled: a record that says the very same as another one goes where that goes, and needs
/// no keys and no edges of its own. So somebody who writes the same a hundred times takes no more room in a key than once.
/// </summary>
/// <remarks>
/// Of all records that say the same, one is compared; the others name it as theirs. When it comes to say something else,
/// or an anchor names it, the next one is compared in its place. A record that a steward has spoken of is compared by
/// itself, and no other goes with it.
/// </remarks>
internal sealed class MatchTwins(FuzzyRules rules, MatchBoard board, IMatchTurn turn)
{
    // Records whose twins are all on the board.
    private readonly HashSet<long> known = [];

    /// <summary>Records that are compared and lost or gained one that goes with them.</summary>
    public HashSet<long> Changed { get; } = [];

    /// <summary>Settles which records are compared and which go with another one.</summary>
    public async Task SettleAsync(CancellationToken cancel)
    {
        MatchCard[] changed =
        [
            .. board.Cards.Where(card =>
                card.HasChanged && (card.IsListed || card.WasListed) && !card.Now.IsIndividual
            ),
        ];
        if (changed.Length == 0)
        {
            return;
        }

        HashSet<string> spoken = await SpokenOfAsync(changed, cancel);
        await ReadTwinsAsync(
            changed.Where(card => card.Before is { Twin: null, Owner: null }).Select(Id),
            cancel
        );
        await board.ReadAsync(changed.Select(card => card.Now.Twin).OfType<long>(), cancel);
        var twins = board
            .Cards.Where(card => card.Now.IsTwin)
            .ToLookup(card => card.Now.Twin!.Value);
        foreach (MatchCard card in changed)
        {
            Part(card, spoken.Contains(card.Now.Subject));
        }

        foreach (MatchCard card in changed)
        {
            Succeed(card, twins[card.Now.Id]);
        }

        HashSet<long> followed = board.Followed();
        await JoinAsync(
            [
                .. changed.Where(card =>
                    card is { IsListed: true, Now.Twin: null } && !followed.Contains(card.Now.Id)
                ),
            ],
            cancel
        );
    }

    /// <summary>Gives records what those they go with have come to.</summary>
    public async Task FollowAsync(CancellationToken cancel)
    {
        await ReadTwinsAsync(
            board
                .Cards.Where(card =>
                    card is { IsListed: true, Now.Twin: null, Before: { } before }
                    && !card.Now.IsIndividual
                    && (before.Group != card.Now.Group || before.Individual != card.Now.Individual)
                )
                .Select(Id),
            cancel
        );
        await board.ReadAsync(board.Followed(), cancel);
        foreach (MatchCard card in board.Cards.Where(card => card.Now.IsTwin))
        {
            MatchRow first = board[card.Now.Twin!.Value].Now;
            if (first.IsTwin)
            {
                throw new InvalidOperationException(
                    $"{card.Now.Id} goes with one that goes with another."
                );
            }

            card.Now = card.Now with
            {
                Group = first.Group,
                Individual = first.Individual,
                Partner = first.Id,
                Score = board.Score(first.Id, card.Now.Id).Score,
            };
            if (
                card.Before is not { } before
                || before.Twin != card.Now.Twin
                || before.Individual != card.Now.Individual
            )
            {
                Changed.Add(first.Id);
            }
        }
    }

    private static long Id(MatchCard card) => card.Now.Id;

    private static Func<MatchCard, bool> GoesWith(MatchCard first) =>
        card => card.Now.Twin == first.Now.Id;

    /// <summary>Those of whom a steward has said anything.</summary>
    private async Task<HashSet<string>> SpokenOfAsync(MatchCard[] cards, CancellationToken cancel)
    {
        if (!turn.HasVerdicts)
        {
            return [];
        }

        var said = await turn.ReadVerdictsAsync(
            [.. cards.Select(card => card.Now.Subject)],
            cancel
        );
        return said.SelectMany(verdict =>
                new[] { verdict.A, verdict.B }.Where(subject => subject != verdict.Companion)
            )
            .ToHashSet(StringComparer.Ordinal);
    }

    private async Task ReadTwinsAsync(IEnumerable<long> firsts, CancellationToken cancel)
    {
        long[] asked = [.. firsts.Where(known.Add)];
        if (asked.Length > 0)
        {
            board.Add(await turn.ReadTwinsAsync(asked, cancel));
        }
    }

    /// <summary>Has a record be by itself that says something else than before, or is somebody's, or was spoken of.</summary>
    private void Part(MatchCard card, bool isSpokenOf)
    {
        if (card.Before?.Twin is { } former && former != card.Now.Id)
        {
            bool stays =
                card.IsListed
                && !isSpokenOf
                && card.SaysTheSame
                && board[former].SaysTheSame
                && board[former].IsListed
                && IsEnough(board[former]);
            if (stays)
            {
                return;
            }

            Changed.Add(former);
            card.IsTouched |= card.IsListed;
        }

        card.Now = card.Now with { Twin = card.IsListed && isSpokenOf ? card.Now.Id : null };
    }

    /// <summary>Has the next one be compared in the place of one that goes its own way.</summary>
    private void Succeed(MatchCard card, IEnumerable<MatchCard> twins)
    {
        MatchCard[] left = [.. twins.Where(GoesWith(card)).OrderBy(Id)];
        bool stays = card is { IsListed: true, Now.Twin: null, SaysTheSame: true };
        if (left.Length == 0 || (stays && IsEnough(card)))
        {
            return;
        }

        Changed.Add(card.Now.Id);
        bool isEnough = IsEnough(left[0]);
        foreach (MatchCard one in left)
        {
            bool follows = isEnough && one != left[0];
            one.Now = one.Now with { Twin = follows ? left[0].Now.Id : null };
            one.IsTouched |= !follows;
        }
    }

    /// <summary>Has records go with one that says the same; of several new ones with the first of them.</summary>
    private async Task JoinAsync(MatchCard[] alone, CancellationToken cancel)
    {
        MatchCard[] able = [.. alone.Where(IsEnough)];
        if (able.Length == 0)
        {
            return;
        }

        board.Add(
            await turn.ReadSameAsync(
                [.. able.Select(card => card.Now.Print).OfType<long>()],
                cancel
            )
        );
        // One that is compared already comes before those that come now, and of several the last, which has most room.
        var firsts = board
            .Cards.Where(card =>
                card
                    is { IsListed: true, Now: { Twin: null, Print: not null, IsIndividual: false } }
            )
            .GroupBy(card => card.Now.Print!.Value)
            .ToDictionary(same => same.Key, same => same.Except(able).MaxBy(Id) ?? same.MinBy(Id)!);
        var counts = await turn.CountTwinsAsync(
            [.. firsts.Values.Where(card => card.Before is not null).Select(Id)],
            cancel
        );
        Dictionary<long, int> room = firsts.Values.ToDictionary(
            Id,
            first => Limits.TwinsMax - counts.GetValueOrDefault(first.Now.Id)
        );
        foreach (MatchCard card in able)
        {
            if (
                card.Now.Print is not { } print
                || firsts[print] is not { } first
                || first == card
                || !first.Values.ComparesAs(card.Values)
            )
            {
                continue;
            }

            known.Add(card.Now.Id); // Nobody goes with it, but for those that come now.
            if (room[first.Now.Id]-- > 0)
            {
                card.Now = card.Now with { Twin = first.Now.Id };
            }
            else
            {
                firsts[print] = card;
                room[card.Now.Id] = Limits.TwinsMax;
            }
        }
    }

    /// <summary>Whether two who say just this are one.</summary>
    private bool IsEnough(MatchCard card) =>
        board.Score(card.Now.Id, card.Now.Id).Score >= rules.Thresholds.LinkMin;
}
