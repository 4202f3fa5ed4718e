using System.Collections.Frozen;

namespace OrleansCdp.Identity;

/// <summary>First names that are used for one another: Bob and Robert.</summary>
internal static class Nicknames
{
    private const string Table = "OrleansCdp.Identity.Shipped.nicknames.txt";

    private static readonly FrozenDictionary<string, int[]> Sets = ReadTable();

    /// <summary>The sets a folded name is in.</summary>
    public static ReadOnlyMemory<int> SetsOf(string name) => Sets.GetValueOrDefault(name, []);

    /// <summary>Whether two names are in one set.</summary>
    public static bool AreOne(ReadOnlyMemory<int> left, ReadOnlyMemory<int> right) =>
        !left.IsEmpty && !right.IsEmpty && left.Span.ContainsAny(right.Span);

    private static FrozenDictionary<string, int[]> ReadTable()
    {
        using StreamReader reader = new(
            typeof(Nicknames).Assembly.GetManifestResourceStream(Table)!
        );
        return reader
            .ReadToEnd()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line[0] != '#')
            .SelectMany((line, set) => line.Split(' ').Select(name => (Name: name, Set: set)))
            .GroupBy(entry => entry.Name, entry => entry.Set, StringComparer.Ordinal)
            .ToFrozenDictionary(name => name.Key, name => name.ToArray(), StringComparer.Ordinal);
    }
}
