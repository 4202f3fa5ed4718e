using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;
using OrleansCdp.Identity;
using OrleansCdp.Segments;

namespace OrleansCdp.Insights;

/// <summary>What an account's people add to its insights. Those who say something at the same time share a save.</summary>
[GrainType("cdp.account-people")]
[CollectionAgeLimit(Minutes = 10)]
[HomePlacement]
internal sealed partial class AccountPeopleGrain : Grain, IAccountPeopleGrain, IDisposable
{
    private readonly SnapshotCell<AccountPeople> cell;
    private readonly IInsightSets insights;
    private readonly ISegmentSets segments;
    private readonly IDueStore due;
    private readonly TimeProvider clock;
    private readonly ILogger<AccountPeopleGrain> logger;
    private readonly SemaphoreSlim saves = new(1);
    private readonly string account;
    private AccountPeople state = new();
    private AccountPeople saved;
    private bool isSaid;
    private bool broken;

    public AccountPeopleGrain(
        ISnapshotStore store,
        Serializer serializer,
        IInsightSets insights,
        ISegmentSets segments,
        IDueStore due,
        TimeProvider clock,
        ILogger<AccountPeopleGrain> logger
    )
    {
        account = this.GetPrimaryKeyString();
        cell = new SnapshotCell<AccountPeople>(
            SubjectIds.PeopleOf(account),
            store,
            serializer,
            AccountPeopleShape.Instance
        );
        saved = state;
        this.insights = insights;
        this.segments = segments;
        this.due = due;
        this.clock = clock;
        this.logger = logger;
    }

    private IInsightWalkGrain Walk =>
        GrainFactory.GetGrain<IInsightWalkGrain>(IInsightWalkGrain.Key);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        try
        {
            state = saved = await cell.LoadAsync(cancellationToken) ?? state;
        }
        catch (CorruptSnapshotException e) when (!e.MayBeNewer)
        {
            LogDamaged(account, e);
            await BeginAnewAsync(e.Found);
        }
    }

    public async Task TakeAsync(PersonShare share)
    {
        DemandWhole();
        state = state.Take(StoredShare.Of(share));
        await saves.WaitAsync();
        try
        {
            DemandWhole();
            // Whoever came before may have saved this one, too.
            if (!ReferenceEquals(saved, state))
            {
                AccountPeople next = state;
                await cell.SaveAsync(cell.Prepare(next));
                (saved, isSaid) = (next, false);
            }
        }
        catch
        {
            // Memory is now ahead of a state that will never be written.
            broken = true;
            DeactivateOnIdle();
            throw;
        }
        finally
        {
            saves.Release();
        }

        await SayAsync();
    }

    public async ValueTask<PeopleSums> GetSumsAsync()
    {
        DemandWhole();
        InsightSet computed = await insights.CurrentAsync();
        bool isPartial = state.Head.AskedIn is { } round && !await Walk.HasEndedAsync(round);
        if (!isPartial && state.Head.AskedIn is not null)
        {
            // Saved with the next change.
            state = state with
            {
                Head = state.Head with { AskedIn = null },
            };
        }

        return new PeopleSums(
            state.People.SumsFor(computed, clock.GetUtcNow()),
            state.NotTaken,
            isPartial
        );
    }

    public async ValueTask<ImmutableArray<PersonValue>> GetPeopleAsync(
        long revision,
        DateTimeOffset at
    )
    {
        DemandWhole();
        if ((await insights.CurrentAsync()).Find(revision) is not { } insight)
        {
            return [];
        }

        // Of many people that is long work, and no turn of the grain: others are taken meanwhile.
        AccountPeople present = state;
        return await Task.Run(() => ListOf(present, insight, at));
    }

    private static ImmutableArray<PersonValue> ListOf(
        AccountPeople present,
        ActiveInsight insight,
        DateTimeOffset at
    ) =>
        [
            .. present
                .People.All.Where(share => !SubjectIds.IsRecord(share.Individual))
                .SelectMany(
                    share => share.ToSums().Where(sum => sum.Revision == insight.Revision),
                    (share, sum) => (share.Individual, Value: sum.ValueOf(insight, at))
                )
                .Select(one => new PersonValue(one.Individual, one.Value.Value, one.Value.Items))
                .OrderByDescending(one => one.Value?.AsNumber() ?? decimal.MinValue)
                .ThenByDescending(one => one.Items)
                .ThenBy(one => one.Individual, StringComparer.Ordinal)
                .Take(IAccountPeopleGrain.ListedMax),
        ];

    public void Dispose() => saves.Dispose();

    /// <summary>
    /// Has the account looked at, where it writes a field or tells something because of its people: it does so in its own time, and
    /// nobody waits for it. Also once after a start, for a crash may have come between.
    /// </summary>
    private async Task SayAsync()
    {
        InsightSet computed = await insights.CurrentAsync();
        if (!isSaid && (computed.WritesOfPeople || segments.Current.AsksOfPeople(computed)))
        {
            isSaid = true; // Before it is: whoever is saved meanwhile has it said again.
            try
            {
                await due.DemandAsync([(account, clock.GetUtcNow())], CancellationToken.None);
            }
            catch
            {
                isSaid = false;
                throw;
            }
        }
    }

    /// <summary>All that is known here can be asked for: nobody need restore it.</summary>
    private async Task BeginAnewAsync(Snapshot damaged)
    {
        state = new AccountPeople
        {
            Head = new AccountPeopleHead { AskedIn = await Walk.BeginAnewAsync() },
        };
        await cell.SaveAsync(cell.PrepareInstead(damaged, state));
        saved = state;
    }

    private void DemandWhole()
    {
        if (broken)
        {
            throw new InconsistentStateException($"{account} is being reloaded.");
        }
    }

    [LoggerMessage(
        LogEvents.AccountPeopleDamaged,
        LogLevel.Error,
        "What is stored of the people of {Account} is damaged: everybody is asked anew"
    )]
    private partial void LogDamaged(string account, Exception exception);
}
