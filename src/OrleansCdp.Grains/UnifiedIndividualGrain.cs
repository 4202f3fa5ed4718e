using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>An individual's activation: loads, asks the domain, writes once, then tells the account.</summary>
[GrainType("cdp.individual")]
[CollectionAgeLimit(Minutes = 5)]
[HomePlacement]
internal sealed class UnifiedIndividualGrain : Grain, IUnifiedIndividualGrain, IDisposable
{
    private readonly HeldIndividual held;
    private readonly ReconciliationPolicy reconciliation;
    private readonly LinkPlacement placement;
    private readonly AnchorPolicy policy;
    private readonly EventFates fates;
    private readonly Residences residences;
    private readonly StateRepair repair;
    private readonly IdentifierWatch watch;
    private readonly IInsightSets insights;
    private readonly IndividualSegments segments;
    private readonly Recovery<UnifiedIndividual> recovery;
    private readonly ILogger<UnifiedIndividualGrain> logger;
    private Residence residence;

    public UnifiedIndividualGrain(
        ISnapshotStore store,
        Serializer serializer,
        PublishedContexts published,
        ReconciliationPolicy reconciliation,
        IMergeStore merges,
        AnchorPolicy policy,
        EventFates fates,
        Residences residences,
        StateRepair repair,
        IdentifierWatch watch,
        IInsightSets insights,
        ISegmentSets segmentSets,
        TimeProvider clock,
        ILogger<UnifiedIndividualGrain> logger
    )
    {
        string id = this.GetPrimaryKeyString();
        this.watch = watch;
        this.insights = insights;
        segments = new IndividualSegments(id, segmentSets, reconciliation, clock, logger);
        held = new HeldIndividual(
            id,
            store,
            serializer,
            published,
            GrainFactory,
            watch,
            insights,
            segments,
            clock,
            DeactivateOnIdle
        );
        this.reconciliation = reconciliation;
        this.policy = policy;
        this.fates = fates;
        this.residences = residences;
        this.repair = repair;
        recovery = new Recovery<UnifiedIndividual>(id, held.Cell, repair, clock, DeactivateOnIdle);
        this.logger = logger;
        placement = new LinkPlacement(held, GrainFactory, merges);
    }

