namespace OrleansCdp.Identity;

/// <summary>What an event says of a link, for matching.</summary>
/// <param name="Link">The link.</param>
/// <param name="Owner">The individual that an anchor gives it to; null when this event says nothing of that.</param>
/// <param name="Values">What it says; <see cref="MatchValues.Empty"/> for nothing.</param>
/// <param name="EventId">The event.</param>
internal readonly record struct MatchStatement(
    string Link,
    string? Owner,
    MatchValues Values,
    string EventId
)
{
    /// <summary>Whether it is to be decided about although it says nothing new.</summary>
    public bool IsReconsidered { get; init; }

    /// <summary>That a link or an individual is to be decided about again.</summary>
    public static MatchStatement Again(string subject) =>
        new(subject, null, MatchValues.Empty, "") { IsReconsidered = true };
}

/// <summary>An individual whose links all went to another one.</summary>
/// <param name="From">The individual that was absorbed.</param>
/// <param name="To">Who absorbed it.</param>
internal readonly record struct Absorption(string From, string To);

/// <summary>
/// The first step of a turn: statements become rows. A link that an anchor names speaks for its individual, and is
/// compared as part of it; one that changes its individual takes what it said along.
/// </summary>
internal sealed class MatchStatements(MatchBoard board, IMatchTurn turn)
{
    private readonly HashSet<string> refilled = new(StringComparer.Ordinal);
    private Queue<long> ids = new();

    /// <summary>Links that an anchor names now: no move that matching decided before is to be made.</summary>
    public List<string> Anchored { get; } = [];

    /// <summary>Links and individuals whose rows a turn begins with.</summary>
    public static IReadOnlyCollection<string> SubjectsOf(
        IReadOnlyCollection<MatchStatement> statements,
        IReadOnlyCollection<Absorption> absorptions
    ) =>
        [
            .. statements
                .SelectMany(said =>
                    said.Owner is null ? new[] { said.Link } : [said.Link, said.Owner]
                )
                .Concat(absorptions.SelectMany(one => new[] { one.From, one.To }))
                .Distinct(StringComparer.Ordinal),
        ];

    /// <summary>Takes statements in.</summary>
    public async Task TakeAsync(
        IReadOnlyCollection<MatchStatement> statements,
        IReadOnlyCollection<Absorption> absorptions,
        CancellationToken cancel
    )
    {
        // What is reconsidered comes last: whoever has to be compared in its place is known by then.
        MatchStatement[] said =
        [
            .. statements.Where(one => !one.IsReconsidered).Select(AsRoot),
            .. await ReownedAsync(absorptions, cancel),
            .. await OwnedAnewAsync(statements, cancel),
            .. statements.Where(one => one.IsReconsidered),
        ];
        string[] subjects = [.. SubjectsOf(said, [])];
        // What the turn began with was read, or is not there.
        HashSet<string> read = [.. SubjectsOf(statements, absorptions)];
        // Whoever they belonged to until now, too: those lose what they said.
        string[] others =
        [
            .. subjects
                .Select(subject => board.Find(subject)?.Now.Owner)
                .OfType<string>()
                .Concat(subjects)
                .Where(subject => board.Find(subject) is null && !read.Contains(subject))
                .Distinct(StringComparer.Ordinal),
        ];
        board.Add(await turn.ReadAsync(others, cancel));
        int missing = subjects.Count(subject => board.Find(subject) is null);
        ids = new(await turn.NextIdsAsync(missing, cancel));
        foreach (MatchStatement one in said)
        {
            Take(one);
        }

        await RefillAsync(cancel);
    }

    /// <summary>An individual that was absorbed has no links any more; each is said of its absorber.</summary>
    private async Task<List<MatchStatement>> ReownedAsync(
        IReadOnlyCollection<Absorption> absorptions,
        CancellationToken cancel
    )
    {
        Absorption[] known = [.. absorptions.Where(one => board.Find(one.From) is not null)];
        if (known.Length == 0)
        {
            return [];
        }

        var links = await turn.ReadAnchoredAsync([.. known.Select(one => one.From)], cancel);
        board.Add(links);
        Dictionary<string, string> absorber = new(StringComparer.Ordinal);
        foreach (Absorption one in known)
        {
            absorber[one.From] = RootOf(one.To);
        }

        return
        [
            .. links.Select(link => new MatchStatement(
                link.Subject,
                absorber[link.Owner!],
                MatchValues.Empty,
                link.EventId
            )),
        ];
    }

