namespace OrleansCdp.Insights;

/// <summary>
/// The different values of an insight at one moment. Those of what is kept are all there, so they are counted exactly however
/// many they are; what is not kept was estimated where it was too much (<see cref="DistinctCount"/>).
/// </summary>
internal sealed class Differences
{
    private readonly HashSet<ulong> hashes = [];
    private DistinctCount? estimated;

    /// <summary>Whether the count is an estimate.</summary>
    public bool IsEstimated => estimated is not null;

    /// <summary>How many there are.</summary>
    public long Count =>
        estimated is null
            ? hashes.Count
            : hashes.Aggregate(estimated, (count, hash) => count.Add(hash)).Count;

    /// <summary>Adds a value that is kept.</summary>
    public void Add(Measured value) => hashes.Add(Tally.HashOf(value));

    /// <summary>Adds values that are not kept.</summary>
    public void Add(DistinctCount counted)
    {
        if (counted.IsEstimated)
        {
            estimated = estimated?.Join(counted) ?? counted;
        }
        else
        {
            hashes.UnionWith(counted.Hashes);
        }
    }

    /// <summary>How many there are in all parts: one that is in several of them counts once.</summary>
    public static long CountOf(IEnumerable<Differences> parts)
    {
        Differences all = new();
        foreach (Differences part in parts)
        {
            all.hashes.UnionWith(part.hashes);
            if (part.estimated is { } counted)
            {
                all.Add(counted);
            }
        }

        return all.Count;
    }
}
