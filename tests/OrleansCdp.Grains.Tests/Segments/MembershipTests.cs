using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;
using Orleans.Serialization;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Who enters or leaves a segment does so with the save of the state, and says why.</summary>
public sealed class MembershipTests : IAsyncLifetime
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private static readonly SegmentSet First = FakeSegments.SetOf(
        1,
        ("recent", "count(SalesOrder within last 10 minutes) >= 1", 1, 1)
    );

    private static readonly SegmentSet Second = FakeSegments.SetOf(
        2,
        ("recent", "count(SalesOrder within last 10 minutes) >= 2", 2, 2)
    );

    private readonly ConcurrentQueue<SnapshotWrite> saves = new();
    private readonly FakeSegments segments = new(First);
    private readonly Cluster cluster;

    public MembershipTests() =>
        cluster = new Cluster
        {
            Clock = new SettableClock(),
            Insights = new FakeInsights(FakeSegments.InsightsOf(First, Second)),
            Segments = segments,
        };

    private FakeDatabase Database => cluster.Database;

    private SettableClock Clock => (SettableClock)cluster.Clock;

    public Task InitializeAsync()
    {
        Database.OnSave = (write, isSaved) =>
        {
            if (isSaved)
            {
                saves.Enqueue(write);
            }
        };
        return cluster.InitializeAsync();
    }

    public Task DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task An_event_makes_somebody_enter_in_the_save_of_its_own_state_and_is_named()
    {
        string id = await WrittenInsights.OrderAsync(cluster, "a");

        MembershipChange entered = ChangesOf(id).ShouldHaveSingleItem();
        (entered.Segment, entered.Entered, entered.Version, entered.Sequence).ShouldBe(
            ("recent", true, 1, 1)
        );
        entered.Cause.ShouldBe(MembershipCause.Event);
        entered.Events.ShouldBe([new CausingEvent("shop", "order-a-1")]);
        entered.Values.ShouldHaveSingleItem().Value.ShouldBe(FieldValue.Of(1m));
        saves.ShouldHaveSingleItem("the state and the change are one save");
        UnifiedIndividual stored = (await StoredAsync(id))!;
        stored.Memberships.IsIn("recent").ShouldBeTrue();
        stored.Memberships.Catalogue.ShouldBe(First.Newest);

        await WrittenInsights.OrderAsync(cluster, "a", number: 2);
        ChangesOf(id).Length.ShouldBe(1, "who is in it does not enter again");
    }

    [Fact]
    public async Task Somebody_leaves_when_the_time_comes_though_nothing_happens()
    {
        string id = await WrittenInsights.OrderAsync(cluster, "a");
        DateTimeOffset entered = ChangesOf(id)[0].At;
        Database.Due[id]!.Value.ShouldBeInRange(entered + Window - Window / 2, entered + Window);

        Clock.Advance(Window);

        await Eventually.BeAsync(() => ChangesOf(id).Length == 2);
        MembershipChange left = ChangesOf(id)[1];
        (left.Entered, left.Sequence, left.Cause).ShouldBe((false, 2, MembershipCause.Time));
        left.Events.ShouldBeEmpty();
        await Eventually.BeAsync(() => Database.Due[id] is null);
    }

    [Fact]
    public async Task Silos_whose_clocks_are_five_seconds_apart_make_somebody_leave_once_and_to_the_tick()
    {
        TimeSpan apart = TimeSpan.FromSeconds(5);
        string id = await WrittenInsights.OrderAsync(cluster, "a");
        DateTimeOffset ends = Database.Due[id]!.Value;
        Clock.Advance(ends - apart - Clock.GetUtcNow());
        ChangesOf(id).Length.ShouldBe(1);

        await GrainOf(id).WakeAsync(ends); // By the clock of the silo that looks for what is due.

        MembershipChange left = ChangesOf(id)[^1];
        (left.Entered, left.Cause, left.At).ShouldBe((false, MembershipCause.Time, ends));
        await GrainOf(id).WakeAsync(DateTimeOffset.UnixEpoch); // By the clock here the window has not ended.
        ChangesOf(id).Length.ShouldBe(2, "time does not go back for anybody");

        await WrittenInsights.OrderAsync(cluster, "a", number: 2);
        MembershipChange again = ChangesOf(id)[^1];
        (again.Entered, again.Sequence).ShouldBe((true, 3));
        again.At.ShouldBeGreaterThanOrEqualTo(ends);
    }

    [Fact]
    public async Task Another_version_is_the_cause_where_everybody_is_looked_at_for_it()
    {
        string id = await WrittenInsights.OrderAsync(cluster, "a");
        segments.Current = Second;

        await GrainOf(id).WakeAsync(DateTimeOffset.UnixEpoch);

        MembershipChange left = ChangesOf(id)[^1];
        (left.Entered, left.Version, left.Cause).ShouldBe((false, 2, MembershipCause.Version));
        await GrainOf(id).WakeAsync(DateTimeOffset.UnixEpoch);
        ChangesOf(id).Length.ShouldBe(2);

        segments.Current = FakeSegments.SetOf(3);
        await WrittenInsights.OrderAsync(cluster, "a", number: 2);
        ChangesOf(id).Length.ShouldBe(2, "nobody enters what is evaluated no more");
    }

    [Fact]
    public async Task A_segment_that_is_no_more_is_left_and_one_that_cannot_be_read_is_not()
    {
        string id = await WrittenInsights.OrderAsync(cluster, "a");
        segments.Current = new SegmentSet([], 2) { Unread = ["recent"] };
        await GrainOf(id).WakeAsync(DateTimeOffset.UnixEpoch);
        ChangesOf(id).Length.ShouldBe(1);

        segments.Current = new SegmentSet([], 3);
        await GrainOf(id).WakeAsync(DateTimeOffset.UnixEpoch);

        MembershipChange left = ChangesOf(id)[^1];
        (left.Entered, left.Cause).ShouldBe((false, MembershipCause.Version));
    }

    [Fact]
    public async Task Who_is_merged_leaves_and_who_is_separated_enters_again_and_both_say_so()
    {
        string one = await WrittenInsights.OrderAsync(cluster, "a");
        string other = await WrittenInsights.OrderAsync(cluster, "b");
        segments.Current = Second;
        await GrainOf(one).WakeAsync(DateTimeOffset.UnixEpoch);
        await GrainOf(other).WakeAsync(DateTimeOffset.UnixEpoch);
        (ChangesOf(one).Length, ChangesOf(other).Length).ShouldBe((2, 2));
        LinkKey link = new("shop", "customer", "b");

        LinkTransfer there = await GrainOf(other)
            .DetachAsync([link], one, rank: 0, other, default, isSentByOwner: false);
        (await GrainOf(one).AttachAsync(new(there))).ShouldBeNull();

        MembershipChange merged = ChangesOf(one)[^1];
        (merged.Entered, merged.Sequence, merged.Cause, merged.Version).ShouldBe(
            (true, 3, MembershipCause.Merge, 2)
        );
        merged.Values.ShouldHaveSingleItem().Value.ShouldBe(FieldValue.Of(2m));

        LinkTransfer back = await GrainOf(one)
            .DetachAsync([link], other, rank: 0, one, default, isSentByOwner: false);

        MembershipChange separated = ChangesOf(one)[^1];
        (separated.Entered, separated.Cause).ShouldBe((false, MembershipCause.Unmerge));
        back.Links.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Who_was_evaluated_by_newer_segments_has_them_read_first()
    {
        segments.Current = Second;
        string id = await WrittenInsights.OrderAsync(cluster, "a");
        segments.Current = First;
        await GrainOf(id).AsReference<IGrainManagementExtension>().DeactivateOnIdle();

        await GrainOf(id).WakeAsync(DateTimeOffset.UnixEpoch);

        segments.Asked.ShouldBeGreaterThan(0);
        ChangesOf(id).ShouldBeEmpty("with older ones it would go back to what was");
    }

    private IUnifiedIndividualGrain GrainOf(string id) =>
        cluster.Grains.GetGrain<IUnifiedIndividualGrain>(id);

    private MembershipChange[] ChangesOf(string id) =>
        [.. saves.Where(write => write.Id == id).SelectMany(write => write.MembershipChanges)];

    private async Task<UnifiedIndividual?> StoredAsync(string id) =>
        await new SnapshotCell<UnifiedIndividual>(
            id,
            Database,
            cluster.Services.GetRequiredService<Serializer>(),
            IndividualShape.Instance
        ).LoadAsync(default);
}
