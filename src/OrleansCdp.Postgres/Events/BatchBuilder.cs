namespace OrleansCdp.Events;

/// <summary>Puts consecutive chunks into the container that the stream delivers.</summary>
/// <param name="lane">The lane read.</param>
/// <param name="partition">The partition read.</param>
/// <param name="readerEpoch">The reader's fencing token.</param>
/// <param name="position">The sequence wanted first; what a chunk has before it is left out.</param>
/// <param name="eventsMax">Events of the container, at least 1: of what has no room a part is taken.</param>
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

    /// <summary>Adds what there is room for.</summary>
    /// <returns>Whether that is all of the chunk.</returns>
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

        if (chunk.LastSequence < Position)
        {
            return true;
        }

        if (bytes + chunk.Bytes > BytesMax && events.Count > 0)
        {
            return false;
        }

        ReadOnlySpan<LinkEvent> wanted = chunk.Events.AsSpan((int)(Position - chunk.FirstSequence));
        int taken = Math.Min(wanted.Length, eventsMax - events.Count);
        events.AddRange(wanted[..taken]);
        bytes += chunk.Bytes;
        Position += taken;
        return taken == wanted.Length;
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
