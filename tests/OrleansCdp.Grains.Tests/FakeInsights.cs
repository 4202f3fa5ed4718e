using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>Insights that stay as they are until the test says otherwise.</summary>
internal sealed class FakeInsights(InsightSet set) : IInsightSets
{
    /// <summary>None.</summary>
    public static FakeInsights None => new(InsightSet.None);

    public InsightSet Current { get; set; } = set;

    public ValueTask<InsightSet> CurrentAsync() => new(Current);

    public ValueTask<InsightSet> SinceAsync(long revision) => new(Current);
}
