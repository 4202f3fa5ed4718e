using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>An individual's activation: loads, asks the domain, writes once, then tells the account.</summary>
[GrainType("cdp.individual")]
[CollectionAgeLimit(Minutes = 5)]
[HomePlacement]
internal sealed partial class UnifiedIndividualGrain : Grain, IUnifiedIndividualGrain, IPlacedState
{
    private readonly SnapshotCell<UnifiedIndividual> cell;
    private readonly PublishedContexts published;
    private readonly ReconciliationPolicy reconciliation;
    private readonly LinkPlacement placement;
    private readonly AnchorPolicy policy;
    private readonly EventFates fates;
    private readonly Residences residences;
    private readonly StateRepair repair;
    private readonly Recovery<UnifiedIndividual> recovery;
    private readonly ILogger<UnifiedIndividualGrain> logger;
    private Residence residence;
    private PublishedContext context = new();
    private UnifiedIndividual individual;
    private bool broken;

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
        TimeProvider clock,
        ILogger<UnifiedIndividualGrain> logger
    )
    {
        string id = this.GetPrimaryKeyString();
        cell = new SnapshotCell<UnifiedIndividual>(id, store, serializer, IndividualShape.Instance);
        individual = new UnifiedIndividual { Id = id };
        this.published = published;
        this.reconciliation = reconciliation;
        this.policy = policy;
        this.fates = fates;
        this.residences = residences;
        this.repair = repair;
        recovery = new Recovery<UnifiedIndividual>(id, cell, repair, clock, DeactivateOnIdle);
        this.logger = logger;
        placement = new LinkPlacement(this, GrainFactory, merges);
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        context = published.Open(individual.Id);
        try
        {
            individual = await cell.LoadAsync(cancellationToken) ?? individual;
        }
        catch (CorruptSnapshotException damage)
        {
            recovery.Begin(damage, repair.IndividualAsync, s => s.Links, s => individual = s);
        }
    }

    public override Task OnDeactivateAsync(
        DeactivationReason reason,
        CancellationToken cancellationToken
    )
    {
        published.Close(individual.Id, context);
        return Task.CompletedTask;
    }

    public async Task<ImmutableArray<EventOutcome>> ApplyAsync(
        Immutable<SequencedEvent[]> events,
        string owner
    )
    {
        if (events.Value.Length > Limits.ApplyBatchMax)
        {
            throw new ArgumentException(
                $"More than {Limits.ApplyBatchMax} events.",
                nameof(events)
            );
        }

        if (!recovery.IsReady && !await recovery.IsMadeAsync())
        {
            return await repair.RefuseAsync(events.Value);
        }

        if (individual.IsPlacing && !await placement.IsReadableAsync())
        {
            return await repair.RefuseAsync(events.Value);
        }

        Transition<UnifiedIndividual> transition = BatchFold.Fold(
            individual,
            events.Value,
            (state, some) => state.Apply(some, owner),
            logger
        );
        LinkSet before = individual.Links;
        await BecomeAsync(
            transition,
            taken: null,
            transition.Changed ? fates.Of(events.Value, transition.Outcomes) : []
        );
        await TellAsync(AccountNews.Of(events.Value, transition.Outcomes, before, individual));
        residences.Note(this, ref residence, events.Value);
        return transition.Outcomes;
    }

    public ValueTask<ContextAnswer?> GetContextAsync(string graph)
    {
        if (!recovery.IsReady)
        {
            return recovery.WhenMadeAsync(() => GetContextAsync(graph));
        }

        if (individual.ElsewhereAt is not null)
        {
            return new(Moved());
        }

        if (individual.IsEmpty || graph != DataGraphs.Default)
        {
            DeactivateWhenEmpty();
            return new((ContextAnswer?)null);
        }

        return new(context.Answer ??= Answer(ServiceGraph.Individual(individual, reconciliation)));
    }

    public ValueTask<ContextAnswer?> GetProfileAsync(bool explain)
    {
        if (!recovery.IsReady)
        {
            return recovery.WhenMadeAsync(() => GetProfileAsync(explain));
        }

        if (individual.ElsewhereAt is not null)
        {
            return new(Moved());
        }

        if (individual.IsEmpty)
        {
            DeactivateWhenEmpty();
            return new((ContextAnswer?)null);
        }

        return new(Answer(ProfileView.Individual(individual, reconciliation, explain)));
    }

    public async Task<LinkTransfer> DetachAsync(
        ImmutableArray<LinkKey> links,
        string target,
        int rank,
        string owner,
        ClaimCause cause
    )
    {
        await recovery.WhenMadeAsync();
        await placement.GoOnAsync();
        var transition = individual.Detach(
            links,
            target,
            rank,
            owner,
            cause,
            out Departure departure
        );
        LinkTransfer transfer = TransferOf(departure);
        // Whose a link is that stays here the claims say at the same instant, as with one that is taken in.
        LinkTransfer? taken = departure.Stays
            ? transfer with
            {
                Links = [.. links.Select(transition.Next.Links.Find).OfType<Link>()],
            }
            : null;
        await BecomeAsync(transition, taken, []);
        return transfer;
    }

    public async Task<OtherTaker?> AttachAsync(Immutable<LinkTransfer> transfer)
    {
        if (transfer.Value.Links.Length > Limits.TransferLinksMax)
        {
            throw new ArgumentException(
                $"More than {Limits.TransferLinksMax} links.",
                nameof(transfer)
            );
        }

        await recovery.WhenMadeAsync();
        await placement.GoOnAsync();
        return await TakeAsync(transfer.Value);
    }

    public async Task ReleaseAsync(ImmutableArray<MovedLink> links, string target)
    {
        await recovery.WhenMadeAsync();
        await BecomeAsync(individual.Release(links, target), taken: null, []);
    }

    public async Task<string?> PlaceAsync()
    {
        await recovery.WhenMadeAsync();
        return await placement.PlaceAsync();
    }

    public async ValueTask<BaseIndividual?> GetBaseAsync()
    {
        await recovery.WhenMadeAsync();
        return individual.BaseBy(policy);
    }

    public async Task<string?> ExpectAsync(string individual, int links)
    {
        await recovery.WhenMadeAsync();
        await placement.GoOnAsync();
        await BecomeAsync(
            this.individual.Expect(individual, links, out string? refused),
            taken: null,
            []
        );
        return refused;
    }

    public async Task<LinkTransfer> SeparateAsync(string individual, string target)
    {
        await recovery.WhenMadeAsync();
        var transition = this.individual.Separate(individual, target, out Departure departure);
        await BecomeAsync(transition, taken: null, []);
        return TransferOf(departure);
    }

    public async Task NotePossibleMatchesAsync(PossibleMatches matches)
    {
        await recovery.WhenMadeAsync();
        await BecomeAsync(individual.Note(matches), taken: null, []);
    }

    public async ValueTask<IndividualEvidence> GetEvidenceAsync(ImmutableArray<LinkKey> links)
    {
        if (links.Length > Limits.TransferLinksMax)
        {
            throw new ArgumentException(
                $"More than {Limits.TransferLinksMax} links.",
                nameof(links)
            );
        }

        await recovery.WhenMadeAsync();
        return individual.EvidenceOf(links, context.Answer?.Tag, reconciliation);
    }

    UnifiedIndividual IPlacedState.State => individual;

    Task IPlacedState.BecomeAsync(Transition<UnifiedIndividual> transition) =>
        BecomeAsync(transition, taken: null, []);

    Task<OtherTaker?> IPlacedState.TakeAsync(LinkTransfer transfer) => TakeAsync(transfer);

    private async Task<OtherTaker?> TakeAsync(LinkTransfer transfer)
    {
        var transition = individual.Attach(
            transfer.Links,
            transfer.Owner,
            byMerge: !transfer.ChangesOwner,
            transfer.IsLast,
            out string? elsewhere
        );
        if (elsewhere is not null)
        {
            return new OtherTaker(
                elsewhere,
                ForEver: individual.RedirectTo == elsewhere,
                individual.RedirectRank ?? AnchorPolicy.Unanchored
            );
        }

        // Before the save: with it the claims say that the links are here, and nobody would make the move again only
        // because an account was not told. They are promised to this individual, so what is said comes true.
        await TellAsync(AccountNews.Of(ArrivedBy(transition, transfer), individual.Id));
        await BecomeAsync(transition, transfer, []);
        if (transition.Changed)
        {
            LogAttached(individual.Id, transfer.From, transfer.Links.Length);
        }

        return null;
    }

    private LinkTransfer TransferOf(Departure departure) =>
        new()
        {
            From = individual.Id,
            To = departure.Target,
            Links = departure.Links,
            Owner = departure.Owner,
            FormerOwner = departure.FormerOwner,
            Rank = departure.Rank,
            Cause = departure.Cause,
            More = departure.More,
            AskThere = departure.AskThere,
            Stays = departure.Stays,
        };

    private async Task BecomeAsync(
        Transition<UnifiedIndividual> transition,
        LinkTransfer? taken,
        ImmutableArray<EventFate> noted
    )
    {
        if (broken)
        {
            throw new InconsistentStateException($"{individual.Id} is being reloaded.");
        }

        if (!transition.Changed)
        {
            return;
        }

        individual = transition.Next;
        context.Answer = null;
        try
        {
            SnapshotWrite write = cell.Prepare(individual) with
            {
                IdentifiersAdded = transition.IdentifiersAdded,
                IdentifiersRemoved = transition.IdentifiersRemoved,
                ClaimsTaken = taken is { ChangesOwner: true }
                    ? [.. taken.Links.Select(link => ClaimKeys.Of(link.Key))]
                    : [],
                ClaimsTakenFrom = taken?.FormerOwner,
                ClaimsOwner = taken?.Owner,
                ClaimsRank = taken?.Rank ?? 0,
                ClaimsCause = taken?.Cause ?? default,
                MovedWith = taken is { Stays: false } ? taken.From : null,
                Fates = noted,
            };
            await cell.SaveAsync(write);
        }
        catch
        {
            // Memory is now ahead of a snapshot that will never be written. Reload before answering anyone else.
            broken = true;
            published.Close(individual.Id, context);
            DeactivateOnIdle();
            throw;
        }
    }

    /// <summary>The links of a transfer that are here with it: one that came before may have left again.</summary>
    private static ImmutableArray<Link> ArrivedBy(
        Transition<UnifiedIndividual> transition,
        LinkTransfer transfer
    ) => [.. transfer.Links.Select(link => transition.Next.Links.Find(link.Key)).OfType<Link>()];

    /// <summary>
    /// Tells accounts what they should know. Of events it is said again on every redelivery, so a crash after the save
    /// loses nothing.
    /// </summary>
    private Task TellAsync(List<MemberChange> news) =>
        news.Count == 0
            ? Task.CompletedTask
            : Task.WhenAll(
                news.GroupBy(change => SubjectIds.AccountOf(change.Account))
                    .SelectMany(
                        account => account.Chunk(Limits.ApplyBatchMax),
                        (account, part) =>
                            GrainFactory
                                .GetGrain<IAccountGrain>(account.Key)
                                .NoteMembersAsync(part.AsImmutable())
                    )
            );

    private ContextAnswer Answer(byte[] json) =>
        new()
        {
            Json = json,
            Tag = ContextAnswer.TagOf(json),
            AsOf = ServiceGraph.AsOf(individual.Links) ?? default,
            Account = individual.AccountLink() is { } account
                ? SubjectIds.AccountOf(account)
                : null,
        };

    private ContextAnswer Moved() =>
        new()
        {
            Json = [],
            Tag = "",
            AsOf = default,
            MovedTo = individual.ElsewhereAt,
        };

    private void DeactivateWhenEmpty()
    {
        if (individual.IsEmpty)
        {
            DeactivateOnIdle(); // Somebody asked for an id that nobody has.
        }
    }

    [LoggerMessage(
        LogEvents.LinksAttached,
        LogLevel.Debug,
        "{Individual} took {Count} links from {From}"
    )]
    private partial void LogAttached(string individual, string from, int count);
}
