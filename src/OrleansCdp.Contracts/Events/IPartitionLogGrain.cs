using System.Collections.Immutable;

namespace OrleansCdp.Events;

/// <summary>
/// The only writer of one partition of the durable log; its key is the partition's number, from 0.
/// </summary>
[Alias("cdp.partition-log")]
public interface IPartitionLogGrain : IGrainWithIntegerKey
{
    /// <summary>Appends admitted events of links that hash to this partition.</summary>
    /// <param name="batch">The events.</param>
    /// <returns>Once committed in PostgreSQL.</returns>
    /// <exception cref="LogUnavailableException">
    /// Nothing was acknowledged: the database is away or another writer took over. Send the same events,
    /// with the same ids, again.
    /// </exception>
    /// <exception cref="LogBehindException">
    /// What was appended before is not applied yet, and there is too much of it. Nothing of this batch was written; send
    /// it again after <see cref="LogBehindException.RetryAfter"/>.
    /// </exception>
    [Alias("append-batch")]
    Task<AppendResult> AppendAsync(EventBatch batch);

    /// <summary>Makes sure this partition has its writer, so that the local reader need not poll.</summary>
    [Alias("attach")]
    Task AttachAsync();
}

/// <summary>Where appended events went.</summary>
[GenerateSerializer, Immutable, Alias("cdp.append-result")]
public sealed record AppendResult
{
    /// <summary>Indexes, ascending, of events whose id was known already. They changed nothing.</summary>
    [Id(0)]
    public ImmutableArray<int> Duplicates { get; init; } = [];

    /// <summary>Sequence of the last event in the normal lane up to which a reader must go; 0 for none.</summary>
    [Id(1)]
    public long NormalSequence { get; init; }

    /// <summary>The same for the low lane.</summary>
    [Id(2)]
    public long LowSequence { get; init; }
}

/// <summary>The log could not take events now. Nothing was acknowledged; sending again is safe.</summary>
[GenerateSerializer, Alias("cdp.log-unavailable")]
public sealed class LogUnavailableException : Exception
{
    /// <summary>Creates the exception.</summary>
    public LogUnavailableException(string message, Exception? inner = null)
        : base(message, inner) { }
}
