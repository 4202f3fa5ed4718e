using System.Text.RegularExpressions;

namespace OrleansCdp.Governance;

/// <summary>Names of definitions that stand in addresses and in other definitions.</summary>
internal static partial class DefinitionNames
{
    /// <summary>Small letters, digits and dashes, at most 100, not beginning with a dash.</summary>
    public static bool IsName(string text) => Pattern.IsMatch(text);

    /// <summary>Characters of a name that stands in expressions.</summary>
    public const int WordMax = 60;

    /// <summary>Whether a name can stand in expressions: small letters, digits and underscores, at most <see cref="WordMax"/>.</summary>
    public static bool IsWord(string text) => WordPattern.IsMatch(text);

    [GeneratedRegex("^[a-z][a-z0-9_]{0,59}$", RegexOptions.CultureInvariant, 1_000)]
    private static partial Regex WordPattern { get; }

    [GeneratedRegex(
        "^[a-z0-9][a-z0-9-]{0,99}\\z",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Pattern { get; }
}
