using System.Collections.Concurrent;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Activation;

/// <summary>What time alone changes is written back without an event.</summary>
public sealed class WriteBackTests : IAsyncLifetime
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private readonly ConcurrentQueue<SnapshotWrite> saves = new();
    private readonly Cluster cluster = new()
    {
        Clock = new SettableClock(),
        Insights = new FakeInsights(WrittenInsights.Recent),
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

    [Theory]
    [InlineData(SubjectKind.Individual)]
    [InlineData(SubjectKind.Account)]
    public async Task A_value_that_falls_with_time_is_written_though_nothing_happens(
        SubjectKind kind
    )
    {
        string id = await WrittenInsights.OrderAsync(cluster, "a", kind);
        DateTimeOffset made = Clock.GetUtcNow();
        WrittenInsights.WrittenOf(Database, id).ShouldBe("1");
        Database.Due[id]!.Value.ShouldBeInRange(
            made + Window - TimeSpan.FromSeconds(30),
            made + Window + NextUpdate.Together
        );

        Clock.Advance(Window + NextUpdate.Together);

        await Eventually.BeAsync(() => WrittenInsights.WrittenOf(Database, id) == "0");
        await Eventually.BeAsync(() => Database.Due[id] is null);
        SnapshotWrite[] all = [.. saves];
        all.Length.ShouldBe(2);
        all[1]
            .DueAt.ShouldBeNull("whoever looked says it, unless another look is wanted meanwhile");
    }

    [Theory]
    [InlineData(SubjectKind.Individual)]
    [InlineData(SubjectKind.Account)]
    public async Task Of_several_changes_each_is_written_in_its_time(SubjectKind kind)
    {
        await WrittenInsights.OrderAsync(cluster, "a", kind);
        Clock.Advance(TimeSpan.FromMinutes(5));
        string id = await WrittenInsights.OrderAsync(cluster, "a", kind, number: 2);

        Clock.Advance(TimeSpan.FromMinutes(6));
        await Eventually.BeAsync(() => WrittenInsights.WrittenOf(Database, id) == "1");
        Clock.Advance(TimeSpan.FromMinutes(5));
        await Eventually.BeAsync(() => WrittenInsights.WrittenOf(Database, id) == "0");
    }

    [Theory]
    [InlineData(SubjectKind.Individual)]
    [InlineData(SubjectKind.Account)]
    public async Task A_save_says_when_it_is_due_only_where_that_is_earlier_than_is_stored(
        SubjectKind kind
    )
    {
        for (int number = 1; number <= 5; number++)
        {
            await WrittenInsights.OrderAsync(cluster, "a", kind, number);
        }

        saves.Select(write => write.DueAt is not null).ShouldBe([true, false, false, false, false]);
    }

    [Fact]
    public async Task Whose_time_has_come_and_whose_value_is_the_same_is_not_saved()
    {
        string id = await WrittenInsights.OrderAsync(cluster, "a");
        int before = saves.Count;
        DateTimeOffset due = Database.Due[id]!.Value;
        Database.Due.Add(id, Clock.GetUtcNow());

        await Eventually.BeAsync(() => Database.Due[id] == due);

        saves.Count.ShouldBe(before);
    }

    [Theory]
    [InlineData(SubjectKind.Individual)]
    [InlineData(SubjectKind.Account)]
    public async Task Whom_nobody_reads_leaves_the_memory_after_it_was_woken(SubjectKind kind)
    {
        string id = await WrittenInsights.OrderAsync(cluster, "a", kind);
        var grain = kind == SubjectKind.Account ? (IGrain)Account(id) : Individual(id);
        await grain
            .AsReference<Orleans.Core.Internal.IGrainManagementExtension>()
            .DeactivateOnIdle();
        await IsGoneAsync();

        Clock.Advance(Window + NextUpdate.Together);
        await Eventually.BeAsync(() => WrittenInsights.WrittenOf(Database, id) == "0");

        await IsGoneAsync();

        Task IsGoneAsync() =>
            Eventually.BeAsync(
                async () => !(await cluster.ActivationsAsync()).Contains(grain.GetGrainId()),
                "it is in memory no more"
            );
    }

    [Fact]
    public async Task Who_lives_on_elsewhere_and_who_is_nobody_is_never_due()
    {
        string survivor = await WrittenInsights.OrderAsync(cluster, "a");
        string other = await WrittenInsights.OrderAsync(cluster, "b");
        LinkTransfer transfer = await Individual(other)
            .DetachAsync(
                [],
                survivor,
                rank: 0,
                other,
                new ClaimCause(ClaimCause.OwnLink, "e"),
                isSentByOwner: true
            );
        await Individual(survivor).AttachAsync(new(transfer));
        await Individual(other).ReleaseAsync(MovedLink.Of(transfer.Links), survivor);
        WrittenInsights.WrittenOf(Database, survivor).ShouldBe("2");
        int before = saves.Count;
        DateTimeOffset later = Clock.GetUtcNow() + Window + Window;

        (await Individual(other).WakeAsync(later)).ShouldBeNull();
        (await Individual("ind_nobody").WakeAsync(later)).ShouldBeNull();
        (await Account("acc_nobody").WakeAsync(later)).ShouldBeNull();

        saves.Count.ShouldBe(before);
    }

    [Fact]
    public async Task The_moment_that_is_due_counts_where_the_clock_is_not_yet_so_far()
    {
        string id = await WrittenInsights.OrderAsync(cluster, "a");

        (await Individual(id).WakeAsync(Clock.GetUtcNow() + Window)).ShouldBeNull();

        WrittenInsights.WrittenOf(Database, id).ShouldBe("0");
    }

    [Theory]
    [InlineData(SubjectKind.Individual)]
    [InlineData(SubjectKind.Account)]
    public async Task A_look_whose_save_fails_is_put_off_and_made_again(SubjectKind kind)
    {
        string id = await WrittenInsights.OrderAsync(cluster, "a", kind);
        bool fails = true;
        Database.OnSave = (_, isSaved) =>
        {
            if (!isSaved && fails)
            {
                throw new TimeoutException("The database is away.");
            }
        };
        Clock.Advance(Window + NextUpdate.Together);
        await Eventually.BeAsync(() => Database.Due.Rows is [{ Tries: 1 }]);
        WrittenInsights.WrittenOf(Database, id).ShouldBe("1");

        fails = false;
        Clock.Advance(Waking.PutOff);

        await Eventually.BeAsync(() => WrittenInsights.WrittenOf(Database, id) == "0");
        await Eventually.BeAsync(() => Database.Due[id] is null);
    }

    private IUnifiedIndividualGrain Individual(string id) =>
        cluster.Grains.GetGrain<IUnifiedIndividualGrain>(id);

    private IAccountGrain Account(string id) => cluster.Grains.GetGrain<IAccountGrain>(id);
}
