using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>Nobody is evaluated: who is in which segment is proven where SQL can say it.</summary>
internal sealed class NoSegments : ISegmentSets
{
    public static NoSegments Instance { get; } = new();

    public SegmentSet Current => SegmentSet.None;

    public ValueTask<SegmentSet> SinceAsync(long activation) => new(Current);

    public Task<ProposedSegment> ProposeAsync(string name, string text) =>
        throw new NotSupportedException("Nobody previews.");
}
