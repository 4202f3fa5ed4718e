using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;
using OrleansCdp.Activation;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Expressions;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>An account's activation.</summary>
[GrainType("cdp.account")]
[CollectionAgeLimit(Minutes = 10)]
[HomePlacement]
internal sealed partial class AccountGrain : Grain, IAccountGrain
{
    private readonly SnapshotCell<Account> cell;
    private readonly PublishedContexts published;
    private readonly ReconciliationPolicy reconciliation;
    private readonly EventFates fates;
    private readonly Residences residences;
    private readonly StateRepair repair;
    private readonly Recovery<Account> recovery;
    private readonly IInsightSets insights;
    private readonly TimeProvider clock;
    private readonly WriteBack writeBack;
    private readonly AccountPeopleReader people;
    private readonly AccountTeller teller;
    private readonly ILogger<AccountGrain> logger;
    private Residence residence;
    private PublishedContext facts = new();
    private Account account;
    private Account saved;
    private bool isUsed;
    private bool broken;

    public AccountGrain(
        ISnapshotStore store,
        Serializer serializer,
        PublishedContexts published,
        ReconciliationPolicy reconciliation,
        EventFates fates,
        Residences residences,
        StateRepair repair,
        IInsightSets insights,
        ISegmentSets segments,
        TimeProvider clock,
        ILogger<AccountGrain> logger
    )
    {
        string id = this.GetPrimaryKeyString();
        cell = new SnapshotCell<Account>(id, store, serializer, AccountShape.Instance);
        account = saved = new Account { Id = id };
        writeBack = new WriteBack(id, SubjectKind.Account);
        people = new AccountPeopleReader(id, GrainFactory, logger);
        teller = new AccountTeller(id, GrainFactory, segments, reconciliation, logger);
        this.published = published;
        this.reconciliation = reconciliation;
        this.fates = fates;
        this.residences = residences;
        this.repair = repair;
        this.insights = insights;
        this.clock = clock;
        recovery = new Recovery<Account>(id, cell, repair, clock, DeactivateOnIdle);
        this.logger = logger;
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        facts = published.Open(account.Id);
        try
        {
            account = saved = await cell.LoadAsync(cancellationToken) ?? account;
            await teller.KnowAsync(account);
            await insights.KnowAsync(account.Links.Links);
        }
        catch (CorruptSnapshotException damage)
        {
            recovery.Begin(damage, repair.AccountAsync, s => s.Links, s => account = saved = s);
        }
    }

    public override Task OnDeactivateAsync(
        DeactivationReason reason,
        CancellationToken cancellationToken
    )
    {
        published.Close(account.Id, facts);
        return Task.CompletedTask;
    }

    public async Task<ImmutableArray<EventOutcome>> ApplyAsync(Immutable<SequencedEvent[]> events)
    {
        BatchFold.DemandFew(events.Value);
        if (!recovery.IsReady && !await recovery.IsMadeAsync())
        {
            return await repair.RefuseAsync(events.Value);
        }

        InsightSet computed = await insights.CurrentAsync();
        Transition<Account> transition = BatchFold.Fold(
            account,
            events.Value,
            (state, some) => state.Apply(some, computed),
            logger
        );
        if (transition.Changed)
        {
            await BecomeAsync(transition, fates.Of(events.Value, transition.Outcomes));
        }

        residences.Note(this, ref residence, events.Value);
        return transition.Outcomes;
    }

    public async Task NoteMembersAsync(Immutable<MemberChange[]> changes)
    {
        if (changes.Value.Length > Limits.ApplyBatchMax)
        {
            throw new ArgumentException(
                $"More than {Limits.ApplyBatchMax} changes.",
                nameof(changes)
            );
        }

        if (!recovery.IsReady && !await recovery.IsMadeAsync())
        {
            // The event that says so is in its individual's state. Where the account is restored, verifying finds it.
            repair.SayNotKept(account.Id, changes.Value.Length);
            return;
        }

        Account next = account;
        foreach (MemberChange said in changes.Value)
        {
            next = next.Note(new Member(said.Link, said.Individual, said.Belongs, said.Stamp));
            if (!said.AccountTraits.IsEmpty)
            {
                next = next.Describe(
                    said.Account,
                    said.AccountTraits,
                    said.TraitsStamp,
                    said.EventId
                );
            }
        }

        if (!ReferenceEquals(next, account))
        {
            await BecomeAsync(account.Becomes(next, null), []);
        }
    }

    public ValueTask<ContextAnswer?> GetFactsAsync(string graph) =>
        !recovery.IsReady ? recovery.WhenMadeAsync(() => GetFactsAsync(graph))
        : account.IsEmpty || graph != DataGraphs.Default ? new((ContextAnswer?)null)
        : new(facts.Answer ??= Answer(ServiceGraph.Account(account, reconciliation)));

    public ValueTask<ContextAnswer?> GetProfileAsync() =>
        !recovery.IsReady ? recovery.WhenMadeAsync(GetProfileAsync)
        : account.IsEmpty ? new((ContextAnswer?)null)
        : new(Answer(ProfileView.Account(account, reconciliation)));

