using Microsoft.Extensions.Time.Testing;
using OrleansCdp.Governance;

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
}
