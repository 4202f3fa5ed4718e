using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>
/// How many identifiers of each type an individual has, each counted once however many links state it. Kept along with its
/// changes: somebody with thousands of visitors gets another identifier with each of them.
/// </summary>
public sealed class IdentifierCounts
{
    private readonly Dictionary<string, int> byType;

    /// <summary>Counts the identifiers of all links.</summary>
    public IdentifierCounts(LinkSet links) =>
        byType = links
            .Links.SelectMany(link => link.Identifiers)
            .Select(known => (known.Identifier.Type, known.Identifier.Value))
            .Distinct()
            .CountBy(known => known.Type, StringComparer.Ordinal)
            .ToDictionary(StringComparer.Ordinal);

    /// <summary>How many of each type.</summary>
    public IReadOnlyDictionary<string, int> ByType => byType;

    /// <summary>Notes what a change added and removed; one that is verified now is in both.</summary>
    public void Note(ImmutableArray<Identifier> added, ImmutableArray<Identifier> removed)
    {
        foreach (Identifier one in added)
        {
            byType[one.Type] = byType.GetValueOrDefault(one.Type) + 1;
        }

        foreach (Identifier one in removed)
        {
            byType[one.Type] = byType.GetValueOrDefault(one.Type) - 1;
        }
    }
}
