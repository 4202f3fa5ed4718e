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
internal sealed partial class UnifiedIndividualGrain : Grain, IUnifiedIndividualGrain
{
    private static readonly LinkTransfer NothingTaken = new()
    {
        From = "",
        To = "",
        Links = [],
    };
    private readonly SnapshotCell<UnifiedIndividual> cell;
    private readonly PublishedContexts published;
    private readonly ReconciliationPolicy reconciliation;
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

    public async Task<ImmutableArray<EventOutcome>> ApplyAsync(Immutable<SequencedEvent[]> events)
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

        Transition<UnifiedIndividual> transition = BatchFold.Fold(individual, events.Value, logger);
        LinkSet before = individual.Links;
        await BecomeAsync(
            transition,
            NothingTaken,
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

        if (individual.RedirectTo is not null)
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

        if (individual.RedirectTo is not null)
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
        int rank
    )
    {
        await recovery.WhenMadeAsync();
        var transition = individual.Detach(links, target, rank, out Departure departure);
        await BecomeAsync(transition, NothingTaken, []);
        int promised = individual.RankOfDeparture(departure.Target);
        return new LinkTransfer
        {
            From = individual.Id,
            To = departure.Target,
            Links = departure.Links,
            Rank = departure.Target == target ? Math.Min(rank, promised) : promised,
            Whole = individual.RedirectTo == departure.Target,
            More = departure.More,
        };
    }

    public async Task<string?> AttachAsync(Immutable<LinkTransfer> transfer)
    {
        if (transfer.Value.Links.Length > Limits.TransferLinksMax)
        {
            throw new ArgumentException(
                $"More than {Limits.TransferLinksMax} links.",
                nameof(transfer)
            );
        }

        await recovery.WhenMadeAsync();
        var transition = individual.Attach(transfer.Value.Links, out bool refused);
        if (refused)
        {
            return individual.RedirectTo ?? individual.Id;
        }

        // Before the save: with it the claims say that the links are here, and nobody would make the move again only
        // because an account was not told. They are promised to this individual, so what is said comes true.
        await TellAsync(AccountNews.Of(ArrivedBy(transition, transfer.Value), individual.Id));
        // The claims say how strong their owner is: never weaker than what it bears itself.
        // A link that came because it matches stays one that any anchor may take away.
        int rank =
            transfer.Value.Rank == AnchorPolicy.Matched
                ? AnchorPolicy.Matched
                : Math.Min(transfer.Value.Rank, transition.Next.RankBy(policy));
        await BecomeAsync(transition, transfer.Value with { Rank = rank }, []);
        if (transition.Changed)
        {
            LogAttached(individual.Id, transfer.Value.From, transfer.Value.Links.Length);
        }

        return null;
    }

    public async Task ReleaseAsync(ImmutableArray<MovedLink> links, string target)
    {
        await recovery.WhenMadeAsync();
        await BecomeAsync(individual.Release(links, target), NothingTaken, []);
    }

    public async Task NotePossibleMatchesAsync(PossibleMatches matches)
    {
        await recovery.WhenMadeAsync();
        await BecomeAsync(individual.Note(matches), NothingTaken, []);
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

    public async ValueTask<int> GetRankAsync()
    {
        await recovery.WhenMadeAsync();
        return individual.RankBy(policy);
    }

    private async Task BecomeAsync(
        Transition<UnifiedIndividual> transition,
        LinkTransfer taken,
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
                ClaimsTaken = ClaimsOf(taken),
                ClaimsTakenFrom = taken.From.Length == 0 ? null : taken.From,
                ClaimsRank = taken.Rank,
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

    private static ImmutableArray<string> ClaimsOf(LinkTransfer taken) =>
        [
            .. taken.Links.Select(link => ClaimKeys.Of(link.Key)),
            .. taken.Whole
                ? taken
                    .Links.SelectMany(link => link.Identifiers)
                    .Where(known => known.Identifier.Verified)
                    .Select(known => ClaimKeys.Of(known.Identifier))
                    .Distinct(StringComparer.Ordinal)
                : [],
        ];

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
            MovedTo = individual.RedirectTo,
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
