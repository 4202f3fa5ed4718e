using System.Collections.Frozen;
using System.Reflection;

namespace OrleansCdp.Governance;

/// <summary>Definitions that come with the product, active from the first start.</summary>
public static class ShippedDefinitions
{
    private const string Prefix = "OrleansCdp.Governance.Shipped.";
    private const string Suffix = ".yaml";

    /// <summary>Text of each data stream's definition by the stream's name.</summary>
    public static FrozenDictionary<string, string> All { get; } = ReadAll();

    private static FrozenDictionary<string, string> ReadAll()
    {
        Assembly assembly = typeof(ShippedDefinitions).Assembly;
        return assembly
            .GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
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
