using System.Collections.Frozen;
using System.Reflection;

namespace OrleansCdp.Identity;

/// <summary>Rulesets that come with the product, active from the first start.</summary>
public static class ShippedRulesets
{
    /// <summary>Anchors alone decide: the ruleset of a data stream that names none.</summary>
    public const string Default = "sales";

    private const string Prefix = "OrleansCdp.Identity.Shipped.";
    private const string Suffix = ".yaml";

    /// <summary>Text of each ruleset's definition by its name.</summary>
    public static FrozenDictionary<string, string> All { get; } = ReadAll();

    private static FrozenDictionary<string, string> ReadAll()
    {
        Assembly assembly = typeof(ShippedRulesets).Assembly;
        return assembly
            .GetManifestResourceNames()
            .Where(name =>
                name.StartsWith(Prefix, StringComparison.Ordinal)
                && name.EndsWith(Suffix, StringComparison.Ordinal)
            )
            .ToFrozenDictionary(
                name => name[Prefix.Length..^Suffix.Length],
                name => Read(assembly, name),
                StringComparer.Ordinal
            );
    }

    private static string Read(Assembly assembly, string name)
    {
        using StreamReader reader = new(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
