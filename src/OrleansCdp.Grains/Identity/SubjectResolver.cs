using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Finds the individual of every event of a chunk. A known link costs a look into memory; everything else of the
/// chunk shares one read, one claim and the moves the claims demand.
/// </summary>
internal sealed class SubjectResolver(
    IIdentityStore store,
    IOpenDecisionStore open,
    Anchoring anchoring,
    LinkMover mover,
    Merges merges,
    RecordMatching matching,
    int linksMax
)
{
    private const int RacesMax = 20;
    private readonly DecidedMoves moves = new(store, mover);
    private readonly Dictionary<LinkKey, KnownLink> known = [];

    /// <summary>The individual or account of each event.</summary>
    public async Task<Resolution> ResolveAsync(EventChunk chunk, CancellationToken cancel)
    {
        await matching.PrepareAsync(chunk, cancel);
        Destination[] targets = new Destination[chunk.Events.Length];
        List<int>? unknown = null;
        List<int>? unsaid = null;
        for (int i = 0; i < targets.Length; i++)
        {
            LinkEvent e = chunk.Events[i];
            if (e.Subject == SubjectKind.Account)
            {
                string account = SubjectIds.AccountOf(e.Link);
                targets[i] = new Destination(account, account);
            }
            else if (known.TryGetValue(e.Link, out KnownLink? link) && link.Covers(e))
            {
                targets[i] = link.Place with { IsRemembered = true };
                if (!link.WasCompared(matching.PrintOf(e), individual: null))
                {
                    (link.IsAnchored is null ? unknown ??= [] : unsaid ??= []).Add(i);
                }
            }
            else
            {
                (unknown ??= []).Add(i);
            }
        }

        List<Absorption> absorptions = [];
        OpenDecision[] left = unknown is null
            ? []
            : await DecideAsync(chunk, unknown, targets, absorptions, cancel);

        var uncompared = await new ChunkComparison(chunk, matching, known).CompareAsync(
            [.. unknown ?? [], .. unsaid ?? []],
            targets,
            absorptions,
            cancel
        );
        return new Resolution(targets, uncompared, left);
    }

    /// <summary>Notes that a link lives elsewhere, as its former individual said.</summary>
    public void Correct(LinkKey link, Destination place)
    {
        if (known.TryGetValue(link, out KnownLink? entry))
        {
            entry.BelongTo(place);
        }
    }

    /// <summary>Where a link lives as claims say now, whatever was remembered.</summary>
    public async Task<Destination> AskAsync(
        LinkKey link,
        Destination remembered,
        CancellationToken cancel
    )
    {
        Forget(link);
        string claim = ClaimKeys.Of(link);
        var held = await store.ReadAsync([claim], cancel);
        return held.TryGetValue(claim, out Claim? now)
            ? Destination.Of(now)
            : remembered with
            {
                IsRemembered = false,
            };
    }

    /// <summary>Forgets a link, so that its next event is decided about by the claims as they are then.</summary>
    public void Forget(LinkKey link) => known.Remove(link);

    /// <returns>What could not be carried out; it is kept.</returns>
    private async Task<OpenDecision[]> DecideAsync(
        EventChunk chunk,
        List<int> indexes,
        Destination[] targets,
        List<Absorption> absorptions,
        CancellationToken cancel
    )
    {
        ClaimBook book = await ReadBookAsync(chunk, indexes, cancel);
        Dictionary<string, string> stuck;
        List<Decided> decisions;
        for (int races = 0; ; races++)
        {
            decisions = Decide(chunk, indexes, book);
            // Stamps before the moves: whoever decides meanwhile by an older event must see that it is older.
            if (
                await TryClaimAsync(decisions, book, cancel)
                && await RestampAsync(chunk, indexes, book, cancel)
            )
            {
                // Also before: whoever takes a link must be known to have some, whatever happens to this chunk.
                Regrouped regrouped = await merges.ProveAsync(
                    decisions.Select(one => one.Decision),
                    book,
                    cancel
                );
                stuck = new(StringComparer.Ordinal);
                // A link that nobody had begins where it ends: a copy of nothing would be in its way when it comes back.
                var decided = decisions
                    .SelectMany(one => one.Decision.Moves)
                    .Where(move => move.Whole || book.FormerClaimOf(move.Link) is not null);
                if (await moves.MakeAsync(decided, book, stuck, cancel))
                {
                    await merges.PlaceAsync(regrouped.Moving);
                    await matching.ReviewAsync(regrouped.Changed, cancel);
                    break;
                }
            }

            if (races == RacesMax)
            {
                throw new LogUnavailableException(
                    "Claims keep changing; the chunk is tried again."
                );
            }

            book = await ReadBookAsync(chunk, indexes, cancel);
        }

        OpenDecision[] left = [.. decisions.SelectMany(one => OpenOf(one, stuck))];
        if (left.Length > 0)
        {
            await open.NoteAsync(left, cancel);
        }

        Settle(chunk, indexes, targets, book, stuck);
        ForgetDamaged(decisions, stuck);
        absorptions.AddRange(
            decisions
                .SelectMany(one => one.Decision.Moves)
                .Where(move => move.Whole && !stuck.ContainsKey(move.From))
                .Select(move => new Absorption(move.From, move.To))
        );
        return left;
    }

    /// <summary>What of a decision is not true yet.</summary>
    private static IEnumerable<OpenDecision> OpenOf(Decided one, Dictionary<string, string> stuck)
    {
        SequencedEvent e = one.Event with { Event = OpenDecision.Essence(one.Event.Event) };
        foreach (LinkMove move in one.Decision.Moves)
        {
            if (stuck.TryGetValue(move.From, out string? reason))
            {
                Stamp weight =
                    move.Link == e.Event.Link ? e.Stamp : one.Decision.Raised!.Value.Value;
                yield return new OpenDecision(ClaimKeys.Of(move.Link), weight, e, reason);
            }
        }

        foreach ((string claim, Stamp weight) in one.Decision.Overruled)
        {
            yield return new OpenDecision(claim, weight, e, ReasonCodes.Overruled);
        }
    }

    /// <summary>
    /// Sends all events of a link one way. What was known of a link may be older than the decision, and an event that
    /// came to its owner by way of a former one would find a later event there already, and be taken for known.
    /// </summary>
    private void Settle(
        EventChunk chunk,
        List<int> indexes,
        Destination[] targets,
        ClaimBook book,
        Dictionary<string, string> stuck
    )
    {
        Dictionary<LinkKey, (Destination At, bool IsStuck)> places = [];
        foreach (int i in indexes)
        {
            LinkEvent e = chunk.Events[i];
            if (!places.TryGetValue(e.Link, out var place))
            {
                Claim? former = book.FormerClaimOf(e.Link);
                bool isStuck = former is not null && stuck.ContainsKey(former.Owner);
                Claim claim = isStuck ? former! : book.ClaimOf(e.Link);
                place = places[e.Link] = (Destination.Of(claim), isStuck);
            }

            if (place.IsStuck)
            {
                // The claims were not taken, so each event comes this way and tries the move again.
                Forget(e.Link);
            }
            else
            {
                bool isAnchored = book.HolderOf(ClaimKeys.Of(e.Link))!.IsAnchored;
                Remember(e, place.At, isAnchored);
            }
        }

        for (int i = 0; i < targets.Length; i++)
        {
            if (places.TryGetValue(chunk.Events[i].Link, out var place))
            {
                targets[i] = place.At;
            }
        }
    }

    private void ForgetDamaged(List<Decided> decisions, Dictionary<string, string> stuck)
    {
        foreach (Decided one in decisions.Where(one => one.Decision.Moves.Any(IsDamaged)))
        {
            Forget(one.Event.Event.Link); // Said again once the state is restored, it is decided about again.
        }

        bool IsDamaged(LinkMove move) =>
            stuck.GetValueOrDefault(move.From) == ReasonCodes.StateCorrupt;
    }

    private async Task<ClaimBook> ReadBookAsync(
        EventChunk chunk,
        List<int> indexes,
        CancellationToken cancel
    )
    {
        HashSet<string> wanted = new(StringComparer.Ordinal);
        Dictionary<LinkKey, KnownLink> read = [];
        foreach (LinkEvent e in indexes.Select(i => chunk.Events[i]))
        {
            if (!IsCovered(read, e))
            {
                wanted.UnionWith(anchoring.ClaimsOf(e));
                LinkOf(read, e.Link, default).Learn(e);
            }
        }

        return new ClaimBook(await store.ReadAsync(wanted, cancel));
    }

    /// <summary>
    /// Decides about each event that says something its link did not say before, in this chunk too: a visitor whose
    /// first events come in hundreds is decided about once.
    /// </summary>
    private List<Decided> Decide(EventChunk chunk, List<int> indexes, ClaimBook book)
    {
        List<Decided> decisions = [];
        Dictionary<LinkKey, KnownLink> settled = [];
        foreach (int i in indexes)
        {
            SequencedEvent e = new(chunk.FirstSequence + i, chunk.Events[i]);
            if (IsCovered(settled, e.Event))
            {
                continue;
            }

            AnchorDecision decision = anchoring.Decide(
                e.Event,
                e.Stamp,
                book.HolderOf,
                matching.IsPooled(e.Event)
            );
            book.Apply(e.Event.Link, decision);
            Destination place = Destination.Of(decision.Target);
            KnownLink link = LinkOf(settled, e.Event.Link, place);
            link.BelongTo(place);
            link.Learn(e.Event);
            decisions.Add(new Decided(e, decision));
        }

        return decisions;
    }

    private static bool IsCovered(Dictionary<LinkKey, KnownLink> links, LinkEvent e) =>
        links.TryGetValue(e.Link, out KnownLink? link) && link.Covers(e);

    private static KnownLink LinkOf(
        Dictionary<LinkKey, KnownLink> links,
        LinkKey key,
        Destination place
    ) => links.TryGetValue(key, out KnownLink? link) ? link : links[key] = new KnownLink(place);

    private async Task<bool> TryClaimAsync(
        List<Decided> decisions,
        ClaimBook book,
        CancellationToken cancel
    )
    {
        Dictionary<string, Claim> wanted = new(StringComparer.Ordinal);
        foreach (var claim in decisions.SelectMany(one => one.Decision.Claims))
        {
            // As it stands after the whole chunk: an owner that a later event absorbs never claims.
            wanted[claim.Key] = book.HolderOf(claim.Key)!;
        }

        if (wanted.Count == 0)
        {
            return true;
        }

        var held = await store.ClaimAsync(wanted, cancel);
        book.NoteStored(held);
        return wanted.All(claim => held[claim.Key].Owner == claim.Value.Owner);
    }

    /// <returns>
    /// Whether links that an anchor gives to whom they only matched are still there: one may have been about to leave.
    /// </returns>
    private async Task<bool> RestampAsync(
        EventChunk chunk,
        List<int> indexes,
        ClaimBook book,
        CancellationToken cancel
    )
    {
        Dictionary<string, Claim> stamped = new(StringComparer.Ordinal);
        foreach (string link in indexes.SelectMany(i => ClaimKeys.StampedBy(chunk.Events[i])))
        {
            if (book.RestampedOf(link) is { } claim)
            {
                stamped[link] = claim;
            }
        }

        if (stamped.Count > 0)
        {
            await store.RestampAsync(stamped, cancel);
        }

        ClaimMove[] confirmed =
        [
            .. indexes
                .Select(i => ClaimKeys.Of(chunk.Events[i].Link))
                .Distinct(StringComparer.Ordinal)
                .Select(link => (Link: link, Rank: book.ConfirmedRankOf(link)))
                .Where(claim => claim.Rank is not null)
                .Select(claim =>
                    (claim.Link, Rank: claim.Rank!.Value, book.HolderOf(claim.Link)!.Owner)
                )
                .Select(claim => new ClaimMove(
                    claim.Link,
                    claim.Owner,
                    claim.Owner,
                    claim.Rank,
                    book.HolderOf(claim.Link)!.Cause
                )),
        ];
        if (confirmed.Length == 0)
        {
            return true;
        }

        await store.RepointAsync(confirmed, cancel);
        var now = await store.ReadAsync([.. confirmed.Select(claim => claim.Claim)], cancel);
        return confirmed.All(claim => now[claim.Claim].Owner == claim.To);
    }

    private void Remember(LinkEvent e, Destination place, bool isAnchored)
    {
        if (!known.TryGetValue(e.Link, out KnownLink? link))
        {
            if (known.Count >= linksMax)
            {
                known.Clear(); // Rare and cheap to rebuild: one read per chunk.
            }

            known[e.Link] = link = new KnownLink(place);
        }

        link.BelongTo(place);
        link.IsAnchored = isAnchored;
        link.Learn(e);
    }

    /// <summary>An event and what was decided about it.</summary>
    private readonly record struct Decided(SequencedEvent Event, AnchorDecision Decision);
}
