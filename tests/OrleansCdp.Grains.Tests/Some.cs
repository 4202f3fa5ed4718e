using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>Events to test with.</summary>
internal static class Some
{
    public static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Many, so that two tests of one cluster hardly share one and find each other's fates.</summary>
    public const int PartitionCount = Partitions.CountMax;

    private static int last;

    /// <summary>A name no other test uses.</summary>
    public static string Unique(string prefix) => $"{prefix}{Interlocked.Increment(ref last)}";

    public static LinkEvent Event(LinkKey link, string id, params Identifier[] identifiers) =>
        new()
        {
            Link = link,
            Stream = "test",
            EventId = id,
            OccurredAt = Noon,
            ReceivedAt = Noon,
            Kind = EventKind.Updated,
            Object = "Individual",
            Traits = [new Field("said", FieldValue.Of(id))],
            Identifiers = [.. identifiers],
        };

    public static SequencedEvent At(this LinkEvent e, long sequence) => new(sequence, e);

    public static EventChunk Chunk(long first, params LinkEvent[] events) =>
        new()
        {
            Lane = Lane.Normal,
            Partition = Partitions.Of(events[0].Link, PartitionCount),
            ReaderEpoch = 1,
            FirstSequence = first,
            Events = events,
        };
}
