using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>Decides as people say: the store first, then the links follow.</summary>
[GrainType("cdp.steward")]
[StatelessWorker]
internal sealed class StewardGrain(
    IStewardStore store,
    IMergeStore merges,
    IIdentityStore identity,
    MatchReview review,
    OpenDecisions open,
    ReturningLinks returning,
    ILogger<Merges> logger
) : Grain, IStewardGrain
{
    private Merges Placing => new(merges, GrainFactory, logger);

    public async Task<StewardAnswer> MergeAsync(StewardMerge request)
    {
        BaseIndividual? survivor = await PresentAsync(request.Survivor);
        BaseIndividual? other = await PresentAsync(request.Other);
        if (survivor is null || other is null)
        {
            return StewardAnswer.Refused(StewardRefusals.Unknown);
        }

        if (survivor.Id == other.Id)
        {
            return StewardAnswer.Refused(StewardRefusals.AlreadyMerged);
        }

        if (await WhyTooLargeAsync(survivor.Id, other.Id) is { } tooLarge)
        {
            return StewardAnswer.Refused(tooLarge);
        }

        StewardWord why = new(request.Author, request.Reason);
        StewardOutcome made = await store.JoinAsync(survivor, other, why, CancellationToken.None);
        if (made.Refusal is not null)
        {
            return StewardAnswer.Refused(made.Refusal);
        }

        var staying = await FollowAsync(made);
        if (!staying.IsEmpty)
        {
            // One of them grew meanwhile: half a merge is none.
            return await TakeBackAsync(made, why, staying[^1].Reason);
        }

        return new StewardAnswer
        {
            Decision = made.Decision,
            Withdrawn = made.Withdrawn,
            Survivor = made.Root,
            Other = made.Root == survivor.Id ? other.Id : survivor.Id,
            AreOne = made.Root == made.OtherRoot,
        };
    }

    public async Task<StewardAnswer> UnmergeAsync(StewardUnmerge request)
    {
        StewardWord why = new(request.Author, request.Reason);
        if (request.Link is { } link)
        {
            return await UnlinkAsync(link, why);
        }

        StewardOutcome made = request.Decision is { } decision
            ? await store.WithdrawAsync(decision, why, CancellationToken.None)
            : await store.SeparateAsync(request.Individual ?? "", why, CancellationToken.None);
        if (made.Refusal is not null)
        {
            return StewardAnswer.Refused(made.Refusal);
        }

        var staying = await FollowAsync(made);
        return new StewardAnswer
        {
            Decision = made.Decision,
            Withdrawn = made.Withdrawn,
            Restored = made.Restored,
            Survivor = made.FormerRoot,
            Other = request.Individual ?? made.OtherRoot,
            AreOne = made.FormerRoot == made.OtherRoot,
            Staying = staying,
        };
    }

    /// <summary>Gives a link back to the individual that only it names, and keeps that one apart.</summary>
    private async Task<StewardAnswer> UnlinkAsync(LinkKey link, StewardWord why)
    {
        string key = ClaimKeys.Of(link);
        var held = await identity.ReadAsync([key], CancellationToken.None);
        if (!held.TryGetValue(key, out Claim? claim))
        {
            return StewardAnswer.Refused(StewardRefusals.Unknown);
        }

        if (SubjectIds.IsNamedBy(claim.Owner, link))
        {
            return StewardAnswer.Refused(StewardRefusals.NotMerged);
        }

        if (claim.Cause.IsOwnAnchor)
        {
            return StewardAnswer.Refused(StewardRefusals.OwnAnchor);
        }

        string home =
            claim.Rank == AnchorPolicy.Matched
                ? SubjectIds.RecordOf(link)
                : SubjectIds.IndividualOf(link);
        if (
            await new Whereabouts(GrainFactory).WhyNoRoomAsync(
                claim.PlacedAt ?? claim.Owner,
                home
            ) is
            { } code
        )
        {
            return StewardAnswer.Refused(code);
        }

        BaseIndividual? bearer = await BaseOfAsync(claim.Owner);
        if (bearer is null)
        {
            return StewardAnswer.Refused(StewardRefusals.Busy);
        }

        StewardOutcome made = await store.KeepApartAsync(
            bearer,
            new BaseIndividual(home, AnchorPolicy.Unanchored, key),
            WayBackOf(key, claim, home),
            why,
            CancellationToken.None
        );
        ClaimCause cause = new(ClaimCause.Steward, EventId: null);
        MoveEnd end = await new LinkMover(GrainFactory).MoveAsync(
            new LinkMove(claim.Owner, link, home, AnchorPolicy.Unanchored, cause),
            Destination.Of(claim).At
        );
        StewardAnswer answer = new()
        {
            Decision = made.Decision,
            Survivor = claim.PlacedAt ?? claim.Owner,
            Other = home,
        };
        if (end.Place is not { } place)
        {
            return await StayAsync(answer, made, link, why, new(claim.Owner, end.Code!));
        }

        await identity.RepointAsync(
            [new ClaimMove(key, claim.Owner, place.Owner, AnchorPolicy.Unanchored, cause)],
            CancellationToken.None
        );
        return answer with { AreOne = place.Owner != home, Staying = await FollowAsync(made) };
    }

    // What was merely matched is decided anew by matching, as everything stands then.
    private static WayBack? WayBackOf(string key, Claim claim, string home) =>
        claim.Rank == AnchorPolicy.Matched
            ? null
            : new WayBack(
                new ClaimMove(key, home, claim.Owner, claim.Rank, claim.Cause),
                claim.AnchoredAt
            );

    /// <summary>What becomes of the decision about a link that does not go home.</summary>
    private async Task<StewardAnswer> StayAsync(
        StewardAnswer answer,
        StewardOutcome made,
        LinkKey link,
        StewardWord why,
        StayingLinks staying
    )
    {
        if (!made.IsKnown && await HasLinkAsync(answer.Survivor, link))
        {
            return await TakeBackAsync(made, why, staying.Reason);
        }

        // It is promised to its home by now, and arrives there sooner or later; or it had been decided before.
        return answer with
        {
            Staying = [staying, .. await FollowAsync(made)],
        };
    }

    /// <summary>Whether a link is at an individual, and promised to nobody. Not known of a damaged state: then false.</summary>
    private async Task<bool> HasLinkAsync(string individual, LinkKey link)
    {
        try
        {
            var evidence = await GrainOf(individual).GetEvidenceAsync([link]);
            return !evidence.Links.IsEmpty;
        }
        catch (StateCorruptException)
        {
            return false;
        }
    }

    /// <summary>Takes a decision back that cannot be made true, with all that it changed.</summary>
    private async Task<StewardAnswer> TakeBackAsync(
        StewardOutcome made,
        StewardWord why,
        string reason
    )
    {
        StewardOutcome back = await store.WithdrawAsync(
            made.Decision!.Value,
            why with
            {
                Reason = $"It could not be made: {reason}.",
            },
            CancellationToken.None
        );
        return StewardAnswer.Refused(reason) with { Staying = await FollowAsync(back) };
    }

    /// <summary>Brings links to where a decision wants them, and has matching look again at whoever is concerned.</summary>
    /// <returns>Whose links stay where they are, and why; none when all are where they belong.</returns>
    private async Task<ImmutableArray<StayingLinks>> FollowAsync(StewardOutcome made)
    {
        var staying = await Placing.PlaceAsync(made.Regrouped.Moving);
        staying =
        [
            .. staying,
            .. await returning.ReturnAsync(made.Withdrawn, CancellationToken.None),
        ];
        await review.ReviewAsync(made.Due, CancellationToken.None);
        await open.ReviewAsync(made.Due, CancellationToken.None);
        return staying;
    }

    /// <summary>Whoever lives on for an individual, as one that can be merged; null for nobody.</summary>
    private async Task<BaseIndividual?> PresentAsync(string individual)
    {
        (string present, int links) = await new Whereabouts(GrainFactory).FindAsync(individual);
        return links == 0 ? null : await BaseOfAsync(present);
    }

    private async Task<BaseIndividual?> BaseOfAsync(string individual) =>
        await store.FindAsync(individual, CancellationToken.None)
        ?? await GrainOf(individual).GetBaseAsync();

    private async Task<string?> WhyTooLargeAsync(string one, string other)
    {
        IndividualEvidence[] both =
        [
            await GrainOf(one).GetEvidenceAsync([]),
            await GrainOf(other).GetEvidenceAsync([]),
        ];
        return both.Sum(each => each.Keys.Length) > Limits.LinksMax ? StewardRefusals.LinksMax
            : both.Sum(each => each.Merged + 1) > Limits.MergedMax + 1 ? StewardRefusals.MergedMax
            : null;
    }

    private IUnifiedIndividualGrain GrainOf(string individual) =>
        GrainFactory.GetGrain<IUnifiedIndividualGrain>(individual);
}
