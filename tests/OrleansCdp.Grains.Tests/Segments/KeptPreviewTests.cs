using Microsoft.Extensions.Time.Testing;
using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Previews are kept for as long as they count, and no longer.</summary>
public sealed class KeptPreviewTests : IAsyncLifetime
{
    private const string Name = "buyers";

    private readonly FakeTimeProvider clock = new(Some.Noon);
    private readonly Cluster cluster;

    public KeptPreviewTests() => cluster = new Cluster { Clock = clock };

    private ISegmentPreviewGrain Grain => cluster.Grains.GetGrain<ISegmentPreviewGrain>(Name);

    public Task InitializeAsync() => cluster.InitializeAsync();

    public Task DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task Whoever_keeps_none_that_counts_leaves_memory()
    {
        SegmentPreview made = await Grain.PreviewAsync(
            new PreviewRequest("criteria: nonsense(", "hash", 1, 0, Anew: false),
            TimeSpan.Zero
        );
        made.State.ShouldBe(PreviewState.DoesNotCompile);

        clock.Advance(SegmentPreview.ValidFor);
        (await Grain.FindAsync("hash", 0)).ShouldNotBeNull("it counts to the moment");

        await Eventually.BeAsync(async () =>
        {
            clock.Advance(TimeSpan.FromHours(1));
            return !(await cluster.ActivationsAsync()).Contains(Grain.GetGrainId());
        });
    }

    [Fact]
    public async Task Whoever_is_being_asked_stays_until_it_has_answered()
    {
        SlowSegments slow = new();
        Cluster asked = new() { Clock = clock, Segments = slow };
        await asked.InitializeAsync();
        ISegmentPreviewGrain grain = asked.Grains.GetGrain<ISegmentPreviewGrain>(Name);
        Task<SegmentPreview> answer = grain.PreviewAsync(
            new PreviewRequest("criteria: nonsense(", "hash", 1, 0, Anew: false),
            TimeSpan.Zero
        );
        await slow.Asked.Task;

        // It looks now whether it keeps anything: who is answered after that is answered later.
        clock.Advance(TimeSpan.FromHours(1));
        (await grain.FindAsync("hash", 0)).ShouldBeNull();
        slow.Read.SetResult();
        (await answer).State.ShouldBe(PreviewState.DoesNotCompile);

        (await grain.FindAsync("hash", 0)).ShouldNotBeNull();
        await asked.DisposeAsync();
    }

    /// <summary>Segments of definitions that take long to read.</summary>
    private sealed class SlowSegments : ISegmentSets
    {
        public TaskCompletionSource Asked { get; } = Later();

        public TaskCompletionSource Read { get; } = Later();

        public SegmentSet Current => SegmentSet.None;

        public ValueTask<SegmentSet> SinceAsync(long activation) => new(Current);

        public async Task<ProposedSegment> ProposeAsync(string name, string text)
        {
            Asked.SetResult();
            await Read.Task;
            return new ProposedSegment(
                null,
                [new DefinitionError("criteria", "It is nonsense.", 1, 1)],
                [],
                Current,
                InsightSet.None
            );
        }

        private static TaskCompletionSource Later() =>
            new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
