using System.Globalization;
using Orleans.Runtime;

namespace OrleansCdp.Events;

/// <summary>Names of the Orleans streams. One stream per partition and lane.</summary>
public static class EventStreams
{
    /// <summary>The Orleans cluster, and service, that takes events in unless it is given another name.</summary>
    public const string ClusterId = "orleanscdp";

    /// <summary>Provider and namespace of the normal lane.</summary>
    public const string Ingest = "ingest";

    /// <summary>Provider and namespace of the low lane.</summary>
    public const string IngestLow = "ingest-low";

    /// <summary>The provider, and namespace, of a lane.</summary>
    public static string ProviderOf(Lane lane) => lane == Lane.Normal ? Ingest : IngestLow;

    /// <summary>The lane of a provider.</summary>
    /// <exception cref="ArgumentException">No provider of ours.</exception>
    public static Lane LaneOf(string provider) =>
        provider switch
        {
            Ingest => Lane.Normal,
            IngestLow => Lane.Low,
            _ => throw new ArgumentException($"No lane is called '{provider}'.", nameof(provider)),
        };

    /// <summary>
    /// The stream of a partition. Its key is also the key of the <see cref="IIngestPartitionGrain"/> that
    /// reads it, so the lanes have different keys: <c>017</c> and <c>low-017</c>.
    /// </summary>
    public static StreamId Of(Lane lane, int partition) =>
        StreamId.Create(ProviderOf(lane), KeyOf(lane, partition));

    /// <summary>The key of a partition's stream and of its reading grain.</summary>
    public static string KeyOf(Lane lane, int partition) =>
        lane == Lane.Normal
            ? partition.ToString("D3", CultureInfo.InvariantCulture)
            : "low-" + partition.ToString("D3", CultureInfo.InvariantCulture);

    /// <summary>Reads what <see cref="KeyOf"/> wrote.</summary>
    /// <exception cref="FormatException">Not such a key.</exception>
    public static (Lane Lane, int Partition) ParseKey(string key) =>
        key.StartsWith("low-", StringComparison.Ordinal)
            ? (Lane.Low, int.Parse(key.AsSpan(4), CultureInfo.InvariantCulture))
            : (Lane.Normal, int.Parse(key, CultureInfo.InvariantCulture));
}
