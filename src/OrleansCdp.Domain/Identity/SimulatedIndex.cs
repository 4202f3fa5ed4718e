using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>By which keys the records of a simulation are found.</summary>
internal sealed class SimulatedIndex(MatchLimits limits)
{
    private readonly Dictionary<long, List<SimulatedRecord>> buckets = [];

    /// <summary>Keys that more records have than a key may find.</summary>
    public int Closed => buckets.Values.Count(bucket => bucket.Count > limits.BucketMax);

    /// <summary>Has a record be found by these keys and no others.</summary>
    public void Put(SimulatedRecord record, ImmutableArray<long> keys)
    {
        foreach (long key in record.Keys.Except(keys))
        {
            buckets[key].Remove(record);
        }

        foreach (long key in keys.Except(record.Keys))
        {
            if (!buckets.TryGetValue(key, out List<SimulatedRecord>? bucket))
            {
                buckets.Add(key, bucket = []);
            }

            bucket.Add(record);
        }

        record.Keys = keys;
    }

    /// <summary>Those that share most keys with a record, rare keys counting more.</summary>
    public SimulatedRecord[] Find(SimulatedRecord record, ImmutableArray<long> keys)
    {
        Dictionary<SimulatedRecord, double> shared = [];
        foreach (long key in keys)
        {
            if (
                !buckets.TryGetValue(key, out List<SimulatedRecord>? bucket)
                || bucket.Count > limits.BucketMax
            )
            {
                continue;
            }

            foreach (SimulatedRecord other in bucket.Where(other => other != record))
            {
                shared[other] = shared.GetValueOrDefault(other) + CandidateRank.OfKey(bucket.Count);
            }
        }

        return
        [
            .. shared
                .OrderByDescending(candidate => candidate.Value)
                .ThenBy(candidate => candidate.Key.Id)
                .Take(limits.CandidatesMax)
                .Select(candidate => candidate.Key),
        ];
    }
}
