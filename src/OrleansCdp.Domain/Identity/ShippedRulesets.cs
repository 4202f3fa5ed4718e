using System.Collections.Frozen;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>Rulesets that come with the product, active from the first start.</summary>
public static class ShippedRulesets
{
    /// <summary>Anchors alone decide: the ruleset of a data stream that names none.</summary>
    public const string Default = "sales";

    /// <summary>Text of each ruleset's definition by its name.</summary>
    public static FrozenDictionary<string, string> All { get; } =
        ShippedTexts.Read("OrleansCdp.Identity.Shipped.");
}
