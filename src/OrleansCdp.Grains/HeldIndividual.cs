using System.Collections.Immutable;
using Orleans.Serialization;
using Orleans.Storage;
using OrleansCdp.Activation;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Expressions;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>
/// An individual as its activation holds it. Steps of merges come between other calls: each begins where the one before it
/// ended, and they are saved in turn.
/// </summary>
internal sealed class HeldIndividual(
    string id,
    ISnapshotStore store,
    Serializer serializer,
    PublishedContexts published,
    IGrainFactory grains,
    IdentifierWatch watch,
    IInsightSets insights,
    IndividualSegments segments,
    TimeProvider clock,
    Action deactivate
) : IPlacedState, IDisposable
{
    private readonly SemaphoreSlim saves = new(1);
    private readonly WriteBack writeBack = new(id, SubjectKind.Individual);
    private readonly AccountShares shares = new(id, grains);
    private Func<InsightSet, LinkSet, InsightLedger>? ledgerOf;
    private PublishedContext context = new();
    private IdentifierCounts? counts;
    private bool isUsed;
    private bool broken;

    /// <summary>Its stored state.</summary>
    public SnapshotCell<UnifiedIndividual> Cell { get; } =
        new(id, store, serializer, IndividualShape.Instance);

    /// <summary>The state in memory: what is saved, or is being saved.</summary>
    public UnifiedIndividual State { get; private set; } = new() { Id = id };

    /// <summary>What readers get; null when the next one has it made.</summary>
    public ContextAnswer? Answer
    {
        get => context.Answer;
        set => context.Answer = value;
    }

    /// <summary>Reads the state.</summary>
    /// <exception cref="CorruptSnapshotException">The stored bytes are damaged.</exception>
    public async Task OpenAsync(CancellationToken cancel)
    {
        context = published.Open(id);
        State = await Cell.LoadAsync(cancel) ?? State;
        await insights.KnowAsync(State.Links.Links);
        await segments.KnowAsync(State);
    }

    /// <summary>What counts in its insights, up to its present state.</summary>
    public InsightLedger LedgerOf(InsightSet computed)
    {
        isUsed = true;
        return writeBack.LedgerOf(computed, State.Links);
    }

    /// <summary>What it is as a customer.</summary>
    public CustomerAnswer CustomerOf(CustomerQuestion question, InsightSet computed)
    {
        LeaveUnlessUsed();
        return State.ElsewhereAt is null
            ? CustomerAnswer.Of(State.Links, computed, question)
            : CustomerAnswer.Nobody;
    }

    /// <summary>Takes a state that was made anew, and is saved.</summary>
    public void Restore(UnifiedIndividual state) => (State, counts) = (state, null);

    public void Close() => published.Close(id, context);

    public void Dispose() => saves.Dispose();

    public Task BecomeAsync(Transition<UnifiedIndividual> transition) =>
        BecomeAsync(transition, taken: null, [], []);

    /// <summary>
    /// Saves the next state with what must be true at the same instant. Ends once all that was to be saved before is saved
    /// too, also when nothing changes.
    /// </summary>
    /// <param name="transition">The next state.</param>
    /// <param name="taken">The links it takes in; null for none.</param>
    /// <param name="noted">What became of events that are in no state.</param>
    /// <param name="events">The events that make it so; none where others do.</param>
    /// <exception cref="InconsistentStateException">Another activation wrote: this one is given up.</exception>
    public async Task BecomeAsync(
        Transition<UnifiedIndividual> transition,
        LinkTransfer? taken,
        ImmutableArray<EventFate> noted,
        SequencedEvent[] events
    )
    {
        isUsed = true;
        await FollowAsync(transition, taken, noted, events);
    }

    private async Task FollowAsync(
        Transition<UnifiedIndividual> transition,
        LinkTransfer? taken,
        ImmutableArray<EventFate> noted,
        SequencedEvent[] events
    )
    {
        DemandWhole();
        Written written = Written.Nothing(transition.Next.Written);
        ImmutableArray<MembershipChange> changes = [];
        if (transition.Changed)
        {
            InsightSet computed = insights.Current;
            DateTimeOffset now = clock.GetUtcNow();
            UnifiedIndividual next = AccountShares.Counted(transition.Next, computed);
            (next, changes) = segments.Follow(
                next,
                State,
                computed,
                ledgerOf ??= writeBack.LedgerOf,
                now,
                IndividualSegments.CauseOf(State, next, byEvents: events.Length > 0)
            );
            changes = IndividualSegments.By(changes, events, transition.Outcomes);
            // What only the account told adds nothing to the account.
            bool owes =
                !(ReferenceEquals(next.Links, State.Links) && next.CountedAt == State.CountedAt)
                && shares.Owes(next, computed);
            transition = transition with { Next = next };
            written = writeBack.Follow(
                next.ElsewhereAt is null ? next.Links : null,
                next.Written,
                computed,
                now,
                Course.Earlier(
                    owes ? now + AccountShares.Linger : null,
                    Course.Earlier(segments.AsksAt(next, now), segments.DueAt)
                )
            );
        }

        await SaveAsync(transition, taken, noted, written, changes);
    }

    /// <summary>Does all that time alone asks for.</summary>
    /// <param name="dueAt">The moment that is looked at, if the clock here is not yet so far.</param>
    /// <returns>When it is next due; null for never.</returns>
    /// <inheritdoc cref="BecomeAsync(Transition{UnifiedIndividual}, LinkTransfer, ImmutableArray{EventFate}, SequencedEvent[])"/>
    public async Task<DateTimeOffset?> WakeAsync(DateTimeOffset dueAt)
    {
        InsightSet computed = await insights.CurrentAsync();
        DemandWhole();
        DateTimeOffset now = clock.GetUtcNow();
        now = now > dueAt ? now : dueAt;
        var (next, changes) = segments.Follow(
            AccountShares.Counted(State, computed),
            State,
            computed,
            ledgerOf ??= writeBack.LedgerOf,
            now,
            MembershipCause.Time
        );
        Written written = writeBack.Wake(
            next is { ElsewhereAt: null, IsEmpty: false } ? next.Links : null,
            next.Written,
            computed,
            now,
            segments.DueAt
        );
        await SaveAsync(
            To(next, next != State || !written.Updates.IsEmpty),
            null,
            [],
            written,
            changes
        );
        UnifiedIndividual told = State;
        ImmutableArray<string> failed = await shares.HandOverAsync(
            told,
            Cell.Version,
            computed,
            now
        );
        DemandWhole(); // What was told may be what is never saved.
        next = AccountShares.Told(State, told, failed, computed);
        if (next != State)
        {
            await SaveAsync(To(next, changed: true), null, [], Written.Nothing(next.Written), []);
        }

        var (known, asksAt) = await segments.AskAsync(State, grains, now);
        if (known is not null)
        {
            await TakeAsync(known);
        }

        LeaveUnlessUsed();

        return failed.IsEmpty
            ? Course.Earlier(written.DueAt, asksAt)
            : throw new AccountsNotToldException(id, failed, shares.Failure);
    }

    /// <summary>Takes what its account tells.</summary>
    /// <returns>Who is to be told instead; null for nobody.</returns>
    public async Task<string?> TakeAsync(AccountFacts facts)
    {
        await FollowAsync(State.Take(facts), null, [], []);
        LeaveUnlessUsed();
        return State.ElsewhereAt;
    }

    private static Transition<UnifiedIndividual> To(UnifiedIndividual next, bool changed) =>
        new()
        {
            Next = next,
            Changed = changed,
            Outcomes = [],
        };

    private async Task SaveAsync(
        Transition<UnifiedIndividual> transition,
        LinkTransfer? taken,
        ImmutableArray<EventFate> noted,
        Written written,
        ImmutableArray<MembershipChange> changes
    )
    {
        if (transition.Changed)
        {
            UnifiedIndividual next = transition.Next;
            State = written.Updates.IsEmpty ? next : next with { Written = written.Values };
            transition = transition with { Next = State };
            context.Answer = null;
            counts?.Note(transition.IdentifiersAdded, transition.IdentifiersRemoved);
        }

        // Also where nothing changes: what the answer rests on may be in memory only, its save under way.
        await saves.WaitAsync();
        try
        {
            DemandWhole();
            if (transition.Changed)
            {
                await Cell.SaveAsync(
                    Cell.Prepare(transition.Next).With(transition).With(taken).With(written) with
                    {
                        MembershipChanges = changes,
                        Fates = noted,
                    }
                );
            }
        }
        catch
        {
            // Memory is now ahead of a snapshot that will never be written. Reload before answering anyone else.
            GiveUp();
            throw;
        }
        finally
        {
            saves.Release();
        }

        if (!transition.IdentifiersAdded.IsEmpty)
        {
            watch.Look(id, State.Links, ref counts);
        }
    }

    /// <summary>Tells versions of insights what was done before they were made.</summary>
    public async Task<SeedAnswer[]> SeedAsync(InsightSeed[] seeds)
    {
        InsightSet computed = await insights.SinceAsync(InsightSeed.NewestOf(seeds));
        var transition = State.Seed(computed, seeds, out SeedAnswer[] answers);
        await BecomeAsync(transition);
        if (!transition.Changed)
        {
            await DemandCurrentAsync();
        }

        return answers;
    }

    public async Task DemandCurrentAsync()
    {
        await saves.WaitAsync();
        try
        {
            if (broken || !await Cell.IsCurrentAsync(CancellationToken.None))
            {
                GiveUp();
                throw new InconsistentStateException($"{id} was saved by another activation.");
            }
        }
        finally
        {
            saves.Release();
        }
    }

    public async Task<OtherTaker?> TakeAsync(LinkTransfer transfer)
    {
        await insights.KnowAsync(transfer.Links);
        var foreseen = Attach(transfer, out OtherTaker? other);
        if (other is not null)
        {
            return other;
        }

        // Before the save: with it the claims say that the links are here, and nobody would make the move again only
        // because an account was not told. They are promised to this individual, so what is said comes true.
        await AccountNews.TellAsync(grains, AccountNews.Of(ArrivedBy(foreseen, transfer), id));
        var transition = Attach(transfer, out other);
        if (other is not null)
        {
            return other;
        }

        await BecomeAsync(transition, transfer, [], []);
        if (!transition.Changed && (transfer.IsLast || !transfer.Links.IsEmpty))
        {
            // That they are here may be what another activation has changed since: then they would be nowhere.
            await DemandCurrentAsync();
        }

        return null;
    }

    private Transition<UnifiedIndividual> Attach(LinkTransfer transfer, out OtherTaker? other)
    {
        var transition = State.Attach(
            transfer.Links,
            transfer.Owner,
            byMerge: !transfer.ChangesOwner,
            transfer.IsLast,
            transfer.IsWhole,
            out string? elsewhere
        );
        // Its own link comes home to one that is merged as well: it stays its own, wherever that is.
        bool comesHome =
            !transfer.Links.IsEmpty
            && transfer.Links.All(link => SubjectIds.IsNamedBy(State.Id, link.Key));
        other = elsewhere is null
            ? null
            : new OtherTaker(
                elsewhere,
                ForEver: State.RedirectTo == elsewhere
                    && !(comesHome && State.PlacedAt == elsewhere),
                State.RedirectRank ?? AnchorPolicy.Unanchored
            );
        return transition;
    }

    /// <summary>The links of a transfer that are here with it: one that came before may have left again.</summary>
    private static ImmutableArray<Link> ArrivedBy(
        Transition<UnifiedIndividual> transition,
        LinkTransfer transfer
    ) => [.. transfer.Links.Select(link => transition.Next.Links.Find(link.Key)).OfType<Link>()];

    /// <summary>Lets it go that was loaded to be asked: whoever asks everybody must not leave everybody in memory.</summary>
    private void LeaveUnlessUsed()
    {
        if (context.Answer is null && !isUsed)
        {
            deactivate();
        }
    }

    private void DemandWhole()
    {
        if (broken)
        {
            throw new InconsistentStateException($"{id} is being reloaded.");
        }
    }

    private void GiveUp()
    {
        broken = true;
        Close();
        deactivate();
    }
}
