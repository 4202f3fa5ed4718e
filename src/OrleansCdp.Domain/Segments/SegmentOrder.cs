using System.Collections.Immutable;

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

    /// <summary>Sorts segments so that each comes after all that it asks for, and by name where it does not matter.</summary>
    /// <param name="segments">The segments; one that is asked for and not among them is left out of account.</param>
    /// <returns>
    /// The order; or the names of segments that ask for each other in a circle, or too deep, from the first to the last.
    /// </returns>
    public static (ImmutableArray<SegmentDefinition> Order, ImmutableArray<string> Wrong) Of(
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
            if (walk.DepthOf(segment) is null)
            {
                return ([], [.. walk.Path]);
            }
        }

        return ([.. walk.Order], []);
    }

    private sealed class Walk(SortedDictionary<string, SegmentDefinition> all)
    {
        private readonly Dictionary<string, int> depths = new(StringComparer.Ordinal);

        public List<SegmentDefinition> Order { get; } = [];

        public List<string> Path { get; } = [];

        /// <summary>How many ask each other one after the other down from a segment, itself included; null for too many.</summary>
        public int? DepthOf(SegmentDefinition segment)
        {
            if (depths.TryGetValue(segment.Name, out int known))
            {
                return known;
            }

            bool isCircle = Path.Contains(segment.Name);
            Path.Add(segment.Name);
            if (isCircle)
            {
                return null;
            }

            int depth = 1;
            foreach (string name in segment.Segments.Select(SegmentOf).Distinct().Order())
            {
                if (!all.TryGetValue(name, out SegmentDefinition? asked))
                {
                    continue;
                }

                if (DepthOf(asked) is not { } below)
                {
                    return null;
                }

                depth = Math.Max(depth, below + 1);
            }

            if (depth > DepthMax)
            {
                return null;
            }

            Path.RemoveAt(Path.Count - 1);
            depths.Add(segment.Name, depth);
            Order.Add(segment);
            return depth;
        }
    }
}
