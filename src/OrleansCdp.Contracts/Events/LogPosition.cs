namespace OrleansCdp.Events;

/// <summary>Where one event is in the log.</summary>
/// <param name="Lane">Its lane.</param>
/// <param name="Partition">Its partition, from 0.</param>
/// <param name="Sequence">Its sequence, from 1.</param>
[GenerateSerializer, Immutable, Alias("cdp.log-position")]
public readonly record struct LogPosition(
    [property: Id(0)] Lane Lane,
    [property: Id(1)] int Partition,
    [property: Id(2)] long Sequence
);