    private UnifiedIndividual Individual => held.State;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        try
        {
            await held.OpenAsync(cancellationToken);
        }
        catch (CorruptSnapshotException damage)
        {
            recovery.Begin(damage, repair.IndividualAsync, s => s.Links, held.Restore);
        }
    }

    public override Task OnDeactivateAsync(
        DeactivationReason reason,
        CancellationToken cancellationToken
    )
    {
        held.Close();
        return Task.CompletedTask;
    }

    public async Task<ImmutableArray<EventOutcome>> ApplyAsync(
        Immutable<SequencedEvent[]> events,
        string owner
    )
    {
        BatchFold.DemandFew(events.Value);
        bool isLost = !recovery.IsReady && !await recovery.IsMadeAsync();
        if (isLost || (Individual.IsPlacing && !await placement.IsReadableAsync()))
        {
            return await repair.RefuseAsync(events.Value);
        }

        InsightSet computed = await insights.CurrentAsync();
        Transition<UnifiedIndividual> transition = BatchFold.Fold(
            Individual,
            events.Value,
            (state, some) => state.Apply(some, owner, computed),
            logger
        );
        LinkSet before = Individual.Links;
        await held.BecomeAsync(
            transition,
            taken: null,
            transition.Changed ? fates.Of(events.Value, transition.Outcomes) : [],
            events.Value
        );
        if (!transition.Changed && transition.Outcomes.Any(outcome => outcome.IsElsewhere))
        {
            // Nothing was saved that would have shown that another activation knows better: events would go in circles.
            await held.DemandCurrentAsync();
        }

        await AccountNews.TellAsync(
            GrainFactory,
            AccountNews.Of(events.Value, transition.Outcomes, before, transition.Next)
        );
        residences.Note(this, ref residence, events.Value);
        return transition.Outcomes;
    }

    public ValueTask<ContextAnswer?> GetContextAsync(string graph)
    {
        if (!recovery.IsReady)
        {
            return recovery.WhenMadeAsync(() => GetContextAsync(graph));
        }

        return new(
            !IsHere(out ContextAnswer? instead) ? instead
            : graph != DataGraphs.Default ? null
            : held.Answer ??= Answer(ServiceGraph.Individual(Individual, reconciliation))
        );
    }

    public ValueTask<ContextAnswer?> GetProfileAsync(bool explain)
    {
        if (!recovery.IsReady)
        {
            return recovery.WhenMadeAsync(() => GetProfileAsync(explain));
        }

        return new(
            IsHere(out ContextAnswer? instead)
                ? Answer(ProfileView.Individual(Individual, reconciliation, explain))
                : instead
        );
    }

    public async ValueTask<ContextAnswer?> GetInsightsAsync(InsightQuestion question)
    {
        await recovery.WhenMadeAsync();
        InsightSet computed = await insights.CurrentAsync();
        return IsHere(out ContextAnswer? instead)
            ? Answer(
                InsightJson.Answer(
                    Individual.Id,
                    held.LedgerOf(computed),
                    Individual.Links,
                    question
                )
            )
            : instead;
    }

    public async ValueTask<ContextAnswer?> GetMembershipsAsync()
    {
        await recovery.WhenMadeAsync();
        return IsHere(out ContextAnswer? instead)
            ? Answer(SegmentJson.Answer(Individual.Id, Individual.Memberships))
            : instead;
    }

    public async ValueTask<ContextAnswer?> ExplainSegmentAsync(string segment, long activation)
    {
        await recovery.WhenMadeAsync();
        await segments.KnowAsync(activation);
        InsightSet computed = await insights.CurrentAsync();
        return !IsHere(out ContextAnswer? instead) ? instead
            : segments.Explain(segment, Individual, held.LedgerOf(computed)) is { } json
                ? Answer(json)
            : null;
    }

    public async ValueTask<ContextAnswer?> ExplainVersionAsync(SegmentVersion version)
    {
        await recovery.WhenMadeAsync();
        return !IsHere(out ContextAnswer? instead) ? instead
            : await segments.ExplainAsync(version, Individual) is { } json ? Answer(json)
            : null;
    }

    public async Task<SeedAnswer[]> SeedInsightsAsync(Immutable<InsightSeed[]> seeds)
    {
        InsightSeed.DemandFew(seeds.Value.Length);
        await recovery.WhenMadeAsync();
        return await held.SeedAsync(seeds.Value);
    }

    public async Task<string?> TakeAccountFactsAsync(AccountFacts facts)
    {
        await recovery.WhenMadeAsync();
        return await held.TakeAsync(facts);
    }

    public async Task<DateTimeOffset?> WakeAsync(DateTimeOffset dueAt)
    {
        await recovery.WhenMadeAsync();
        return await held.WakeAsync(dueAt);
    }

    public async ValueTask<CustomerAnswer> GetCustomerAsync(CustomerQuestion question)
    {
        await recovery.WhenMadeAsync();
        return held.CustomerOf(question, await insights.SinceAsync(question.Revision));
    }

    public async Task<LinkTransfer> DetachAsync(
        ImmutableArray<LinkKey> links,
        string target,
        int rank,
        string owner,
        ClaimCause cause,
        bool isSentByOwner
    )
    {
        await recovery.WhenMadeAsync();
        await placement.GoOnAsync();
        var transition = Individual.Detach(
            links,
            target,
            rank,
            owner,
            cause,
            isSentByOwner,
            out Departure departure
        );
        LinkTransfer transfer = LinkTransfer.Of(Individual.Id, departure);
        // Whose a link is that stays here the claims say at the same instant, as with one that is taken in.
        LinkTransfer? taken = departure.Stays
            ? transfer with
            {
                Links = [.. links.Select(transition.Next.Links.Find).OfType<Link>()],
            }
            : null;
        await held.BecomeAsync(transition, taken, [], []);
        if (!transition.Changed)
        {
            // Whoever decided asks again and again, and only another activation may know better.
            await held.DemandCurrentAsync();
        }

        return transfer;
    }

    public async Task<OtherTaker?> AttachAsync(Immutable<LinkTransfer> transfer)
    {
        LinkTransfer.DemandFew(transfer.Value.Links.Length);
        await recovery.WhenMadeAsync();
        await placement.GoOnAsync();
        return await held.TakeAsync(transfer.Value);
    }

    public async Task<OtherTaker?> ReceiveAsync(Immutable<LinkTransfer> transfer)
    {
        LinkTransfer.DemandFew(transfer.Value.Links.Length);
        await recovery.WhenMadeAsync();
        return await held.TakeAsync(transfer.Value);
    }

    public async Task ReleaseAsync(ImmutableArray<MovedLink> links, string target)
    {
        await recovery.WhenMadeAsync();
        await held.BecomeAsync(Individual.Release(links, target));
    }

    public async Task<string?> PlaceAsync()
    {
        await recovery.WhenMadeAsync();
        return await placement.PlaceAsync();
    }

    public async ValueTask<BaseIndividual?> GetBaseAsync()
    {
        await recovery.WhenMadeAsync();
        return Individual.BaseBy(policy);
    }

    public async Task<string?> ExpectAsync(string individual, int links, bool hasNothing)
    {
        await recovery.WhenMadeAsync();
        var transition = Individual.Expect(individual, links, out string? refused, hasNothing);
        // With nothing to come this is all there will be: whose links came here is noted with it.
        await held.BecomeAsync(
            transition,
            hasNothing ? LinkTransfer.Nothing(individual, Individual.Id) : null,
            [],
            []
        );
        if (!transition.Changed)
        {
            await held.DemandCurrentAsync();
        }

        return refused;
    }

    public async ValueTask<int> CountAsync(string individual)
    {
        await recovery.WhenMadeAsync();
        return Individual.CountOf(individual);
    }

    public async Task<bool> IsComingAsync(string root)
    {
        await recovery.WhenMadeAsync();
        await held.DemandCurrentAsync();
        return Individual.IsComingTo(root);
    }

    public async Task<LinkTransfer> SeparateAsync(string individual, string target)
    {
        await recovery.WhenMadeAsync();
        var transition = Individual.Separate(individual, target, out Departure departure);
        await held.BecomeAsync(transition);
        if (!transition.Changed)
        {
            await held.DemandCurrentAsync();
        }

        return LinkTransfer.Of(Individual.Id, departure);
    }

    public async Task NotePossibleMatchesAsync(PossibleMatches matches)
    {
        await recovery.WhenMadeAsync();
        await held.BecomeAsync(Individual.Note(matches));
    }

    public async ValueTask<bool> IsNamedByAsync(string type, string value)
    {
        await watch.RefreshAsync();
        return !recovery.IsReady
            || Individual.ElsewhereAt is not null
            || watch.Identifies(Individual.Links, type, value);
    }

    public async ValueTask<IndividualEvidence> GetEvidenceAsync(ImmutableArray<LinkKey> links)
    {
        LinkTransfer.DemandFew(links.Length);
        await recovery.WhenMadeAsync();
        return Individual.EvidenceOf(links, held.Answer?.Tag, reconciliation);
    }

    public void Dispose() => held.Dispose();

    private ContextAnswer Answer(byte[] json) =>
        new()
        {
            Json = json,
            Tag = ContextAnswer.TagOf(json),
            AsOf = ServiceGraph.AsOf(Individual.Links) ?? default,
            Account = Individual.AccountLink() is { } account
                ? SubjectIds.AccountOf(account)
                : null,
        };

    /// <summary>Whether somebody is here, and what is answered where not: who is merged answers elsewhere.</summary>
    private bool IsHere(out ContextAnswer? instead)
    {
        instead = Individual.ElsewhereAt is { } root ? ContextAnswer.Moved(root) : null;
        if (instead is null && Individual.IsEmpty)
        {
            DeactivateOnIdle(); // Somebody asked for an id that nobody has.
        }

        return instead is null && !Individual.IsEmpty;
    }
}
