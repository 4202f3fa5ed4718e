namespace OrleansCdp.Events;

/// <summary>
/// Consecutive events of one partition and lane, as the streams <c>ingest</c> and <c>ingest-low</c>
/// deliver them: the event at index i has sequence <see cref="FirstSequence"/> + i.
/// </summary>
[GenerateSerializer, Immutable, Alias("cdp.event-chunk")]
public sealed record EventChunk
{
    /// <summary>The lane.</summary>
    [Id(0)]
    public required Lane Lane { get; init; }

    /// <summary>The partition, from 0.</summary>
    [Id(1)]
    public required int Partition { get; init; }

    /// <summary>Fencing token of the reader: a checkpoint under an older one is refused.</summary>
    [Id(2)]
    public required long ReaderEpoch { get; init; }

    /// <summary>Sequence of the first event.</summary>
    [Id(3)]
    public required long FirstSequence { get; init; }

    /// <summary>The events; never changed after creation.</summary>
    [Id(4)]
    public required LinkEvent[] Events { get; init; }

    /// <summary>Sequence of the last event.</summary>
    public long LastSequence => FirstSequence + Events.Length - 1;
}
