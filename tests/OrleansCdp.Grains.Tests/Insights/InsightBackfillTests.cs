using System.Collections.Immutable;
using Orleans.Core.Internal;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp.Insights;

/// <summary>A new version is told of the past pass by pass, says how far it is, and goes on where it was.</summary>
public sealed class InsightBackfillTests : IAsyncLifetime
{
    /// <summary>Each weighs 41 of the 20,000 that one pass keeps: two passes.</summary>
    private const int LinkCount = 600;

    private static readonly ActiveInsight Pages = new(
        InsightDefinition
            .Compile(
                "pages",
                "source: Engagement\nmeasure: count",
                [new DeclaredField("Engagement", "page", FieldType.Text)]
            )
            .Insight!,
        Version: 2,
        Revision: 1,
        IsComplete: false
    );

    private readonly FakeInsights insights = new(InsightSet.None);
    private readonly Cluster cluster;
    private int reads;

    public InsightBackfillTests() => cluster = new Cluster { Insights = insights };

    private FakeHistory History => cluster.History;

    private IInsightBackfillGrain Backfill =>
        cluster.Grains.GetGrain<IInsightBackfillGrain>(IInsightBackfillGrain.Key);

    public async Task InitializeAsync()
    {
        await cluster.InitializeAsync();
        LinkKey[] links =
        [
            .. Enumerable.Range(0, LinkCount).Select(i => new LinkKey("web", "visitor", $"{i}")),
        ];
        History.Events = [.. links.Select(Visit)];
        History.Claims = links.ToDictionary(
            ClaimKeys.Of,
            link => new HeldClaim(SubjectIds.IndividualOf(link), Since: null)
        );
        await Parallel.ForEachAsync(
            History.Events.Select((e, i) => e.At(i + 1)),
            async (e, _) =>
            {
                string id = SubjectIds.IndividualOf(e.Event.Link);
                await cluster.Grains.GetGrain<IUnifiedIndividualGrain>(id).ApplyAsync(new([e]), id);
            }
        );
    }

    public Task DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task It_goes_on_inside_of_a_partition_after_a_restart()
    {
        TaskCompletionSource gate = new();
        History.OnRead = _ => ++reads == 2 ? gate.Task : Task.CompletedTask;
        insights.Current = new InsightSet([Pages], newest: 1);

        BackfillProgress halfway = await UntilAsync(progress => reads == 2);
        (halfway.PartitionsDone, halfway.Events, halfway.EventsToRead, halfway.Percent).ShouldBe(
            (0, LinkCount, 2 * LinkCount, 50)
        );
        halfway.Links.ShouldBeInRange(1, LinkCount - 1);

        Task ended = Backfill.AsReference<IGrainManagementExtension>().DeactivateOnIdle().AsTask();
        gate.SetResult();
        await ended;
        BackfillProgress done = await UntilAsync(progress =>
            progress.PartitionsDone == progress.Partitions
        );

        // Whom the first pass told is not asked again.
        (done.Events, done.EventsToRead, done.Links, done.LinksNotTold, done.Percent).ShouldBe(
            (2 * LinkCount, 2 * LinkCount, LinkCount, 0, 100)
        );
        done.StartedAt.ShouldBe(halfway.StartedAt);
    }

    [Fact]
    public async Task What_a_pass_has_read_is_shown_before_it_ends_and_counts_once_when_it_is_repeated()
    {
        History.Events = [.. History.Events, .. History.Events.Take(FakeHistory.StretchMax)];
        History.OnRead = range =>
            range.From > 1
                ? throw new TimeoutException("The database is away.")
                : Task.CompletedTask;
        insights.Current = new InsightSet([Pages], newest: 1);
        await UntilAsync(progress => progress.Trouble is not null);

        TaskCompletionSource gate = new();
        History.OnRead = range => range.From > 1 ? gate.Task : Task.CompletedTask;
        BackfillProgress reading = await UntilAsync(progress =>
            progress is { Trouble: null, Pass.EventsRead: > 0 }
        );
        reading.Pass!.Events.ShouldBe(History.Events.Count);
        reading.Pass.EventsRead.ShouldBe(FakeHistory.StretchMax);
        reading.Pass.Links.ShouldBeNull("not all is read");
        reading.Events.ShouldBe(FakeHistory.StretchMax);
        reading.Percent.ShouldBe(50 * FakeHistory.StretchMax / History.Events.Count);
        gate.SetResult();

        BackfillProgress done = await UntilAsync(progress =>
            progress.PartitionsDone == progress.Partitions
        );
        (done.Events, done.Links).ShouldBe((2 * History.Events.Count, LinkCount));
    }

    [Fact]
    public async Task For_one_that_is_replaced_nothing_more_is_read()
    {
        TaskCompletionSource gate = new();
        History.OnRead = _ => ++reads == 1 ? gate.Task : Task.CompletedTask;
        insights.Current = new InsightSet([Pages], newest: 1);
        await Eventually.BeAsync(() => reads == 1);

        insights.Current = new InsightSet([Pages with { Revision = 2 }], newest: 2);
        gate.SetResult();
        BackfillProgress done = await UntilAsync(progress =>
            progress.PartitionsDone == progress.Partitions
        );

        (done.Revision, done.Links, reads).ShouldBe((2, LinkCount, 1 + 2));
    }

    [Fact]
    public async Task It_reads_what_is_stored_when_another_wrote_it()
    {
        TaskCompletionSource gate = new();
        History.OnRead = _ => gate.Task;
        insights.Current = new InsightSet([Pages], newest: 1);
        await UntilAsync(progress => progress.Pass is not null);
        await cluster.OverwriteAsync<BackfillState>("insight-backfill", Backfill);
        gate.SetResult();

        await UntilAsync(progress => progress.PartitionsDone == progress.Partitions);
    }

    [Fact]
    public async Task Whose_state_is_damaged_is_not_told_and_keeps_nobody_waiting()
    {
        const string damaged = "ind_damaged";
        LinkKey link = new("web", "visitor", "damaged");
        cluster.Database.Snapshots[damaged] = new Snapshot(1, [1, 2, 3], []);
        History.Events = [.. History.Events, Visit(link)];
        History.Claims = History
            .Claims.Append(new(ClaimKeys.Of(link), new HeldClaim(damaged, Since: null)))
            .ToDictionary();
        insights.Current = new InsightSet([Pages], newest: 1);

        BackfillProgress done = await UntilAsync(progress =>
            progress.PartitionsDone == progress.Partitions
        );

        (done.Links, done.LinksNotTold).ShouldBe((LinkCount, 1));
        History.ClaimsAsked.Count(claim => claim == ClaimKeys.Of(link)).ShouldBe(1);
    }

    private async Task<BackfillProgress> UntilAsync(Func<BackfillProgress, bool> isSo)
    {
        BackfillProgress? progress = null;
        await Eventually.BeAsync(
            async () =>
                (progress = (await Backfill.GetProgressAsync()).SingleOrDefault()) is not null
                && isSo(progress),
            "it is so far",
            () => $"{progress}"
        );
        return progress!;
    }

    private static LinkEvent Visit(LinkKey link) =>
        Some.Event(link, $"visit-{link.Id}") with
        {
            Kind = EventKind.Engagement,
            Object = "Engagement",
            Account = new LinkKey("crm", "account", "a"),
            AccountTraits =
            [
                .. Enumerable.Range(0, 40).Select(i => new Field($"fact{i}", FieldValue.Of(i))),
            ],
        };
}
