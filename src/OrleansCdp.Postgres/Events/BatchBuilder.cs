namespace OrleansCdp.Events;

/// <summary>Puts consecutive chunks into the container that the stream delivers.</summary>
/// <param name="lane">The lane read.</param>
/// <param name="partition">The partition read.</param>
/// <param name="readerEpoch">The reader's fencing token.</param>
/// <param name="position">The sequence wanted first; what a chunk has before it is left out.</param>
/// <param name="eventsMax">Events of the container, unless one chunk has more.</param>
internal sealed class BatchBuilder(
    Lane lane,
    int partition,
    long readerEpoch,
    long position,
    int eventsMax = BatchBuilder.EventsMax
)
{
    /// <summary>
    /// Events of one container at most: the more of one individual's events come together, the fewer saves they cost.
    /// </summary>
    public const int EventsMax = 4_000;

    /// <summary>Serialised bytes of one container, unless one chunk has more.</summary>
    public const int BytesMax = 2 * 1024 * 1024;

    private readonly long first = position;
    private readonly List<LinkEvent> events = [];
    private int bytes;

    /// <summary>The sequence wanted next.</summary>
    public long Position { get; private set; } = position;

    /// <summary>Adds a chunk if there is room.</summary>
    /// <exception cref="InvalidDataException">The chunk leaves out sequences.</exception>
    public bool TryAdd(TailChunk chunk)
    {
        if (chunk.FirstSequence > Position)
        {
            throw new InvalidDataException(
                $"The log of partition {partition}, lane {lane}, has no events from sequence "
                    + $"{Position} to {chunk.FirstSequence - 1}."
            );
        }

        bool fits =
            events.Count + chunk.Events.Length <= eventsMax && bytes + chunk.Bytes <= BytesMax;
        if (!fits && events.Count > 0)
        {
            return false;
        }

        int skip = (int)(Position - chunk.FirstSequence);
        events.AddRange(chunk.Events.AsSpan(Math.Min(skip, chunk.Events.Length)));
        bytes += chunk.Bytes;
        Position = Math.Max(Position, chunk.LastSequence + 1);
        return true;
    }

    /// <summary>The container; null when nothing was added.</summary>
    public LogBatch? Build() =>
        events.Count == 0
            ? null
            : new LogBatch(
                new EventChunk
                {
                    Lane = lane,
                    Partition = partition,
                    ReaderEpoch = readerEpoch,
                    FirstSequence = first,
                    Events = [.. events],
                }
            );
}
