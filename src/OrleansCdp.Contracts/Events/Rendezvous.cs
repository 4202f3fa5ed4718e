using System.Globalization;
using Orleans.Runtime;

namespace OrleansCdp.Events;

/// <summary>
/// Who owns which partition: highest random weight (rendezvous) hashing, with no silo getting more than its even
/// share. Every silo computes it by itself and comes to the same result.
/// </summary>
public static class Rendezvous
{
    /// <summary>Assigns every partition to a silo.</summary>
    /// <param name="partitionCount">Partitions, from 0.</param>
    /// <param name="silos">Names of the silos, in the same order everywhere.</param>
    /// <returns>Per partition the index of its silo. Two silos' loads differ by one at most.</returns>
    /// <exception cref="ArgumentException">No silo.</exception>
    public static int[] Assign(int partitionCount, IReadOnlyList<string> silos)
    {
        if (silos.Count == 0)
        {
            throw new ArgumentException("There is no silo to assign partitions to.", nameof(silos));
        }

        int share = partitionCount / silos.Count;
        int withOneMore = partitionCount % silos.Count;
        int[] load = new int[silos.Count];
        int[] owners = new int[partitionCount];
        for (int partition = 0; partition < partitionCount; partition++)
        {
            int owner = -1;
            ulong best = 0;
            for (int silo = 0; silo < silos.Count; silo++)
            {
                bool hasRoom = load[silo] < share || (load[silo] == share && withOneMore > 0);
                ulong weight = hasRoom ? WeightOf(partition, silos[silo]) : 0;
                if (hasRoom && (owner < 0 || weight > best))
                {
                    owner = silo;
                    best = weight;
                }
            }

            withOneMore -= load[owner] == share ? 1 : 0;
            load[owner]++;
            owners[partition] = owner;
        }

        return owners;
    }

    /// <summary>Assigns every partition to a silo, the same on every silo that knows the same ones.</summary>
    /// <param name="partitionCount">Partitions, from 0.</param>
    /// <param name="silos">The silos, in any order; one that is there twice counts once.</param>
    /// <returns>The owner of each partition.</returns>
    /// <exception cref="ArgumentException">No silo.</exception>
    public static SiloAddress[] Assign(int partitionCount, IEnumerable<SiloAddress> silos)
    {
        (string Name, SiloAddress Silo)[] sorted =
        [
            .. silos
                .Select(silo => (Name: silo.ToParsableString(), silo))
                .DistinctBy(silo => silo.Name, StringComparer.Ordinal)
                .OrderBy(silo => silo.Name, StringComparer.Ordinal),
        ];
        int[] owners = Assign(partitionCount, Array.ConvertAll(sorted, silo => silo.Name));
        return Array.ConvertAll(owners, owner => sorted[owner].Silo);
    }

    private static ulong WeightOf(int partition, string silo) =>
        Partitions.HashOf(string.Create(CultureInfo.InvariantCulture, $"{silo}#{partition}"));
}
