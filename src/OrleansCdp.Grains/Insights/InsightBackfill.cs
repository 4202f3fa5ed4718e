using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Insights;

/// <summary>
/// Reads one partition of the log for new versions of insights, once for all of them, and tells each link what was done before they
/// began to count. Paced, so that what arrives meanwhile does not wait for it.
/// </summary>
internal sealed partial class InsightBackfill(
    ILogHistory log,
    IGrainFactory grains,
    IOptions<InsightOptions> options,
    TimeProvider clock,
    ILogger<InsightBackfill> logger
)
{
    /// <summary>How often a link is looked for that is not where the claims say.</summary>
    public const int RoundsMax = 120;

    private const int RedirectsMax = 16;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private Pace Pace => options.Value.Pace;

    /// <summary>What there is to read.</summary>
    /// <returns>
    /// The lanes of all partitions up to their heads: what lies beyond a checkpoint may have been applied before its silo knew
    /// the versions.
    /// </returns>
    public async Task<ImmutableArray<LaneExtent>> ExtentsAsync(CancellationToken cancel) =>
        [.. (await log.ExtentsAsync(cancel)).Select(lane => lane with { Checkpoint = lane.Head })];

    /// <summary>Reads what some links of a partition did, as many as are kept in memory, and tells them.</summary>
    /// <param name="versions">The versions, at most <see cref="Limits.ToldTogetherMax"/>.</param>
    /// <param name="extents">The lanes of the partition.</param>
    /// <param name="from">The hash of the first links. Whoever is told again stays as they are.</param>
    /// <param name="said">Told how much was done.</param>
    /// <param name="cancel">Stops it; what is done stays done.</param>
    /// <returns>Where the next links begin; null when all of the partition are told.</returns>
    public async Task<ulong?> RunAsync(
        InsightSet versions,
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

        LogPass pass = new(log, extents, from, insights: versions);
        await ReadAsync(pass, events => said(new Step(Events: events)), cancel);
        ImmutableArray<InsightSeed> seeds = [.. SeedsOf(pass)];
        Dictionary<long, int> toTell = seeds.CountBy(seed => seed.Known.Revision).ToDictionary();
        foreach (ActiveInsight version in versions.All)
        {
            said(new Step(version.Revision, ToTell: toTell.GetValueOrDefault(version.Revision)));
        }

        await TellAsync(versions, seeds, extents, said, cancel);
        return pass.To == ulong.MaxValue ? null : pass.To + 1;
    }

    private static IEnumerable<InsightSeed> SeedsOf(LogPass pass) =>
        from link in pass.Links
        from known in link.State.Insights
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
        InsightSet versions,
        ImmutableArray<InsightSeed> seeds,
        ImmutableArray<LaneExtent> extents,
        Action<Step> said,
        CancellationToken cancel
    )
    {
        for (int round = 0; !seeds.IsEmpty; round++)
        {
            SeedEnds ends = new();
            List<InsightSeed> again = [];
            var links = seeds.GroupBy(seed => (seed.Subject, seed.Link));
            foreach (var some in links.Chunk(Limits.LinksToldMax))
            {
                long since = Stopwatch.GetTimestamp();
                SeedTold[] told = await TellAsync([.. some.SelectMany(link => link)], cancel);
                foreach (var (seed, answer) in told)
                {
                    if (answer.Outcome == SeedOutcome.OtherEnd)
                    {
                        ends.Add(seed, answer);
                    }
                    else if (answer.Outcome == SeedOutcome.NotHere)
                    {
                        again.Add(seed);
                    }
                }

                Say(told, said);
                await Pace.RestAsync(since, clock, cancel);
            }

            if (round >= RoundsMax)
            {
                foreach (var version in again.CountBy(seed => seed.Known.Revision))
                {
                    said(new Step(version.Key, NotTold: version.Value));
                }

                again.Clear();
            }

            seeds = [.. again, .. await EndingAsync(versions, ends, extents, cancel)];
            if (again.Count > 0)
            {
                await Task.Delay(Pause, clock, cancel); // Links on their way will have arrived.
            }
        }
    }

    private static void Say(SeedTold[] told, Action<Step> said)
    {
        foreach (var version in told.GroupBy(one => one.Seed.Known.Revision))
        {
            said(
                new Step(
                    version.Key,
                    Told: version.Count(one => one.Answer.Outcome == SeedOutcome.Taken),
                    NotTold: version.Count(one => one.Answer.Outcome == SeedOutcome.Damaged)
                )
            );
        }
    }

    /// <summary>Reads seeds that end where their links began.</summary>
    private async Task<IEnumerable<InsightSeed>> EndingAsync(
        InsightSet versions,
        SeedEnds ends,
        ImmutableArray<LaneExtent> extents,
        CancellationToken cancel
    )
    {
        if (ends.Links.Count == 0)
        {
            return [];
        }

        LogPass pass = new(
            log,
            [.. extents.Select(lane => lane with { Checkpoint = ends.LastOf(lane.Lane) })],
            from: 0,
            ends.Links,
            versions,
            ends.WantedFor
        );
        await ReadAsync(pass, _ => { }, cancel);
        return ends.SeedsOf(pass);
    }

    /// <summary>Tells some links: whoever has several is told of all of them at once.</summary>
    private async Task<SeedTold[]> TellAsync(InsightSeed[] seeds, CancellationToken cancel)
    {
        var claims = await log.ClaimsAsync(
            [
                .. seeds
                    .Where(seed => seed.Subject == SubjectKind.Individual)
                    .Select(seed => ClaimKeys.Of(seed.Link))
                    .Distinct(),
            ],
            cancel
        );
        SeedTold[][] told = await Task.WhenAll(
            seeds
                .GroupBy(seed =>
                    seed.Subject == SubjectKind.Account
                        ? SubjectIds.AccountOf(seed.Link)
                        : claims.GetValueOrDefault(ClaimKeys.Of(seed.Link))?.Owner
                )
                .Select(owner =>
                    owner.Key is null
                        ? Task.FromResult(SeedTold.Of([.. owner], SeedOutcome.NotHere))
                        : TellAsync(owner.Key, [.. owner], hops: 1, cancel)
                )
        );
        return [.. told.SelectMany(one => one)];
    }

    /// <summary>Tells an individual or account, and those to whom its links have moved.</summary>
    private async Task<SeedTold[]> TellAsync(
        string owner,
        InsightSeed[] seeds,
        int hops,
        CancellationToken cancel
    )
    {
        SeedAnswer[] answers;
        try
        {
            answers = SubjectIds.IsAccount(owner)
                ? await grains.GetGrain<IAccountGrain>(owner).SeedInsightsAsync(new(seeds))
                : await grains
                    .GetGrain<IUnifiedIndividualGrain>(owner)
                    .SeedInsightsAsync(new(seeds));
        }
        catch (StateCorruptException)
        {
            // That is told elsewhere, and asking again mends nothing.
            return SeedTold.Of(seeds, SeedOutcome.Damaged);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            // They must not keep all others from being told: they are asked again, and counted if they never answer.
            LogNotTold(seeds[0].Link.Source, e);
            return SeedTold.Of(seeds, SeedOutcome.NotHere);
        }

        var told = seeds.Zip(answers, (seed, answer) => new SeedTold(seed, answer));
        if (hops == RedirectsMax)
        {
            return [.. told];
        }

        SeedTold[][] all = await Task.WhenAll(
            told.GroupBy(one => one.Answer.Elsewhere)
                .Select(other =>
                    other.Key is null
                        ? Task.FromResult(other.ToArray())
                        : TellAsync(other.Key, [.. other.Select(one => one.Seed)], hops + 1, cancel)
                )
        );
        return [.. all.SelectMany(one => one)];
    }

    [LoggerMessage(
        LogEvents.InsightLinkNotTold,
        LogLevel.Warning,
        "Links, one of them of {Source}, could not be told what they did before insights were made; they are asked again"
    )]
    private partial void LogNotTold(string source, Exception exception);

    /// <summary>A part of the work.</summary>
    /// <param name="Version">The version for which it was done, by its revision; null for all of them.</param>
    /// <param name="Events">Events read.</param>
    /// <param name="ToTell">Links to tell, once all is read; null before.</param>
    /// <param name="Told">Links told.</param>
    /// <param name="NotTold">Links that nobody had, or whose state is damaged.</param>
    public readonly record struct Step(
        long? Version = null,
        int Events = 0,
        int? ToTell = null,
        int Told = 0,
        int NotTold = 0
    );
}
