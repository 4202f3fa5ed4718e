using System.Collections.Frozen;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>Insights that come with the product, active from the first start.</summary>
public static class ShippedInsights
{
    /// <summary>Text of each insight's definition by its name.</summary>
    public static FrozenDictionary<string, string> All { get; } =
        ShippedTexts.Read("OrleansCdp.Insights.Shipped.");
}
