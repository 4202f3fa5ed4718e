using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>Insights that stay as they are.</summary>
internal sealed class FakeInsights(InsightSet set) : IInsightSets
{
    /// <summary>None.</summary>
    public static FakeInsights None { get; } = new(InsightSet.None);

    public InsightSet Current => set;

    public ValueTask<InsightSet> CurrentAsync() => new(set);

    public ValueTask<InsightSet> SinceAsync(long revision) => new(set);
}
