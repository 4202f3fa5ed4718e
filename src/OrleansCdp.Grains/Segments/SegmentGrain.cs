using System.Collections.Immutable;

namespace OrleansCdp.Segments;

/// <summary>Counts the members of a segment, for all who ask within a while once.</summary>
[GrainType("cdp.segment")]
internal sealed class SegmentGrain : Grain, ISegmentGrain
{
    private readonly IMembershipStore store;
    private readonly ISegmentSets sets;
    private readonly TimeProvider clock;
    private readonly Recent<ImmutableArray<TierCount>> count;
    private readonly Recent<SegmentActivity> activity;

    public SegmentGrain(IMembershipStore store, ISegmentSets sets, TimeProvider clock)
    {
        this.store = store;
        this.sets = sets;
        this.clock = clock;
        count = new(clock, () => store.CountAsync(Name, CancellationToken.None));
        activity = new(clock, FindActivityAsync);
    }

    private string Name => this.GetPrimaryKeyString();

    public Task<ImmutableArray<TierCount>> GetCountAsync() => count.GetAsync();

    public Task<SegmentActivity> GetActivityAsync() => activity.GetAsync();

    private Task<SegmentActivity> FindActivityAsync() =>
        store.ActivityAsync(
            Name,
            clock.GetUtcNow(),
            sets.Current.All.FirstOrDefault(one =>
                one.Definition.Name == Name
            )?.Definition.FlapsAbove
                ?? SegmentDefinition.FlapsAboveDefault,
            ISegmentGrain.ChangesCountedMax,
            CancellationToken.None
        );
}
