using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Makes what matching decided true in the individuals: links move, and people hear which records may be theirs. What is
/// to be done is noted in the transaction that decides; whoever finds the note does it, and takes it away once it is done.
/// </summary>
internal sealed partial class MatchMoves(
    IMatchStore store,
    IIdentityStore identity,
    Matcher matcher,
    MatchSpaces spaces,
    IGrainFactory grains,
    ILogger<MatchMoves> logger
) : IDisposable
{
    /// <summary>Moves or news of one round.</summary>
    public const int RoundMax = 200;

    // Each holds one of the connections to the database meanwhile, and needs others.
    private const int HoldersMax = 3;

    private const int AttemptsMax = 10;
    private readonly SemaphoreSlim holders = new(HoldersMax);
    private readonly LinkMover mover = new(grains);
    private readonly MatchTelling telling = new(store, spaces, grains, logger);

    /// <summary>Makes the moves that are noted of some links.</summary>
    /// <returns>Where those links are now.</returns>
    public async Task<IReadOnlyDictionary<LinkKey, string>> MakeAsync(
        int space,
        IReadOnlyCollection<string> links,
        CancellationToken cancel
    )
    {
        Dictionary<LinkKey, string> places = [];
        foreach (string[] some in links.Chunk(RoundMax))
        {
            await MakeSomeAsync(space, some, places, cancel);
        }

        return places;
    }

    private async Task MakeSomeAsync(
        int space,
        string[] links,
        Dictionary<LinkKey, string> places,
        CancellationToken cancel
    )
    {
        var found = await store.ReadMovesAsync(space, links, cancel);
        if (found.IsEmpty)
        {
            return;
        }

        string[] open = [.. found.Select(move => move.Link)];
        await holders.WaitAsync(cancel);
        try
        {
            await using IAsyncDisposable alone = await store.LockLinksAsync(open, cancel);
            for (int attempt = 1; open.Length > 0 && attempt <= AttemptsMax; attempt++)
            {
                // After a move the note is read again: something else may have been decided meanwhile.
                var noted = await store.ReadMovesAsync(space, open, cancel);
                open = await MakeAsync(noted, places, cancel);
            }
        }
        finally
        {
            holders.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => holders.Dispose();

    /// <summary>Makes what turns of a space decided true.</summary>
    /// <param name="space">The space.</param>
    /// <param name="outcomes">What they decided.</param>
    /// <param name="others">Links that may have moves noted from before a crash, too.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>Where links are now that were moved.</returns>
    public async Task<IReadOnlyDictionary<LinkKey, string>> FinishAsync(
        int space,
        IReadOnlyCollection<MatchOutcome> outcomes,
        IEnumerable<string> others,
        CancellationToken cancel
    )
    {
        string[] links =
        [
            .. outcomes
                .SelectMany(outcome => outcome.Moves.Select(move => move.Link))
                .Concat(others)
                .Distinct(StringComparer.Ordinal),
        ];
        var places = await MakeAsync(space, links, cancel);
        await telling.TellAsync(
            space,
            [.. outcomes.SelectMany(outcome => outcome.News).Distinct(StringComparer.Ordinal)],
            cancel
        );
        return places;
    }

    /// <summary>
    /// Makes all moves that are noted, of all spaces, in the order in which they were decided. What cannot be made keeps
    /// nothing else waiting: each is tried once, and again the next time.
    /// </summary>
    public async Task MakeAsync(CancellationToken cancel)
    {
        var noted = await store.ReadMovesAsync(0, RoundMax, cancel);
        while (!noted.IsEmpty)
        {
            foreach (var space in noted.GroupBy(move => move.Space))
            {
                await MakeAsync(space.Key, [.. space.Select(move => move.Link)], cancel);
            }

            noted = await store.ReadMovesAsync(noted[^1].Decision, RoundMax, cancel);
        }
    }

    /// <summary>Tells all that is noted to be told, likewise.</summary>
    public Task TellAsync(CancellationToken cancel) => telling.TellAsync(cancel);

    /// <summary>The moves that are not done: to be looked at again.</summary>
    private async Task<string[]> MakeAsync(
        ImmutableArray<MatchMove> noted,
        Dictionary<LinkKey, string> places,
        CancellationToken cancel
    )
    {
        if (noted.IsEmpty)
        {
            return [];
        }

        var ends = await Task.WhenAll(noted.Select(move => TryMoveAsync(move, cancel)));
        List<MatchMove> done = [];
        List<MatchMove> stuck = [];
        List<string> open = [];
        foreach ((MatchMove move, Step step) in noted.Zip(ends))
        {
            if (step.Code is { } code)
            {
                stuck.Add(move with { Stuck = code });
                LogStuck(move.Decision, code);
            }
            else if (step.IsDone)
            {
                done.Add(move);
            }
            else if (!step.IsFailed)
            {
                open.Add(move.Link);
            }

            if (step.Owner is { } owner && LinkKey.TryParse(move.Link, out LinkKey link))
            {
                places[link] = owner;
            }
        }

        if (stuck.Count > 0)
        {
            await store.NoteStuckAsync(stuck, cancel);
        }

        if (done.Count > 0)
        {
            await store.FinishAsync(done, cancel);
            // Only if nothing else was decided since is the note gone.
            open.AddRange(done.Select(move => move.Link));
        }

        return [.. open];
    }

    /// <summary>A move that fails stays noted, and the others go on.</summary>
    private async Task<Step> TryMoveAsync(MatchMove move, CancellationToken cancel)
    {
        try
        {
            return await MoveAsync(move, cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogMoveFailed(move.Decision, e);
            return Step.Failed;
        }
    }

    private async Task<Step> MoveAsync(MatchMove move, CancellationToken cancel)
    {
        if (!LinkKey.TryParse(move.Link, out LinkKey link))
        {
            throw new InvalidOperationException($"A record of {move.Space} is no link.");
        }

        string target = move.Target ?? SubjectIds.RecordOf(link);
        int rank = move.Target is null ? AnchorPolicy.Unanchored : AnchorPolicy.Matched;
        Claim held =
            move.Held
            ?? throw new InvalidOperationException($"Nobody has claimed record {move.Decision}.");
        if (held.Owner != target && held.Rank < AnchorPolicy.Matched)
        {
            return await LeaveAsync(link, target, held, cancel); // An anchor says whose it is: that comes first.
        }

        ClaimCause cause = new($"{move.Ruleset}@{move.Version}", EventId: null);
        if (held.Owner == target)
        {
            if (held.Rank != rank)
            {
                await RepointAsync(link, target, target, rank, cause, cancel);
            }

            return Step.Done(target);
        }

        if (held.IsFixed && SubjectIds.IsNamedBy(held.Owner, link))
        {
            return Step.Done(null); // It is merged. Once that is taken back it is looked at again.
        }

        // Whoever absorbed its target may have the link already: it would be sent there from there.
        if (held.Rank == AnchorPolicy.Matched && await FollowAsync(move, cancel))
        {
            return new Step(null, IsDone: false);
        }

        MoveEnd end = await mover.MoveAsync(
            new LinkMove(held.Owner, link, target, rank, cause),
            Destination.Of(held).At
        );
        if (end.Place?.Owner is not { } owner)
        {
            return Step.Stuck(end.Code!);
        }

        // An anchor may have been faster: then it is no mere match.
        int found = owner == target ? rank : end.Rank;
        await RepointAsync(link, held.Owner, owner, found, cause, cancel);
        if (owner != target)
        {
            await FollowAsync(move, cancel);
        }

        return await ReturnAsync(link, owner, cancel);
    }

    /// <summary>
    /// A link that an anchor holds stays there; one that a move took away all the same goes back, from wherever it had come
    /// to when the anchor spoke.
    /// </summary>
    private async Task<Step> LeaveAsync(
        LinkKey link,
        string target,
        Claim anchored,
        CancellationToken cancel
    )
    {
        var evidence = await grains
            .GetGrain<IUnifiedIndividualGrain>(target)
            .GetEvidenceAsync([link]);
        if (!evidence.Links.IsEmpty)
        {
            return await BringBackAsync(link, target, anchored);
        }

        // Or it was about to leave, and nobody has it.
        MoveEnd end = await mover.FollowAsync(link, Destination.Of(anchored), anchored.Owner);
        return end.Place?.Owner is not { } owner ? Step.Stuck(end.Code!)
            : owner == anchored.Owner ? Step.Done(null)
            : await ReturnAsync(link, owner, cancel);
    }

    /// <summary>Brings a link back that is with somebody else than the anchor says by now.</summary>
    private async Task<Step> ReturnAsync(LinkKey link, string owner, CancellationToken cancel)
    {
        string claim = ClaimKeys.Of(link);
        var now = await identity.ReadAsync([claim], cancel);
        return
            now.GetValueOrDefault(claim) is { IsAnchored: true } anchored && anchored.Owner != owner
            ? await BringBackAsync(link, owner, anchored)
            : new Step(owner, IsDone: false);
    }

    /// <summary>
    /// A link that an anchor gave to its former individual while it was leaving goes back: the claim tells, which a match does
    /// not take from an anchor.
    /// </summary>
    private async Task<Step> BringBackAsync(LinkKey link, string from, Claim anchored)
    {
        LinkMove back = new(from, link, anchored.Owner, anchored.Rank, anchored.Cause);
        MoveEnd end = await mover.MoveAsync(back, from);
        return end.Place?.Owner is { } owner
            ? new Step(owner, IsDone: false)
            : Step.Stuck(end.Code!);
    }

    /// <summary>An individual that was absorbed takes no links: whoever absorbed it is compared in its place.</summary>
    /// <returns>Whether the target was absorbed: then something else is decided now.</returns>
    private async Task<bool> FollowAsync(MatchMove move, CancellationToken cancel)
    {
        if (
            move.Target is null
            || await mover.FinishAsync(move.Target) is not { Place.Owner: { } absorber }
        )
        {
            return false;
        }

        await matcher.DecideAsync(
            move.Ruleset,
            _ => [],
            [new Absorption(move.Target, absorber)],
            cancel
        );
        return true;
    }

    private Task RepointAsync(
        LinkKey link,
        string from,
        string to,
        int rank,
        ClaimCause cause,
        CancellationToken cancel
    )
    {
        string claim = ClaimKeys.Of(link);
        return identity.RepointAsync(
            [
                new ClaimMove(claim, from, to, rank, cause),
                new ClaimMove(claim, to, to, rank, cause),
            ],
            cancel
        );
    }

    [LoggerMessage(
        LogEvents.MatchMoveStuck,
        LogLevel.Warning,
        "The link of decision {Decision} cannot move yet ({Code}); it is tried again"
    )]
    private partial void LogStuck(long decision, string code);

    [LoggerMessage(
        LogEvents.MatchMoveFailed,
        LogLevel.Warning,
        "The move of decision {Decision} failed; it is tried again"
    )]
    private partial void LogMoveFailed(long decision, Exception exception);

    /// <summary>What one attempt came to.</summary>
    private readonly record struct Step(string? Owner, bool IsDone, string? Code = null)
    {
        /// <summary>Nothing came of it, and it stays noted.</summary>
        public static Step Failed { get; } = new(null, IsDone: false) { IsFailed = true };

        public bool IsFailed { get; private init; }

        public static Step Done(string? owner) => new(owner, IsDone: true);

        public static Step Stuck(string code) => new(null, IsDone: false, code);
    }
}
