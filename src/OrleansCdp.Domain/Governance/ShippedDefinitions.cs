using System.Collections.Frozen;
using System.Reflection;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>Definitions that come with the product, active from the first start.</summary>
public static class ShippedDefinitions
{
    private const string Suffix = ".yaml";

    /// <summary>Text of each data stream's definition by the stream's name.</summary>
    public static FrozenDictionary<string, string> All { get; } =
        ReadAll("OrleansCdp.Governance.Shipped.");

    /// <summary>Text of each ruleset by its name.</summary>
    public static FrozenDictionary<string, string> Rulesets => ShippedRulesets.All;

    private static FrozenDictionary<string, string> ReadAll(string prefix)
    {
        Assembly assembly = typeof(ShippedDefinitions).Assembly;
        return assembly
            .GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(
                name => name[prefix.Length..^Suffix.Length],
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
