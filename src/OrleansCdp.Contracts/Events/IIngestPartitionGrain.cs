using Orleans.Concurrency;

namespace OrleansCdp.Events;

/// <summary>
/// Reads one partition and lane and hands its events to individuals and accounts. Keyed by
/// <see cref="EventStreams.KeyOf"/>.
/// </summary>
[Alias("cdp.ingest-partition")]
public interface IIngestPartitionGrain : IGrainWithStringKey
{
    /// <summary>How far this partition is applied.</summary>
    /// <param name="sequence">The sequence somebody waits for.</param>
    [AlwaysInterleave]
    [Alias("progress")]
    ValueTask<PartitionProgress> GetProgressAsync(long sequence);
}

/// <summary>How far a partition is applied.</summary>
[GenerateSerializer, Immutable, Alias("cdp.partition-progress")]
public sealed record PartitionProgress
{
    /// <summary>Every event up to this sequence is in its individual's durable state.</summary>
    [Id(0)]
    public long AppliedSequence { get; init; }

    /// <summary>
    /// When the sequence asked for was applied; null if it is not, or if that is too long ago to be remembered.
    /// </summary>
    [Id(1)]
    public DateTimeOffset? AppliedAt { get; init; }
}
