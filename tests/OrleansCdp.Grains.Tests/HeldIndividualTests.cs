using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Serialization;
using OrleansCdp.Context;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>What a call is told is stored, also where it changes nothing.</summary>
public sealed class HeldIndividualTests(Cluster cluster) : IClassFixture<Cluster>, IDisposable
{
    private readonly LatchedStore store = new();
    private readonly List<IDisposable> opened = [];
    private int left;

    [Fact]
    public async Task Links_that_are_sent_again_are_taken_only_once_their_first_taking_is_saved()
    {
        HeldIndividual held = await OpenAsync();
        await held.BecomeAsync(held.State.Expect("ind_e", 1, out _));
        store.Latch = new TaskCompletionSource();

        Task<OtherTaker?> first = held.TakeAsync(Transfer);
        Task<OtherTaker?> again = held.TakeAsync(Transfer);

        again.IsCompleted.ShouldBeFalse("they are in memory, and nowhere else");
        store.Latch.SetException(new InvalidOperationException("The connection is lost."));
        await Should.ThrowAsync<InvalidOperationException>(() => first);
        await Should.ThrowAsync<Orleans.Storage.InconsistentStateException>(() => again);
    }

    [Fact]
    public async Task Links_that_are_given_up_again_are_handed_over_only_once_that_is_saved()
    {
        HeldIndividual held = await OpenAsync();
        await held.BecomeAsync(held.State.Expect("ind_e", 1, out _));
        await held.TakeAsync(Transfer);
        store.Latch = new TaskCompletionSource();

        Task first = held.BecomeAsync(held.State.Separate("ind_e", "ind_f", out _));
        var same = held.State.Separate("ind_e", "ind_f", out Departure departure);
        Task again = held.BecomeAsync(same);

        (same.Changed, departure.Links.Length).ShouldBe((false, 1));
        again.IsCompleted.ShouldBeFalse();
        store.Latch.SetResult();
        await Task.WhenAll(first, again);
    }

    [Fact]
    public async Task Links_that_another_activation_has_given_away_are_not_said_to_be_here()
    {
        HeldIndividual held = await OpenAsync();
        await held.BecomeAsync(held.State.Expect("ind_e", 1, out _));
        await held.TakeAsync(Transfer);
        store.Stored = store.Stored! with { Version = store.Stored.Version + 1 };

        await Should.ThrowAsync<Orleans.Storage.InconsistentStateException>(() =>
            held.TakeAsync(Transfer)
        );
    }

    [Fact]
    public async Task Who_is_loaded_only_to_be_woken_leaves_and_who_is_used_stays()
    {
        HeldIndividual woken = await OpenAsync();
        await woken.WakeAsync(DateTimeOffset.UnixEpoch);
        left.ShouldBe(1);

        HeldIndividual used = await OpenAsync();
        await used.BecomeAsync(used.State.Expect("ind_e", 1, out _));
        await used.WakeAsync(DateTimeOffset.UnixEpoch);
        left.ShouldBe(1);
    }

    public void Dispose() => opened.ForEach(one => one.Dispose());

    private static LinkTransfer Transfer { get; } =
        new()
        {
            From = "ind_e",
            To = "ind_c",
            Owner = "ind_e",
            FormerOwner = "ind_e",
            Links = [new Link { Key = new LinkKey("shop", "customer", "1"), Moves = 1 }],
        };

    private async Task<HeldIndividual> OpenAsync()
    {
        HeldIndividual held = new(
            "ind_c",
            store,
            cluster.Services.GetRequiredService<Serializer>(),
            new PublishedContexts(),
            cluster.Grains,
            new IdentifierWatch(new NoRulesets(), null!),
            FakeInsights.None,
            new IndividualSegments(
                "ind_c",
                new FakeSegments(SegmentSet.None),
                new ReconciliationPolicy(),
                TimeProvider.System,
                NullLogger.Instance
            ),
            TimeProvider.System,
            deactivate: () => left++
        );
        opened.Add(held);
        await held.OpenAsync(default);
        return held;
    }

    private sealed class LatchedStore : ISnapshotStore
    {
        public TaskCompletionSource? Latch { get; set; }

        public Snapshot? Stored { get; set; }

        public Task<Snapshot?> LoadAsync(string id, CancellationToken cancel) =>
            Task.FromResult(Stored);

        public async Task SaveAsync(SnapshotWrite write)
        {
            await (Latch?.Task ?? Task.CompletedTask);
            Stored = new Snapshot(write.Version, write.Data, write.PartsWritten);
        }
    }
}