    public async ValueTask<ContextAnswer?> GetInsightsAsync(InsightQuestion question)
    {
        await recovery.WhenMadeAsync();
        if (account.IsEmpty)
        {
            return null;
        }

        isUsed = true;
        InsightSet computed = await insights.CurrentAsync();
        PeopleSums sums = await people.SumsAsync(computed);
        var listed =
            question.Explain && !sums.IsPartial ? await people.ListAsync(computed, question) : null;
        writeBack.Know(sums, computed);
        InsightLedger present = writeBack.LedgerOf(computed, account.Links);
        return Answer(InsightJson.Answer(account.Id, present, account.Links, question, listed));
    }

    public async Task<SeedAnswer[]> SeedInsightsAsync(Immutable<InsightSeed[]> seeds)
    {
        InsightSeed.DemandFew(seeds.Value.Length);
        await recovery.WhenMadeAsync();
        InsightSet computed = await insights.SinceAsync(InsightSeed.NewestOf(seeds.Value));
        var transition = account.Seed(computed, seeds.Value, out SeedAnswer[] answers);
        if (transition.Changed)
        {
            await BecomeAsync(transition, []);
        }

        return answers;
    }

    public async Task<DateTimeOffset?> WakeAsync(DateTimeOffset dueAt)
    {
        await recovery.WhenMadeAsync();
        DateTimeOffset? next = await LookAsync(dueAt);
        if (facts.Answer is null && !isUsed && account.Told is not { IsTold: false })
        {
            DeactivateOnIdle(); // It was loaded to be woken: whoever wakes everybody leaves nobody in memory.
        }

        return next;
    }

    private async Task<DateTimeOffset?> LookAsync(DateTimeOffset dueAt)
    {
        DateTimeOffset now = clock.GetUtcNow();
        now = now > dueAt ? now : dueAt;
        if (!await TellAsync())
        {
            return now;
        }

        InsightSet computed = await insights.CurrentAsync();
        if (computed.WritesOfPeople || teller.AsksOfPeople(computed))
        {
            writeBack.Know(await people.SumsAsync(computed), computed);
        }

        DemandWhole();
        var (next, until) = teller.Look(
            account,
            () => writeBack.LedgerOf(computed, account.Links),
            now
        );
        Written written = account.IsEmpty
            ? Written.Nothing(account.Written)
            : writeBack.Wake(account.Links, account.Written, computed, now, until);
        bool isNews = next.Told != account.Told;
        if (!written.Updates.IsEmpty || isNews)
        {
            await SaveAsync(account.Becomes(next, null), [], written);
        }

        return isNews && !await TellAsync() ? now
            : account.Told is { IsTold: false } && teller.Failure is not null
                ? Course.Earlier(written.DueAt, now + AccountPeopleReader.AskAgain)
            : written.DueAt;
    }

    public async ValueTask<AccountFacts?> GetToldAsync(LinkKey link)
    {
        await recovery.WhenMadeAsync();
        return saved.AnswerTo(link);
    }

    public async ValueTask<AccountEvidence> GetEvidenceAsync()
    {
        await recovery.WhenMadeAsync();
        string made = account.IsEmpty
            ? ""
            : ContextAnswer.TagOf(ServiceGraph.Account(account, reconciliation));
        return new AccountEvidence
        {
            State = account,
            StateTag = made,
            ServedTag = facts.Answer?.Tag ?? made,
        };
    }

    /// <summary>Tells people what was saved, and notes it when all of them know it.</summary>
    /// <returns>Whether nobody has still to be told, unless it failed.</returns>
    private async Task<bool> TellAsync()
    {
        if (account.Told is not { IsTold: false })
        {
            return true;
        }

        if (!await teller.GoOnAsync(account))
        {
            return false;
        }

        DemandWhole();
        if (teller.Failure is null)
        {
            Account told = account.WithAllTold();
            await SaveAsync(account.Becomes(told, null), [], Written.Nothing(told.Written));
        }

        return true;
    }

    private ContextAnswer Answer(byte[] json) =>
        new()
        {
            Json = json,
            Tag = ContextAnswer.TagOf(json),
            AsOf = ServiceGraph.AsOf(account.Links) ?? default,
        };

    private async Task BecomeAsync(Transition<Account> transition, ImmutableArray<EventFate> noted)
    {
        isUsed = true;
        InsightSet computed = insights.Current;
        DemandWhole();
        DateTimeOffset now = clock.GetUtcNow();
        Written written = writeBack.Follow(
            transition.Next.Links,
            transition.Next.Written,
            computed,
            now,
            teller.DueAfter(account, transition.Next, now)
        );
        await SaveAsync(transition, noted, written);
    }

    private async Task SaveAsync(
        Transition<Account> transition,
        ImmutableArray<EventFate> noted,
        Written written
    )
    {
        account = written.Updates.IsEmpty
            ? transition.Next
            : transition.Next with
            {
                Written = written.Values,
            };
        facts.Answer = null;
        try
        {
            SnapshotWrite write = cell.Prepare(account) with
            {
                IdentifiersAdded = transition.IdentifiersAdded,
                IdentifiersRemoved = transition.IdentifiersRemoved,
                Fates = noted,
                Outbox = OutboxRow.Of(written.Updates),
                DueAt = written.Demanded,
            };
            await cell.SaveAsync(write);
            saved = account;
        }
        catch
        {
            // Memory is now ahead of a snapshot that will never be written. Reload before answering anyone else.
            broken = true;
            published.Close(account.Id, facts);
            DeactivateOnIdle();
            throw;
        }
    }

    private void DemandWhole()
    {
        if (broken)
        {
            throw new InconsistentStateException($"{account.Id} is being reloaded.");
        }
    }
}
