using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Everybody who is stored is looked at, nobody enters or leaves, and what is told is what an activation does.</summary>
public sealed class SegmentPreviewTests : IAsyncLifetime
{
    private const string Name = "buyers";
    private const string Buyers = "criteria: count(SalesOrder) >= 2";
    private static readonly TimeSpan Wait = ISegmentPreviewGrain.WaitMax;

    private readonly Cluster cluster = new();
    private readonly SortedSet<string> stored = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<MembershipChange> changes = new();

    public async Task InitializeAsync()
    {
        cluster.Database.OnSave = (write, isSaved) =>
        {
            foreach (MembershipChange change in isSaved ? write.MembershipChanges : [])
            {
                changes.Enqueue(change);
            }
        };
        await cluster.InitializeAsync();
        await cluster.Services.GetRequiredService<DefinitionCatalogue>().Loaded;
        cluster.History.Ids = stored;
    }

    public Task DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task Everybody_is_looked_at_over_all_pages_and_an_activation_does_what_was_told()
    {
        for (int i = 0; i < 12; i++)
        {
            await OrdersAsync($"p{i}", 1 + (i % 3));
        }

        // Ids of which nothing is stored any more, and of others, on several pages.
        stored.UnionWith(Enumerable.Range(0, ILogHistory.IdsMax).Select(i => $"ind_none{i:D3}"));
        stored.UnionWith(["acc_1", "rec_1"]);
        SegmentVersion version = await DraftAsync(Buyers);

        SegmentPreview preview = await PreviewAsync(version);

        preview.State.ShouldBe(PreviewState.Done);
        PreviewCounts counts = preview.Counts;
        (counts.Individuals, counts.Members, counts.Entering, counts.Leaving).ShouldBe(
            (12, 0, 8, 0)
        );
        counts.BySegment.ShouldBe([new SegmentMoves(Name, 8, 0)]);
        counts.EnteringSample.Length.ShouldBe(8);
        counts.EnteringSample.ShouldAllBe(one =>
            one.Values.Single().Value == FieldValue.Of(2m)
            || one.Values.Single().Value == FieldValue.Of(3m)
        );
        (counts.Share, preview.NeedsConfirmation).ShouldBe((8m / 12, true));
        changes.ShouldBeEmpty("nobody enters by a preview");

        await ActivateAsync(version, counts.Moved);
        await LookAtAllAsync();
        changes.Count(change => change.Entered).ShouldBe(8);

        SegmentVersion next = await DraftAsync("criteria: count(SalesOrder) = 1");
        counts = (await PreviewAsync(next)).Counts;
        (counts.Members, counts.Entering, counts.Leaving, counts.MembersThen).ShouldBe(
            (8, 4, 8, 4)
        );
    }

    [Fact]
    public async Task Whoever_raises_the_bound_is_bound_by_the_one_before()
    {
        await OrdersAsync("p1", 2);
        SegmentVersion first = await DraftAsync($"{Buyers}\nconfirmAbove: 1");
        SegmentPreview preview = await PreviewAsync(first);
        (preview.ConfirmAbove, preview.NeedsConfirmation).ShouldBe(
            (SegmentDefinition.ConfirmAboveDefault, true)
        );
        await ActivateAsync(first, preview.Counts.Moved);
        await LookAtAllAsync();

        (await BoundOfAsync("0.1")).ShouldBe(0.1m, "a lower one holds at once");
        (await BoundOfAsync("1")).ShouldBe(1m, "the active version says so too");
        SegmentVersion lower = await DraftAsync(
            "criteria: count(SalesOrder) >= 3\nconfirmAbove: 0.1"
        );
        await ActivateAsync(lower, (await PreviewAsync(lower)).Counts.Moved);
        await LookAtAllAsync();
        (await BoundOfAsync("1")).ShouldBe(0.1m);

        async Task<decimal> BoundOfAsync(string bound) =>
            (await PreviewAsync(await DraftAsync($"{Buyers}\nconfirmAbove: {bound}"))).ConfirmAbove;
    }

