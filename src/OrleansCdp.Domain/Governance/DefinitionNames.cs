using System.Text.RegularExpressions;

namespace OrleansCdp.Governance;

/// <summary>Names of definitions that stand in addresses and in other definitions.</summary>
internal static partial class DefinitionNames
{
    /// <summary>Small letters, digits and dashes, at most 100, not beginning with a dash.</summary>
    public static bool IsName(string text) => Pattern.IsMatch(text);

    [GeneratedRegex(
        "^[a-z0-9][a-z0-9-]{0,99}\\z",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Pattern { get; }
}