    /// <summary>Links of the individuals that are reconsidered, each said of whom it belongs to by now.</summary>
    private async Task<List<MatchStatement>> OwnedAnewAsync(
        IReadOnlyCollection<MatchStatement> statements,
        CancellationToken cancel
    )
    {
        string[] subjects =
        [
            .. statements
                .Where(one => one.IsReconsidered)
                .SelectMany(one => new[] { one.Link, RootOf(one.Link) })
                .Distinct(StringComparer.Ordinal),
        ];
        if (subjects.Length == 0)
        {
            return [];
        }

        var links = await turn.ReadOwnersAsync(subjects, cancel);
        board.Add(links.Select(link => link.Row));
        return
        [
            .. links
                .Where(link => link.Owner is not null && link.Owner != link.Row.Owner)
                .Select(link => new MatchStatement(
                    link.Row.Subject,
                    link.Owner,
                    MatchValues.Empty,
                    link.Row.EventId
                )),
        ];
    }

    /// <summary>
    /// A link is said of whom claims give it to by now: another event may have given it away since this one was decided
    /// about, and told so before. An individual that is merged is compared as whoever has its links.
    /// </summary>
    private MatchStatement AsRoot(MatchStatement said) =>
        said.Owner is null
            ? said
            : said with
            {
                Owner = turn.Owned.GetValueOrDefault(said.Link) ?? RootOf(said.Owner),
            };

    private string RootOf(string individual) =>
        turn.Roots.GetValueOrDefault(individual, individual);

    private void Take(MatchStatement said)
    {
        MatchCard? card = board.Find(said.Link);
        if (card is null)
        {
            if (said.Values.IsEmpty && (said.Owner is not null || said.IsReconsidered))
            {
                return; // It never said anything that could be compared.
            }

            card = Begin(said.Link, said.EventId);
        }

        if (said.IsReconsidered)
        {
            StandInOf(card).IsTouched = true;
            card.IsReconsidered = true;
            return;
        }

        MatchValues values = card.Values.Join(said.Values);
        string? owner = said.Owner ?? card.Now.Owner;
        bool isSame = card.Before is not null && values.Equals(card.Values);
        if (isSame && owner == card.Now.Owner)
        {
            return;
        }

        string? formerOwner = card.Now.Owner;
        bool isRestated =
            card.Before is not null && owner == formerOwner && values.ComparesAs(card.Values);
        card.Values = values;
        card.IsGone = owner is not null && values.IsEmpty; // It waits no more, and there is nothing to be kept of it.
        if (!isRestated)
        {
            card.Now = card.Now with { EventId = said.EventId };
        }

        if (owner is null)
        {
            card.IsTouched |= !isRestated;
            return;
        }

        if (formerOwner != owner)
        {
            Anchored.Add(said.Link);
            card.Now = card.Now with
            {
                Owner = owner,
                Group = null,
                Individual = owner,
                Score = null,
                Partner = null,
            };
            if (formerOwner is not null)
            {
                refilled.Add(formerOwner);
            }
        }

        if (!values.IsEmpty)
        {
            TakeOf(owner, values, said.EventId);
        }
    }

    /// <summary>Takes what a link says for its individual's.</summary>
    private void TakeOf(string owner, MatchValues values, string eventId)
    {
        MatchCard individual = board.Find(owner) ?? Begin(owner, eventId);
        MatchValues together = individual.Values.Join(values);
        bool isSaidAlready =
            individual.Before is not null && together.ComparesAs(individual.Values);
        if (!isSaidAlready || !together.Equals(individual.Values))
        {
            individual.Values = together;
        }

        if (!isSaidAlready)
        {
            individual.Now = individual.Now with
            {
                Owner = owner,
                Individual = owner,
                EventId = eventId,
            };
            individual.IsTouched = true;
            individual.IsGone = false;
        }
    }

    /// <summary>What is compared in place of a link that an anchor names.</summary>
    private MatchCard StandInOf(MatchCard card) =>
        card.Now.Owner is { } owner && board.Find(owner) is { } individual ? individual : card;

    private MatchCard Begin(string subject, string eventId) =>
        board.Begin(
            new MatchRow
            {
                Id = ids.Dequeue(),
                Subject = subject,
                EventId = eventId,
                Said = MatchValues.Empty.Encode(),
            }
        );

    /// <summary>Of individuals that lost a link, what the others say.</summary>
    private async Task RefillAsync(CancellationToken cancel)
    {
        if (refilled.Count == 0)
        {
            return;
        }

        board.Add(await turn.ReadAnchoredAsync(refilled, cancel));
        var links = board
            .Cards.Where(card => card.Now.Owner is not null && !card.Now.IsIndividual)
            .ToLookup(card => card.Now.Owner!, StringComparer.Ordinal);
        foreach (string subject in refilled)
        {
            if (board.Find(subject) is not { } individual)
            {
                continue;
            }

            MatchValues left = links[subject]
                .Aggregate(MatchValues.Empty, (all, card) => all.Join(card.Values));
            individual.IsGone = left.IsEmpty;
            if (!left.Equals(individual.Values))
            {
                individual.Values = left;
                individual.IsTouched = true;
            }
        }
    }
}
