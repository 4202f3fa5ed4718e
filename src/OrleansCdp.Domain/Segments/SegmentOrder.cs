using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>Puts segments behind those they ask for.</summary>
public static class SegmentOrder
{
    /// <summary>How many segments may ask for each other one after the other.</summary>
    public const int DepthMax = 10;

    /// <summary>The segment that a name belongs to: of a tier <c>NAME.TIER</c> the part before the dot.</summary>
    public static string SegmentOf(string name)
    {
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? name : name[..dot];
    }

    /// <summary>The tier that a name ends with, <c>NAME.TIER</c>; null for none.</summary>
    public static string? TierOf(string name)
    {
        string segment = SegmentOf(name);
        return segment == name ? null : name[(segment.Length + 1)..];
    }

    /// <summary>Sorts segments so that each comes after all that it asks for, and by name where it does not matter.</summary>
    /// <param name="segments">The segments; one that is asked for and not among them is left out of account.</param>
    /// <returns>The order; or why there is none.</returns>
    public static (ImmutableArray<SegmentDefinition> Order, WrongOrder? Wrong) Of(
        IEnumerable<SegmentDefinition> segments
    )
    {
        SortedDictionary<string, SegmentDefinition> all = new(StringComparer.Ordinal);
        foreach (SegmentDefinition segment in segments)
        {
            all.Add(segment.Name, segment);
        }

        Walk walk = new(all);
        foreach (SegmentDefinition segment in all.Values)
        {
            if (walk.Visit(segment) is null)
            {
                return ([], walk.Wrong);
            }
        }

        return ([.. walk.Order], null);
    }

    private sealed class Walk(SortedDictionary<string, SegmentDefinition> all)
    {
        private readonly Dictionary<string, ImmutableArray<string>> chains = new(
            StringComparer.Ordinal
        );
        private readonly List<string> path = [];

        public List<SegmentDefinition> Order { get; } = [];

        public WrongOrder? Wrong { get; private set; }

        /// <summary>The longest chain of segments that ask for each other from one on; null where something is wrong.</summary>
        public ImmutableArray<string>? Visit(SegmentDefinition segment)
        {
            string name = segment.Name;
            if (chains.TryGetValue(name, out ImmutableArray<string> known))
            {
                return known;
            }

            if (path.Contains(name))
            {
                Wrong = WrongOrder.Of(
                    "Segments ask for each other in a circle",
                    [.. path.SkipWhile(one => one != name), name]
                );
                return null;
            }

            path.Add(name);
            ImmutableArray<string> longest = [];
            foreach (string other in segment.Segments.Select(SegmentOf).Distinct().Order())
            {
                if (!all.TryGetValue(other, out SegmentDefinition? asked))
                {
                    continue;
                }

                if (Visit(asked) is not { } chain)
                {
                    return null;
                }

                longest = chain.Length > longest.Length ? chain : longest;
            }

            longest = [name, .. longest];
            if (longest.Length > DepthMax)
            {
                Wrong = WrongOrder.Of(
                    $"At most {DepthMax} segments ask for each other one after the other",
                    longest
                );
                return null;
            }

            path.RemoveAt(path.Count - 1);
            chains.Add(name, longest);
            Order.Add(segment);
            return longest;
        }
    }
}

/// <summary>Why segments cannot be put behind those they ask for.</summary>
/// <param name="Message">A sentence, with all that are part of it.</param>
/// <param name="Chain">Names of segments, each of which asks for the next; of a circle the last one is the first.</param>
public sealed record WrongOrder(string Message, ImmutableArray<string> Chain)
{
    /// <summary>The error, with the place where the segment asks for the next one; without a place if it asks for none of them.</summary>
    /// <param name="segment">The segment that was changed; null for none.</param>
    public DefinitionError ErrorIn(SegmentDefinition? segment)
    {
        int at = segment is null ? -1 : Chain.IndexOf(segment.Name);
        AskedSegment? place =
            at < 0 || at + 1 == Chain.Length
                ? null
                : segment!.Asks.FirstOrDefault(asked =>
                    SegmentOrder.SegmentOf(asked.Name) == Chain[at + 1]
                );
        return new DefinitionError(
            place?.Path ?? "",
            Message,
            place?.Line ?? 0,
            place?.Column ?? 0
        );
    }

    internal static WrongOrder Of(string what, ImmutableArray<string> chain) =>
        new($"{what}: {string.Join(", ", chain)}.", chain);
}