    [Fact]
    public async Task One_that_is_made_is_kept_also_when_all_that_do_nothing_leave_memory()
    {
        SegmentVersion version = await DraftAsync(Buyers);
        await PreviewAsync(version);

        await cluster.Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);

        SegmentPreview? kept = await Grain.FindAsync(version.Hash, version.Base);
        kept.ShouldNotBeNull().State.ShouldBe(PreviewState.Done);
    }

    [Fact]
    public async Task Who_lives_on_elsewhere_is_nobody_and_whose_state_is_damaged_is_told_of()
    {
        string survivor = await OrdersAsync("a", 2);
        string other = await OrdersAsync("b", 2);
        IUnifiedIndividualGrain gone = cluster.Grains.GetGrain<IUnifiedIndividualGrain>(other);
        LinkTransfer transfer = await gone.DetachAsync(
            [],
            survivor,
            rank: 0,
            other,
            new ClaimCause(ClaimCause.OwnLink, "e"),
            isSentByOwner: true
        );
        await cluster.Grains.GetGrain<IUnifiedIndividualGrain>(survivor).AttachAsync(new(transfer));
        await gone.ReleaseAsync(MovedLink.Of(transfer.Links), survivor);
        stored.Add("ind_damaged");
        cluster.Database.Snapshots["ind_damaged"] = new Snapshot(1, [1, 2, 3], []);

        SegmentPreview preview = await PreviewAsync(await DraftAsync(Buyers));

        (preview.Counts.Individuals, preview.Counts.Entering, preview.Damaged).ShouldBe((1, 1, 1));
    }

    [Fact]
    public async Task What_only_the_log_tells_is_previewed_once_it_was_read_and_not_before()
    {
        SegmentVersion version = await DraftAsync("criteria: count(Engagement) >= 1");

        SegmentPreview preview = await PreviewAsync(version);

        preview.State.ShouldBe(PreviewState.NotReady);
        preview.NotReady.ShouldBe(["count(Engagement)"]);
        preview.IsToBeSubmitted.ShouldBeTrue();

        await ReviewAsync(version, ReviewStepKind.Submit, "ada");
        preview = await PreviewAsync(version);
        (preview.State, preview.IsToBeSubmitted).ShouldBe((PreviewState.NotReady, false));

        DefinitionVersion measure = (await CatalogueAsync()).Definitions.Single(one =>
            one.IsDerived
        );
        await Definitions.CompleteAsync([new(measure.Revision, new PastKnown(null, 0))]);
        (await PreviewAsync(version)).State.ShouldBe(PreviewState.Done);
    }

    [Fact]
    public async Task A_preview_is_made_once_unless_it_is_to_be_made_anew()
    {
        await OrdersAsync("a", 2);
        SegmentVersion version = await DraftAsync(Buyers);
        DateTimeOffset at = (await PreviewAsync(version)).At;
        await OrdersAsync("b", 2);

        (await PreviewAsync(version)).At.ShouldBe(at);
        (await PreviewAsync(version)).Counts.Entering.ShouldBe(1);

        SegmentPreview anew = await PreviewAsync(version, anew: true);
        anew.At.ShouldBeGreaterThan(at);
        anew.Counts.Entering.ShouldBe(2);
    }

    [Fact]
    public async Task Of_two_who_ask_at_once_both_get_the_same()
    {
        await OrdersAsync("a", 2);
        SegmentVersion version = await DraftAsync(Buyers);

        SegmentPreview[] both = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => PreviewAsync(version))
        );

        both.ShouldAllBe(one => one.State == PreviewState.Done);
        both.Select(one => one.At).Distinct().Count().ShouldBe(1);
        cluster.History.IdsAfter.Count.ShouldBe(1, "everybody is looked at once");
    }

    [Fact]
    public async Task So_many_are_kept_and_of_one_more_the_oldest_is_forgotten()
    {
        List<SegmentVersion> made = [];
        for (int i = 0; i <= ISegmentPreviewGrain.KeptMax; i++)
        {
            made.Add(await DraftAsync($"criteria: count(SalesOrder) >= {i + 1}"));
            await PreviewAsync(made[^1]);
        }

        (await Grain.FindAsync(made[0].Hash, 0)).ShouldBeNull();
        foreach (SegmentVersion version in made.Skip(1))
        {
            (await Grain.FindAsync(version.Hash, 0)).ShouldNotBeNull();
        }
    }

    [Fact]
    public async Task Another_one_waits_and_says_so_and_one_that_breaks_off_begins_anew()
    {
        TaskCompletionSource gate = new();
        cluster.History.OnIds = () => gate.Task;
        SegmentVersion first = await DraftAsync(Buyers);
        await PreviewAsync(first, wait: TimeSpan.Zero);
        await Eventually.BeAsync(async () =>
            (await Grain.FindAsync(first.Hash, 0))!.State == PreviewState.Running
        );
        SegmentVersion second = await DraftAsync("criteria: count(SalesOrder) >= 3");
        (await PreviewAsync(second, wait: TimeSpan.Zero)).State.ShouldBe(PreviewState.Waiting);

        gate.SetException(new TimeoutException("The database is away."));

        SegmentPreview broken = await PreviewAsync(first);
        (broken.State, broken.Trouble).ShouldBe((PreviewState.Failed, nameof(TimeoutException)));
        cluster.History.OnIds = () => Task.CompletedTask;
        (await PreviewAsync(first)).State.ShouldBe(PreviewState.Done);
        await Eventually.BeAsync(async () =>
            (await PreviewAsync(second)).State == PreviewState.Done
        );
    }

    private ISegmentPreviewGrain Grain => cluster.Grains.GetGrain<ISegmentPreviewGrain>(Name);

    private IDefinitionsGrain Definitions =>
        cluster.Grains.GetGrain<IDefinitionsGrain>(IDefinitionsGrain.Key);

    private async Task<Catalogue> CatalogueAsync() => (await Definitions.GetCatalogueAsync(-1))!;

    private async Task<string> OrdersAsync(string name, int count)
    {
        string id = "";
        for (int number = 1; number <= count; number++)
        {
            id = await WrittenInsights.OrderAsync(cluster, name, number: number);
        }

        stored.Add(id);
        return id;
    }

    private async Task<SegmentVersion> DraftAsync(string text)
    {
        ReviewResult result = await Definitions.DraftSegmentAsync(Name, text, "ada");
        result.Errors.ShouldBeEmpty();
        return result.Version!;
    }

    private Task<SegmentPreview> PreviewAsync(
        SegmentVersion version,
        bool anew = false,
        TimeSpan? wait = null
    ) =>
        Grain.PreviewAsync(
            new PreviewRequest(version.Text, version.Hash, version.Version, version.Base, anew),
            wait ?? Wait
        );

    private async Task ReviewAsync(
        SegmentVersion version,
        ReviewStepKind kind,
        string by,
        long? confirmed = null
    ) =>
        (
            await Definitions.ReviewSegmentAsync(
                Name,
                version.Version,
                new ReviewRequest(kind, by, Reason: null) { ConfirmedMoves = confirmed }
            )
        ).Refusal.ShouldBeNull();

    private async Task ActivateAsync(SegmentVersion version, long moved)
    {
        await ReviewAsync(version, ReviewStepKind.Submit, "ada");
        await ReviewAsync(version, ReviewStepKind.Approve, "grace");
        await ReviewAsync(version, ReviewStepKind.Activate, "grace", moved);
        await cluster.Services.GetRequiredService<DefinitionCatalogue>().RefreshAsync();
    }

    private async Task LookAtAllAsync()
    {
        foreach (string id in stored.Where(cluster.Database.Snapshots.ContainsKey))
        {
            await cluster
                .Grains.GetGrain<IUnifiedIndividualGrain>(id)
                .WakeAsync(DateTimeOffset.UnixEpoch);
        }
    }
}
