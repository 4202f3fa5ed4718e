using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Insights;

/// <summary>
/// Reads one partition of the log for a new version of an insight and tells each link what was done before it began to count.
/// Paced, so that what arrives meanwhile does not wait for it.
/// </summary>
internal sealed partial class InsightBackfill(
    ILogHistory log,
    IGrainFactory grains,
    IOptions<InsightOptions> options,
    TimeProvider clock,
    ILogger<InsightBackfill> logger
)
{
    /// <summary>Links that are told at once.</summary>
    public const int ToldAtOnceMax = 8;

    /// <summary>How often a link is looked for that is not where the claims say.</summary>
    public const int RoundsMax = 120;

    private const int RedirectsMax = 16;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private Pace Pace => options.Value.Pace;

    /// <summary>What there is to read.</summary>
    /// <returns>
    /// The lanes of all partitions up to their heads: what lies beyond a checkpoint may have been applied before its silo knew
    /// the version.
    /// </returns>
    public async Task<ImmutableArray<LaneExtent>> ExtentsAsync(CancellationToken cancel) =>
        [.. (await log.ExtentsAsync(cancel)).Select(lane => lane with { Checkpoint = lane.Head })];

    /// <summary>Reads what some links of a partition did, as many as are kept in memory, and tells them.</summary>
    /// <param name="insight">The version.</param>
    /// <param name="extents">The lanes of the partition.</param>
    /// <param name="from">The hash of the first links. Whoever is told again stays as they are.</param>
    /// <param name="said">Told how much was done.</param>
    /// <param name="cancel">Stops it; what is done stays done.</param>
    /// <returns>Where the next links begin; null when all of the partition are told.</returns>
    public async Task<ulong?> RunAsync(
        ActiveInsight insight,
        ImmutableArray<LaneExtent> extents,
        ulong from,
        Action<Step> said,
        CancellationToken cancel
    )
    {
        if (extents.IsEmpty)
        {
            return null;
        }

        InsightSet only = new([insight], insight.Revision);
        LogPass pass = new(log, extents, from, insights: only);
        await ReadAsync(pass, events => said(new Step(Events: events)), cancel);
        ImmutableArray<InsightSeed> seeds = [.. SeedsOf(pass, insight)];
        said(new Step(ToTell: seeds.Length));
        await TellAsync(insight, only, seeds, extents, said, cancel);
        return pass.To == ulong.MaxValue ? null : pass.To + 1;
    }

    private static IEnumerable<InsightSeed> SeedsOf(LogPass pass, ActiveInsight insight) =>
        from link in pass.Links
        from known in link.State.Insights
        where known.Revision == insight.Revision
        select new InsightSeed(
            link.Key,
            link.Subject,
            known,
            link.State.AppliedNormal,
            link.State.AppliedLow
        );

    private async Task ReadAsync(LogPass pass, Action<int> said, CancellationToken cancel)
    {
        long since = Stopwatch.GetTimestamp();
        await foreach (int events in pass.ReadAsync(cancel))
        {
            said(events);
            await Pace.RestAsync(since, clock, cancel);
            since = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Tells all of them. Those that began elsewhere than the seed ends get one that ends there.</summary>
    private async Task TellAsync(
        ActiveInsight insight,
        InsightSet only,
        ImmutableArray<InsightSeed> seeds,
        ImmutableArray<LaneExtent> extents,
        Action<Step> said,
        CancellationToken cancel
    )
    {
        for (int round = 0; !seeds.IsEmpty; round++)
        {
            Dictionary<(SubjectKind, LinkKey), SeedAnswer> others = [];
            List<InsightSeed> again = [];
            foreach (InsightSeed[] some in seeds.Chunk(ToldAtOnceMax))
            {
                long since = Stopwatch.GetTimestamp();
                SeedAnswer[] answers = await Task.WhenAll(
                    some.Select(seed => TellAsync(insight, seed, cancel))
                );
                foreach ((InsightSeed seed, SeedAnswer answer) in some.Zip(answers))
                {
                    if (answer.Outcome == SeedOutcome.OtherEnd)
                    {
                        others[(seed.Subject, seed.Link)] = answer;
                    }
                    else if (answer.Outcome == SeedOutcome.NotHere)
                    {
                        again.Add(seed);
                    }
                }

                said(
                    new Step(
                        Told: answers.Count(one => one.Outcome == SeedOutcome.Taken),
                        NotTold: answers.Count(one => one.Outcome == SeedOutcome.Damaged)
                    )
                );
                await Pace.RestAsync(since, clock, cancel);
            }

            if (round >= RoundsMax)
            {
                said(new Step(NotTold: again.Count));
                again.Clear();
            }

            seeds = [.. again, .. await EndingAsync(insight, only, others, extents, cancel)];
            if (again.Count > 0)
            {
                await Task.Delay(Pause, clock, cancel); // Links on their way will have arrived.
            }
        }
    }

    /// <summary>Reads seeds that end where their links began.</summary>
    private async Task<IEnumerable<InsightSeed>> EndingAsync(
        ActiveInsight insight,
        InsightSet only,
        Dictionary<(SubjectKind, LinkKey), SeedAnswer> ends,
        ImmutableArray<LaneExtent> extents,
        CancellationToken cancel
    )
    {
        if (ends.Count == 0)
        {
            return [];
        }

        LogPass pass = new(
            log,
            [
                .. extents.Select(lane =>
                    lane with
                    {
                        Checkpoint = ends.Values.Max(end => EndOf(end, lane.Lane)),
                    }
                ),
            ],
            from: 0,
            ends.Keys.Select(key => key.Item2).ToHashSet(),
            only,
            e =>
                ends.TryGetValue((e.Event.Subject, e.Event.Link), out SeedAnswer? end)
                && e.Sequence <= EndOf(end, e.Event.Lane)
        );
        await ReadAsync(pass, _ => { }, cancel);
        Dictionary<(SubjectKind, LinkKey), InsightSeed> read = SeedsOf(pass, insight)
            .ToDictionary(seed => (seed.Subject, seed.Link));
        // What was asked for is what the seed ends at, also where the last event before it cannot be folded.
        return ends.Select(end => new InsightSeed(
            end.Key.Item2,
            end.Key.Item1,
            read.GetValueOrDefault(end.Key)?.Known
                ?? new Accumulation { Revision = insight.Revision, IsWhole = true },
            end.Value.Normal,
            end.Value.Low
        ));
    }

    private static long EndOf(SeedAnswer end, Lane lane) =>
        lane == Lane.Normal ? end.Normal : end.Low;

    private async Task<SeedAnswer> TellAsync(
        ActiveInsight insight,
        InsightSeed seed,
        CancellationToken cancel
    )
    {
        SeedAnswer answer = new(SeedOutcome.NotHere);
        try
        {
            if (seed.Subject == SubjectKind.Account)
            {
                return await grains
                    .GetGrain<IAccountGrain>(SubjectIds.AccountOf(seed.Link))
                    .SeedInsightAsync(insight.Revision, seed);
            }

            var claims = await log.ClaimsAsync([ClaimKeys.Of(seed.Link)], cancel);
            string? individual = claims.GetValueOrDefault(ClaimKeys.Of(seed.Link))?.Owner;
            for (int hops = 0; individual is not null && hops < RedirectsMax; hops++)
            {
                answer = await grains
                    .GetGrain<IUnifiedIndividualGrain>(individual)
                    .SeedInsightAsync(insight.Revision, seed);
                individual = answer.Elsewhere;
            }
        }
        catch (StateCorruptException)
        {
            // That is told elsewhere, and asking again mends nothing.
            return new SeedAnswer(SeedOutcome.Damaged);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            // One link must not keep all others from being told: it is asked again, and counted if it never answers.
            LogNotTold(seed.Link.Source, e);
        }

        return answer;
    }

    [LoggerMessage(
        LogEvents.InsightLinkNotTold,
        LogLevel.Warning,
        "A link of {Source} could not be told what it did before an insight was made; it is asked again"
    )]
    private partial void LogNotTold(string source, Exception exception);

    /// <summary>A part of the work.</summary>
    /// <param name="Events">Events read.</param>
    /// <param name="ToTell">Links to tell, once all is read; null before.</param>
    /// <param name="Told">Links told.</param>
    /// <param name="NotTold">Links that nobody had, or whose state is damaged.</param>
    public readonly record struct Step(
        int Events = 0,
        int? ToTell = null,
        int Told = 0,
        int NotTold = 0
    );
}
