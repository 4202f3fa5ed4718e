using System.Collections.Frozen;
using System.Reflection;

namespace OrleansCdp.Governance;

/// <summary>Definitions that are inside this assembly.</summary>
internal static class ShippedTexts
{
    private const string Suffix = ".yaml";

    /// <summary>Reads texts of YAML files by their names without <c>.yaml</c>.</summary>
    /// <param name="prefix">What comes before a file's name in a resource's name.</param>
    public static FrozenDictionary<string, string> Read(string prefix)
    {
        Assembly assembly = typeof(ShippedTexts).Assembly;
        return assembly
            .GetManifestResourceNames()
            .Where(name =>
                name.StartsWith(prefix, StringComparison.Ordinal)
                && name.EndsWith(Suffix, StringComparison.Ordinal)
            )
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
