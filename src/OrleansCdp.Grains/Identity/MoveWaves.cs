namespace OrleansCdp.Identity;

/// <summary>
/// Groups moves that can be made at the same time: none gives away what another of the group takes, and the groups
/// keep the order. A chunk of a busy individual absorbs dozens of visitors, who have nothing to do with each other.
/// </summary>
internal static class MoveWaves
{
    /// <summary>Moves of one group.</summary>
    public const int MovesMax = 64;

    /// <summary>The groups, in order.</summary>
    public static List<List<LinkMove>> Of(IEnumerable<LinkMove> moves)
    {
        List<List<LinkMove>> waves = [];
        HashSet<string> givers = new(StringComparer.Ordinal);
        HashSet<string> takers = new(StringComparer.Ordinal);
        foreach (LinkMove move in moves)
        {
            bool waits =
                waves.Count == 0
                || waves[^1].Count == MovesMax
                || givers.Contains(move.From)
                || takers.Contains(move.From)
                || givers.Contains(move.To);
            if (waits)
            {
                waves.Add([]);
                givers.Clear();
                takers.Clear();
            }

            waves[^1].Add(move);
            givers.Add(move.From);
            takers.Add(move.To);
        }

        return waves;
    }
}
