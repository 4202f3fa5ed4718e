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

/// <summary>
/// Tells new versions of insights what was done before, partition by partition: all together that wait when a reading of the log
/// begins. Others wait for the next one.
/// </summary>
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

    /// <summary>The versions that are being told, up to the last step; what is stored ends with a pass.</summary>
    private readonly Dictionary<long, BackfillProgress> present = [];

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

    /// <summary>
    /// Goes on with all that wait now, each once. Ends by itself then, and when something fails: it is called again.
    /// </summary>
    private async Task RunAsync(CancellationToken cancel)
    {
        try
        {
            ImmutableArray<ActiveInsight> left = await WaitingAsync();
            ClusterStatus status = await GrainFactory.GetGrain<IStatusGrain>(0).GetAsync();
            // A silo that does not know a version counts nothing for it.
            Note(
                left.Where(version => !status.AllKnow(version.Revision)),
                "Not every silo knows the version yet."
            );
            left = left.RemoveAll(version => !status.AllKnow(version.Revision));
            while (!left.IsEmpty)
            {
                var together = BackfillSteps.Together(left, ProgressOf);
                left = left.RemoveRange(together);
                await TryAsync(together, cancel);
            }
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            Note(await WaitingAsync(), e.Message);
            LogFailed(e);
        }
        catch (OperationCanceledException)
        {
            // Another activation goes on.
        }
    }

    /// <summary>Goes on with versions as far as they get. Some that fail keep no others waiting.</summary>
    private async Task TryAsync(ImmutableArray<ActiveInsight> versions, CancellationToken cancel)
    {
        try
        {
            Note(versions, trouble: null);
            present.Clear(); // What a pass did that was not ended counts when it is done again.
            await EndAsync(await ReadLogAsync(versions, cancel));
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            Note(versions, e.Message);
            LogFailed(e);
        }
    }

    private void Note(IEnumerable<ActiveInsight> versions, string? trouble)
    {
        foreach (ActiveInsight version in versions)
        {
            if (trouble is null)
            {
                troubles.Remove(version.Revision);
            }
            else
            {
                troubles[version.Revision] = trouble;
            }
        }
    }

    /// <summary>Tells everybody what the log has of them, pass by pass; after each it is stored how far that is.</summary>
    /// <param name="versions">Versions that are equally far.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>Those of which everybody is told; not those of which another version was made meanwhile.</returns>
    private async Task<ImmutableArray<ActiveInsight>> ReadLogAsync(
        ImmutableArray<ActiveInsight> versions,
        CancellationToken cancel
    )
    {
        await BeginAsync(versions);
        while (true)
        {
            InsightSet computed = await insights.CurrentAsync();
            versions = versions.RemoveAll(version =>
                computed.Find(version.Revision) is not { IsComplete: false }
            );
            if (versions.IsEmpty)
            {
                return [];
            }

            BackfillProgress first = ProgressOf(versions[0]);
            if (first.PartitionsDone >= first.Partitions)
            {
                return versions;
            }

            var extents = await backfill.ExtentsAsync(cancel);
            ImmutableArray<LaneExtent> partition =
            [
                .. extents.Where(lane => lane.Partition == first.PartitionsDone),
            ];
            present.Clear();
            foreach (ActiveInsight version in versions)
            {
                present[version.Revision] = ProgressOf(version).Begin(extents, partition);
            }

            ulong? next = await backfill.RunAsync(
                new InsightSet(versions, versions.Max(version => version.Revision)),
                partition,
                first.From,
                Add,
                cancel
            );
            await SaveAsync([.. present.Values.Select(progress => progress.End(partition, next))]);
        }
    }

    /// <summary>Stores and tells that versions begin, or go on after a restart.</summary>
    private async Task BeginAsync(ImmutableArray<ActiveInsight> versions)
    {
        ImmutableArray<BackfillProgress> beginning =
        [
            .. versions
                .Select(ProgressOf)
                .Where(progress =>
                    progress.PartitionsDone < progress.Partitions && begun.Add(progress.Revision)
                ),
        ];
        foreach (BackfillProgress one in beginning)
        {
            LogBegun(one.Name, one.Version, one.PartitionsDone, one.Partitions);
        }

        if (!beginning.IsEmpty)
        {
            await SaveAsync(beginning);
        }
    }

    private void Add(InsightBackfill.Step step)
    {
        if (step.Version is { } version)
        {
            present[version] = present[version].With(step);
            return;
        }

        foreach (long each in present.Keys.ToArray())
        {
            present[each] = present[each].With(step);
        }
    }

    /// <summary>Ends versions that know all that the log has, once everybody is asked whom they are over.</summary>
    private async Task EndAsync(ImmutableArray<ActiveInsight> versions)
    {
        ImmutableArray<ActiveInsight> overPeople =
        [
            .. versions.Where(version => version.Definition.HasPeople),
        ];
        await CompleteAsync(versions.RemoveRange(overPeople), putOff: 0);
        if (!overPeople.IsEmpty && await AskPeopleAsync(overPeople) is { } asked)
        {
            await CompleteAsync(overPeople, asked.PutOff);
        }
    }

    private async Task CompleteAsync(ImmutableArray<ActiveInsight> versions, long putOff)
    {
        if (versions.IsEmpty)
        {
            return;
        }

        BackfillProgress[] all = [.. versions.Select(ProgressOf)];
        await GrainFactory
            .Definitions()
            .CompleteAsync([
                .. all.Select(one => new CompleteVersion(
                    one.Revision,
                    new PastKnown(one.KnownSince, one.LinksNotTold, putOff)
                )),
            ]);
        await insights.SinceAsync(long.MaxValue);
        foreach (BackfillProgress one in all)
        {
            LogComplete(one.Name, one.Version, one.Events, one.Links, one.LinksNotTold, putOff);
        }
    }

    /// <summary>Has everybody asked what they add, once for all versions.</summary>
    /// <returns>How many were; null while that is under way.</returns>
    private async Task<WalkProgress?> AskPeopleAsync(ImmutableArray<ActiveInsight> versions)
    {
        IInsightWalkGrain walk = GrainFactory.GetGrain<IInsightWalkGrain>(IInsightWalkGrain.Key);
        BackfillProgress[] all = [.. versions.Select(ProgressOf)];
        BackfillProgress[] unasked = [.. all.Where(progress => progress.Walk is null)];
        long round = all.Max(progress => progress.Walk) ?? 0;
        if (unasked.Length > 0)
        {
            round = await walk.BeginAnewAsync();
            await SaveAsync([.. unasked.Select(progress => progress with { Walk = round })]);
        }

        return await walk.HasEndedAsync(round) ? await walk.GetProgressAsync() : null;
    }

    // Records are in the states of whoever they belong to.
    private static bool NeedsLog(ActiveInsight insight) => !insight.Definition.IsOverRecords;

    /// <exception cref="InconsistentStateException">Another activation went on: this one ends.</exception>
    private async Task SaveAsync(ImmutableArray<BackfillProgress> versions)
    {
        HashSet<long> others = [.. (await WaitingAsync()).Select(waiting => waiting.Revision)];
        others.ExceptWith(versions.Select(progress => progress.Revision));
        stored.State = new BackfillState
        {
            Versions =
            [
                .. stored.State.Versions.Where(known => others.Contains(known.Revision)),
                .. versions,
            ],
        };
        try
        {
            await stored.WriteStateAsync();
            foreach (BackfillProgress progress in versions)
            {
                present[progress.Revision] = progress;
            }
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
        present.TryGetValue(insight.Revision, out BackfillProgress? progress)
            ? progress
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
