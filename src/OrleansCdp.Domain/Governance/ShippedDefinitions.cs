using System.Collections.Frozen;

namespace OrleansCdp.Governance;

/// <summary>Definitions that come with the product, active from the first start.</summary>
public static class ShippedDefinitions
{
    /// <summary>Text of each data stream's definition by the stream's name.</summary>
    public static FrozenDictionary<string, string> All { get; } =
        ShippedTexts.Read("OrleansCdp.Governance.Shipped.");
}
