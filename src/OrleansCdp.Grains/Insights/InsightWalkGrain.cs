using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Runtime;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Segments;

namespace OrleansCdp.Insights;

/// <summary>
/// Wakes everybody, page by page: accounts first, then individuals in a ring. Where it is, is stored after each page.
/// </summary>
[GrainType("cdp.insight-walk")]
[KeepAlive]
[Reentrant] // a walk must not keep anybody from asking how far it is
internal sealed partial class InsightWalkGrain(
    [PersistentState("insight-walk")] IPersistentState<WalkState> stored,
    ILogHistory log,
    Waking waking,
    IDueStore due,
    IInsightSets insights,
    ISegmentSets segments,
    IOptions<InsightOptions> options,
    TimeProvider clock,
    ILogger<InsightWalkGrain> logger
) : Grain, IInsightWalkGrain, IDisposable
{
    /// <summary>Those whom the walk remembers to look at once more. Further ones are put off, and not waited for.</summary>
    public const int AgainMax = 1_000;

    /// <summary>How often it tries those before they are put off.</summary>
    public const int RoundsMax = 60;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource stop = new();
    private readonly SemaphoreSlim saves = new(1);
    private Task running = Task.CompletedTask;
    private string? trouble;
    private int rounds;

    /// <summary>The state, as it is stored for certain: nobody is told of more.</summary>
    private WalkState state = new();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        state = stored.State;
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(
        DeactivationReason reason,
        CancellationToken cancellationToken
    )
    {
        await stop.CancelAsync();
        await running;
    }

    public Task<string?> GoOnAsync()
    {
        if (running.IsCompleted && !stop.IsCancellationRequested)
        {
            running = RunAsync(stop.Token);
        }

        return Task.FromResult(state.HasEnded ? state.Signature : null);
    }

    public async Task<long> BeginAnewAsync()
    {
        string wanted = (await ReasonAsync()).Signature;
        rounds = 0;
        WalkState begun = await SaveAsync(present =>
            Begun(present, wanted) with
            {
                Round = present.Round + 1,
            }
        );
        await GoOnAsync();
        return begun.Round;
    }

    public async Task<bool> HasEndedAsync(long round)
    {
        await GoOnAsync();
        return state.Round >= round && state.HasEnded;
    }

    public Task<WalkProgress?> GetProgressAsync() =>
        Task.FromResult(
            state.Progress is { } progress ? progress with { Trouble = trouble } : null
        );

    public void Dispose()
    {
        stop.Dispose();
        saves.Dispose();
    }

    /// <summary>Ends by itself when everybody was looked at, and when something fails: it is called again.</summary>
    private async Task RunAsync(CancellationToken cancel)
    {
        try
        {
            while (await IsDueAsync())
            {
                await WalkPageAsync(cancel);
            }
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            trouble = e.Message;
            LogFailed(e);
        }
        catch (OperationCanceledException)
        {
            // Another activation goes on.
        }
    }

    /// <summary>Whether the next page can be walked. Where insights are others than those it goes for, it begins anew.</summary>
    private async Task<bool> IsDueAsync()
    {
        var (wanted, newest) = await ReasonAsync();
        trouble = null;
        if (state.Signature == wanted && state.HasEnded)
        {
            return false;
        }

        ClusterStatus status = await GrainFactory.GetGrain<IStatusGrain>(0).GetAsync();
        if (!status.AllKnow(newest))
        {
            trouble = "Not every silo knows the definitions yet.";
            return false; // One that does not would look at somebody for the insights before.
        }

        if (state.Signature != wanted)
        {
            rounds = 0;
            await SaveAsync(present => Begun(present, wanted));
        }

        return !state.HasEnded;
    }

    private async Task<WalkReason> ReasonAsync() =>
        WalkReason.Of(await insights.CurrentAsync(), segments.Current);

    private WalkState Begun(WalkState before, string signature) =>
        before.Begin(signature, clock.GetUtcNow());

    private async Task WalkPageAsync(CancellationToken cancel)
    {
        WalkState before = state;
        var found = await log.IdsAsync(before.After, ILogHistory.IdsMax, cancel);
        WalkPage page = before.PageOf(found);
        DateTimeOffset now = clock.GetUtcNow();
        DueSubject[] subjects =
        [
            .. page
                .Ids.Where(id => SubjectIds.IsIndividual(id) || SubjectIds.IsAccount(id))
                .Concat(page.IsLast ? before.Again : [])
                .Select(id => new DueSubject(id, now, Tries: 0)),
        ];
        ImmutableArray<Look> looks = await waking.WakeAsync(
            subjects,
            () => options.Value.Pace,
            cancel
        );
        foreach (Look[] some in looks.Where(look => look.Next is not null).Chunk(IDueStore.DueMax))
        {
            await due.DemandAsync([.. some.Select(look => (look.Of.Id, look.Next!.Value))], cancel);
        }

        WalkState next = Follow(before, page, looks);
        // Unless it was told to begin anew meanwhile.
        WalkState saved = await SaveAsync(present => present == before ? next : present);
        if (page.IsLast && saved == next)
        {
            await EndRoundAsync(next, cancel);
        }
    }

    /// <summary>The state after a page.</summary>
    private WalkState Follow(WalkState before, WalkPage page, ImmutableArray<Look> looks)
    {
        string[] failed =
        [
            .. page.IsLast ? [] : before.Again,
            .. looks.Where(look => look.Failed && !look.IsDamaged).Select(look => look.Of.Id),
        ];
        bool isEnough = page.IsLast && rounds >= RoundsMax;
        ImmutableArray<string> again = isEnough ? [] : [.. failed.Take(AgainMax)];
        WalkProgress progress = before.Progress!;
        return before with
        {
            After = page.After,
            Leg = page.Leg,
            Again = again,
            Progress = progress with
            {
                Individuals = progress.Individuals + page.Ids.Count(SubjectIds.IsIndividual),
                Accounts = progress.Accounts + page.Ids.Count(SubjectIds.IsAccount),
                PutOff =
                    progress.PutOff
                    + looks.Count(look => look.IsDamaged)
                    + failed.Length
                    - again.Length,
                EndedAt = page.IsLast && again.IsEmpty ? clock.GetUtcNow() : null,
            },
        };
    }

    private async Task EndRoundAsync(WalkState after, CancellationToken cancel)
    {
        if (after.Progress is { EndedAt: not null } ended)
        {
            LogEnded(ended.Individuals, ended.Accounts, ended.PutOff);
            return;
        }

        rounds++;
        await Task.Delay(Pause, clock, cancel); // Those of a silo that died will have others.
    }

    /// <summary>Saves what follows from the present state; one at a time.</summary>
    private async Task<WalkState> SaveAsync(Func<WalkState, WalkState> follow)
    {
        await saves.WaitAsync();
        try
        {
            WalkState next = follow(state);
            if (next != state)
            {
                stored.State = next;
                await stored.WriteStateAsync();
                state = next;
            }

            return next;
        }
        catch
        {
            DeactivateOnIdle(); // It may be stored all the same, or another went on: whoever goes on reads it.
            throw;
        }
        finally
        {
            saves.Release();
        }
    }

    [LoggerMessage(
        LogEvents.InsightWalkFailed,
        LogLevel.Warning,
        "Not everybody could be looked at after insights have changed; it goes on"
    )]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(
        LogEvents.InsightWalkEnded,
        LogLevel.Information,
        "Looked at {Individuals} individuals and {Accounts} accounts after insights have changed; {PutOff} are tried again"
    )]
    private partial void LogEnded(long individuals, long accounts, long putOff);
}
