using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Makes the moves of links that a chunk's events demand, together where they have nothing to do with each other.</summary>
internal sealed class DecidedMoves(IIdentityStore store, LinkMover mover)
{
    /// <summary>
    /// Makes the moves. Claims on what moved go along: a link takes its own with it, but an individual may hold others,
    /// of links it gave away before, or that were made while it was being absorbed.
    /// </summary>
    /// <param name="decided">The moves that decisions demand, in their order.</param>
    /// <param name="book">The claims they rest on.</param>
    /// <param name="stuck">Takes those whose links could not move to their target, and why.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>
    /// Whether all is where the decisions wanted it. Otherwise links had gone elsewhere before: decide again, by claims
    /// that say so now.
    /// </returns>
    public async Task<bool> MakeAsync(
        IEnumerable<LinkMove> decided,
        ClaimBook book,
        Dictionary<string, string> stuck,
        CancellationToken cancel
    )
    {
        bool asWanted = true;
        Dictionary<string, (List<string> From, ClaimMove To)> claims = [];
        foreach (var wave in MoveWaves.Of(decided))
        {
            if (await FollowAbsorbedAsync(wave, book, cancel))
            {
                return false;
            }

            MoveEnd[] ends = await Task.WhenAll(
                wave.Select(move => mover.MoveAsync(move, PlaceOf(move, book)))
            );
            foreach ((LinkMove move, MoveEnd end) in wave.Zip(ends))
            {
                if (end.Place?.Owner is not { } owner)
                {
                    stuck[move.From] = end.Code!;
                    continue;
                }

                asWanted &= owner == move.To;
                if (owner == move.From)
                {
                    continue; // It stays: why it is there is as true as before.
                }

                NoteClaims(move, owner, end.Rank, book, claims);
            }
        }

        if (claims.Count > 0)
        {
            await store.RepointAsync(
                [
                    .. claims.SelectMany(
                        claim => claim.Value.From,
                        (claim, from) => claim.Value.To with { From = from }
                    ),
                ],
                cancel
            );
        }

        var held = claims.Where(claim => claim.Value.From.Contains(claim.Value.To.To));
        return asWanted
            && await AreThereAsync(
                held.ToDictionary(claim => claim.Key, claim => claim.Value.To.To),
                cancel
            );
    }

    /// <summary>Notes where claims go with a move, and from whom.</summary>
    private static void NoteClaims(
        LinkMove move,
        string owner,
        int rank,
        ClaimBook book,
        Dictionary<string, (List<string> From, ClaimMove To)> claims
    )
    {
        foreach (string claim in book.ReadOf(move))
        {
            // Of a link that moved twice the claim may still be with the first, or have come along.
            List<string> from = claims.TryGetValue(claim, out var earlier) ? earlier.From : [];
            from.Add(move.From);
            int now = book.RankOf(claim, move, rank);
            if (book.IsMatched(claim) && now < AnchorPolicy.Matched)
            {
                from.Add(owner); // Matching may have been faster: an anchor holds it there now.
            }

            claims[claim] = (
                from,
                new ClaimMove(claim, move.From, owner, now, book.CauseOf(claim, move))
            );
        }
    }

    /// <summary>
    /// Whether links that matching was moving are where they were brought: one may have gone on before an anchor held it.
    /// </summary>
    private async Task<bool> AreThereAsync(
        Dictionary<string, string> owners,
        CancellationToken cancel
    )
    {
        if (owners.Count == 0)
        {
            return true;
        }

        var now = await store.ReadAsync(owners.Keys, cancel);
        return owners.All(claim => now[claim.Key].Owner == claim.Value);
    }

    /// <summary>Where the links of a move are, as far as claims say.</summary>
    private static string PlaceOf(LinkMove move, ClaimBook book) =>
        !move.Whole && book.FormerClaimOf(move.Link) is { } claim && claim.Owner == move.From
            ? Destination.Of(claim).At
            : move.From;

    /// <summary>
    /// Claims may name a visitor who became somebody since, even the very one that a move would take from: that move is
    /// finished, and the claims name whoever lives on for it.
    /// </summary>
    /// <returns>Whether there were any: decide again.</returns>
    private async Task<bool> FollowAbsorbedAsync(
        List<LinkMove> wave,
        ClaimBook book,
        CancellationToken cancel
    )
    {
        List<ClaimMove> claims = [];
        foreach (string target in wave.Select(move => move.To).Distinct(StringComparer.Ordinal))
        {
            if (await mover.FinishAsync(target) is not { Place.Owner: { } owner } end)
            {
                continue;
            }

            claims.AddRange(
                book.HeldBy(target)
                    .Select(claim => new ClaimMove(
                        claim.Key,
                        target,
                        owner,
                        claim.Value.RankAlong(Math.Min(claim.Value.Rank, end.Rank)),
                        claim.Value.Cause
                    ))
            );
        }

        if (claims.Count > 0)
        {
            await store.RepointAsync(claims, cancel);
        }

        return claims.Count > 0;
    }
}
