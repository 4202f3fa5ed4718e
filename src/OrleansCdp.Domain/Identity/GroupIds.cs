using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>
/// Keeps the names of groups while their members change: a new cluster keeps the id most of its members had.
/// </summary>
public static class GroupIds
{
    /// <summary>Names clusters.</summary>
    /// <param name="clusters">As <see cref="Clustering.Of"/> gives them.</param>
    /// <param name="groupOf">The group a record was in before; null for a record that was in none.</param>
    /// <param name="fresh">A group id that nobody has had.</param>
    /// <returns>
    /// An id for each cluster, none twice. Of clusters that want the same, that with more members of it gets it, then
    /// that with the smallest member; of ids equally common in a cluster the smallest, which is the oldest, is kept.
    /// </returns>
    public static ImmutableArray<long> Relabel(
        ImmutableArray<ImmutableArray<long>> clusters,
        Func<long, long?> groupOf,
        Func<long> fresh
    )
    {
        IEnumerable<(int At, long Group)> wishes = clusters
            .SelectMany(
                (cluster, at) =>
                    cluster
                        .Select(groupOf)
                        .OfType<long>()
                        .GroupBy(group => group)
                        .Select(had => (At: at, Group: had.Key, Count: had.Count()))
            )
            .OrderByDescending(wish => wish.Count)
            .ThenBy(wish => wish.Group)
            .ThenBy(wish => clusters[wish.At].Min())
            .Select(wish => (wish.At, wish.Group));
        var ids = new long?[clusters.Length];
        HashSet<long> given = [];
        foreach ((int at, long group) in wishes)
        {
            if (ids[at] is null && given.Add(group))
            {
                ids[at] = group;
            }
        }

        return [.. ids.Select(id => id ?? fresh())];
    }
}
