using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>How far every version is.</summary>
[GenerateSerializer, Alias("cdp.backfill-state")]
internal sealed record BackfillState
{
    /// <summary>Versions that are being told.</summary>
    [Id(0)]
    public ImmutableArray<BackfillProgress> Versions { get; init; } = [];
}

/// <summary>Tells new versions of insights what was done before, one after the other and partition by partition.</summary>
[GrainType("cdp.insight-backfill")]
[KeepAlive]
[Reentrant] // a long read of the log must not keep anybody from asking how far it is
internal sealed partial class InsightBackfillGrain(
    [PersistentState("insight-backfill")] IPersistentState<BackfillState> stored,
    InsightBackfill backfill,
    IInsightSets insights,
    LogShape shape,
    TimeProvider clock,
    ILogger<InsightBackfillGrain> logger
) : Grain, IInsightBackfillGrain, IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;
    private readonly Dictionary<long, string> troubles = [];
    private readonly HashSet<long> begun = [];

    /// <summary>The version that is being told, up to the last step; what is stored ends with a pass.</summary>
    private BackfillProgress? present;

    public override async Task OnDeactivateAsync(
        DeactivationReason reason,
        CancellationToken cancellationToken
    )
    {
        await stop.CancelAsync();
        await running;
    }

    public Task GoOnAsync()
    {
        if (running.IsCompleted && !stop.IsCancellationRequested)
        {
            running = RunAsync(stop.Token);
        }

        return Task.CompletedTask;
    }

    public async Task<ImmutableArray<BackfillProgress>> GetProgressAsync() =>
        [
            .. (await WaitingAsync()).Select(insight =>
                ProgressOf(insight) with
                {
                    Trouble = troubles.GetValueOrDefault(insight.Revision),
                }
            ),
        ];

    public void Dispose() => stop.Dispose();

    /// <summary>Ends by itself when nothing is left, and when something fails: it is called again.</summary>
    private async Task RunAsync(CancellationToken cancel)
    {
        try
        {
            foreach (ActiveInsight insight in await WaitingAsync())
            {
                await TryAsync(insight, cancel);
            }
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogFailed(e);
        }
        catch (OperationCanceledException)
        {
            // Another activation goes on.
        }
    }

    /// <summary>Goes on with a version as far as it gets. One that fails keeps no other waiting.</summary>
    private async Task TryAsync(ActiveInsight insight, CancellationToken cancel)
    {
        try
        {
            ClusterStatus status = await GrainFactory.GetGrain<IStatusGrain>(0).GetAsync();
            if (!status.AllKnow(insight.Revision))
            {
                // One that does not counts nothing for it.
                troubles[insight.Revision] = "Not every silo knows the version yet.";
                return;
            }

            troubles.Remove(insight.Revision);
            present = null; // What a pass did that was not ended counts when it is done again.
            await RunAsync(insight, cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            troubles[insight.Revision] = e.Message;
            LogFailed(e);
        }
    }

    private async Task RunAsync(ActiveInsight insight, CancellationToken cancel)
    {
        WalkProgress? asked = null;
        if (
            (NeedsLog(insight) && !await ReadLogAsync(insight, cancel))
            || (insight.Definition.HasPeople && (asked = await AskPeopleAsync(insight)) is null)
        )
        {
            return;
        }

        BackfillProgress progress = ProgressOf(insight);
        await GrainFactory
            .GetGrain<IDefinitionsGrain>(IDefinitionsGrain.Key)
            .CompleteAsync(
                progress.Name,
                progress.Revision,
                new PastKnown(progress.KnownSince, progress.LinksNotTold, asked?.PutOff ?? 0)
            );
        await insights.SinceAsync(long.MaxValue);
        LogComplete(
            progress.Name,
            progress.Version,
            progress.Events,
            progress.Links,
            progress.LinksNotTold,
            asked?.PutOff ?? 0
        );
    }

    /// <summary>Tells everybody what the log has of them, pass by pass; after each it is stored how far that is.</summary>
    /// <returns>Whether that is done; not where another version was made.</returns>
    private async Task<bool> ReadLogAsync(ActiveInsight insight, CancellationToken cancel)
    {
        BackfillProgress progress = ProgressOf(insight) with { Pass = null };
        if (progress.PartitionsDone < progress.Partitions && begun.Add(insight.Revision))
        {
            LogBegun(progress.Name, progress.Version, progress.PartitionsDone, progress.Partitions);
            await SaveAsync(progress);
        }

        while (progress.PartitionsDone < progress.Partitions)
        {
            if ((await insights.CurrentAsync()).Find(insight.Revision) is not { IsComplete: false })
            {
                return false;
            }

            var extents = await backfill.ExtentsAsync(cancel);
            ImmutableArray<LaneExtent> partition =
            [
                .. extents.Where(lane => lane.Partition == progress.PartitionsDone),
            ];
            present = progress.Begin(extents, partition);
            ulong? next = await backfill.RunAsync(
                insight,
                partition,
                progress.From,
                step => present = present.With(step),
                cancel
            );
            progress = present.End(partition, next);
            await SaveAsync(progress);
        }

        return true;
    }

    /// <summary>Has everybody asked what they add.</summary>
    /// <returns>How many were; null while that is under way.</returns>
    private async Task<WalkProgress?> AskPeopleAsync(ActiveInsight insight)
    {
        BackfillProgress progress = ProgressOf(insight);
        IInsightWalkGrain walk = GrainFactory.GetGrain<IInsightWalkGrain>(IInsightWalkGrain.Key);
        if (progress.Walk is null)
        {
            progress = progress with { Walk = await walk.BeginAnewAsync() };
            await SaveAsync(progress);
        }

        return await walk.HasEndedAsync(progress.Walk.Value) ? await walk.GetProgressAsync() : null;
    }

    // Records are in the states of whoever they belong to.
    private static bool NeedsLog(ActiveInsight insight) => !insight.Definition.IsOverRecords;

    /// <exception cref="InconsistentStateException">Another activation went on: this one ends.</exception>
    private async Task SaveAsync(BackfillProgress progress)
    {
        ImmutableArray<ActiveInsight> waiting = await WaitingAsync();
        stored.State = new BackfillState
        {
            Versions =
            [
                .. stored.State.Versions.Where(known =>
                    known.Revision != progress.Revision
                    && waiting.Any(insight => insight.Revision == known.Revision)
                ),
                progress,
            ],
        };
        try
        {
            await stored.WriteStateAsync();
            present = progress;
        }
        catch
        {
            DeactivateOnIdle(); // It is not known what is stored now. Whoever goes on reads it.
            throw;
        }
    }

    private async Task<ImmutableArray<ActiveInsight>> WaitingAsync() =>
        [
            .. (await insights.CurrentAsync())
                .All.Where(insight => !insight.IsComplete)
                .OrderBy(insight => insight.Revision),
        ];

    private BackfillProgress ProgressOf(ActiveInsight insight) =>
        present?.Revision == insight.Revision
            ? present
            : stored.State.Versions.FirstOrDefault(known => known.Revision == insight.Revision)
                ?? new BackfillProgress
                {
                    Name = insight.Definition.Name,
                    Version = insight.Version,
                    Revision = insight.Revision,
                    Partitions = NeedsLog(insight) ? shape.PartitionCount : 0,
                    StartedAt = clock.GetUtcNow(),
                };

    [LoggerMessage(
        LogEvents.InsightBackfillFailed,
        LogLevel.Warning,
        "A new version of an insight could not be told what was done before; it is tried again"
    )]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(
        LogEvents.InsightBackfillBegun,
        LogLevel.Information,
        "Insight {Name} v{Version} is told here what was done before it: {Done} of {Partitions} partitions are done"
    )]
    private partial void LogBegun(string name, int version, int done, int partitions);

    [LoggerMessage(
        LogEvents.InsightComplete,
        LogLevel.Information,
        "Insight {Name} v{Version} knows what was done before it: {Events} events read, {Links} links told, "
            + "{NotTold} not; {PutOff} people are still to be asked"
    )]
    private partial void LogComplete(
        string name,
        int version,
        long events,
        long links,
        long notTold,
        long putOff
    );
}
