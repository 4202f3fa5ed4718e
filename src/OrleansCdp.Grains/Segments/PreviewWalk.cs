using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Orleans.Serialization;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>
/// Tries a segment on every stored individual. It reads what is stored and asks no grain, so nobody is loaded into memory for it.
/// In one silo one goes on at a time.
/// </summary>
internal sealed partial class PreviewWalk(
    ILogHistory log,
    ISnapshotStore store,
    Serializer serializer,
    ReconciliationPolicy policy,
    TimeProvider clock,
    ILogger<PreviewWalk> logger
) : IDisposable
{
    private readonly SemaphoreSlim turns = new(1);

    /// <summary>Looks at everybody.</summary>
    /// <param name="proposed">The text beside the active definitions.</param>
    /// <param name="tried">The version.</param>
    /// <param name="begun">The preview as it begins.</param>
    /// <param name="tell">Told how far it is.</param>
    /// <param name="pace">How much of the time it works.</param>
    /// <param name="cancel">Breaks it off.</param>
    public async Task RunAsync(
        ProposedSegment proposed,
        ActiveSegment tried,
        SegmentPreview begun,
        Action<SegmentPreview> tell,
        Pace pace,
        CancellationToken cancel
    )
    {
        SegmentTrial trial = new(proposed.Active, tried, proposed.WithMeasures);
        SegmentPreview preview = begun with
        {
            Askers = trial.Askers,
            Beside = BesideOf(trial),
            NotReady = NotReadyOf(tried.Definition, trial),
            IsToBeSubmitted = !proposed.Unread.IsEmpty,
        };
        if (!preview.NotReady.IsEmpty)
        {
            tell(preview with { State = PreviewState.NotReady, EndedAt = clock.GetUtcNow() });
            return;
        }

        tell(preview);
        await turns.WaitAsync(cancel);
        try
        {
            await LookAsync(
                trial,
                preview with
                {
                    State = PreviewState.Running,
                    At = clock.GetUtcNow(),
                },
                tell,
                pace,
                cancel
            );
        }
        finally
        {
            turns.Release();
        }
    }

    public void Dispose() => turns.Dispose();

    private async Task LookAsync(
        SegmentTrial trial,
        SegmentPreview preview,
        Action<SegmentPreview> tell,
        Pace pace,
        CancellationToken cancel
    )
    {
        tell(preview);
        StoredAccounts accounts = new(trial, store, serializer, policy, preview.At);
        string after = SubjectIds.IndividualPrefix;
        bool isLast = false;
        while (!isLast)
        {
            long since = Stopwatch.GetTimestamp();
            var ids = await log.IdsAsync(after, ILogHistory.IdsMax, cancel);
            string[] known = [.. ids.TakeWhile(SubjectIds.IsIndividual)];
            UnifiedIndividual?[] states = await Task.WhenAll(
                known.Select(id => LoadAsync(id, cancel))
            );
            int looked = 0;
            foreach (UnifiedIndividual? state in states)
            {
                looked += await TryLookAsync(trial, state, accounts, preview.At, cancel) ? 1 : 0;
            }

            int damaged = states.Count(state => state is null);
            preview = preview with
            {
                Counts = trial.Counts,
                Damaged = preview.Damaged + damaged,
                NotEvaluated = preview.NotEvaluated + states.Length - looked - damaged,
            };
            tell(preview);
            isLast = known.Length < ILogHistory.IdsMax;
            if (!isLast)
            {
                after = known[^1];
                await pace.RestAsync(since, clock, cancel);
            }
        }

        tell(preview with { State = PreviewState.Done, EndedAt = clock.GetUtcNow() });
    }

    /// <summary>Looks at somebody, unless that fails: a defect about one of them keeps nobody from knowing of the others.</summary>
    private async Task<bool> TryLookAsync(
        SegmentTrial trial,
        UnifiedIndividual? state,
        StoredAccounts accounts,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        if (state is null)
        {
            return false;
        }

        if (state.ElsewhereAt is not null || state.Links.Links.IsEmpty)
        {
            return true; // Nobody.
        }

        AccountFacts account = await accounts.FactsForAsync(state, cancel);
        try
        {
            InsightLedger ledger = InsightLedger.Of(
                known: null,
                trial.Insights,
                SubjectKind.Individual,
                state.Links
            );
            SegmentSubject subject = new(state.Links, ledger, account, policy);
            trial.Look(state.Id, subject, state.FactsFor(trial.Active), state.Memberships, now);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogNotEvaluated(state.Id, e);
            return false;
        }
    }

    [LoggerMessage(
        LogEvents.SegmentNotPreviewed,
        LogLevel.Error,
        "A version of a segment could not be tried on {Id}"
    )]
    private partial void LogNotEvaluated(string id, Exception exception);

    /// <summary>Reads a state; null where it is damaged. One that went meanwhile is nobody.</summary>
    private async Task<UnifiedIndividual?> LoadAsync(string id, CancellationToken cancel)
    {
        try
        {
            SnapshotCell<UnifiedIndividual> cell = new(
                id,
                store,
                serializer,
                IndividualShape.Instance
            );
            return await cell.LoadAsync(cancel) ?? new UnifiedIndividual { Id = id };
        }
        catch (CorruptSnapshotException)
        {
            return null;
        }
    }

    /// <summary>What decides with the version: other segments, and insights that people wrote.</summary>
    private static ImmutableArray<PreviewedWith> BesideOf(SegmentTrial trial) =>
        [
            .. trial.Beside.Select(one => new PreviewedWith(
                DefinitionKinds.Segment,
                one.Definition.Name,
                one.Version
            )),
            .. trial
                .Insights.All.Where(one => !InsightDefinition.IsDerived(one.Definition.Name))
                .Select(one => new PreviewedWith(
                    DefinitionKinds.Insight,
                    one.Definition.Name,
                    one.Version
                )),
        ];

    /// <summary>What does not know of the past, as people write it.</summary>
    private static ImmutableArray<string> NotReadyOf(
        SegmentDefinition segment,
        SegmentTrial trial
    ) =>
        [
            .. trial
                .NotReady.Select(name =>
                    segment
                        .Inputs.FirstOrDefault(input =>
                            input.Derived.Any(derived => derived.Name == name)
                        )
                        ?.Key
                    ?? name
                )
                .Distinct(),
        ];
}
