namespace OrleansCdp.Events;

/// <summary>Groups consecutive chunks into the containers that the stream delivers.</summary>
internal sealed class BatchBuilder
{
    /// <summary>
    /// Events of one container, unless one chunk has more: the more of one individual's events come together, the
    /// fewer saves they cost.
    /// </summary>
    public const int EventsMax = 1_000;

    /// <summary>Serialised bytes of one container, unless one chunk has more.</summary>
    public const int BytesMax = 512 * 1024;

    private readonly Lane lane;
    private readonly int partition;
    private readonly long readerEpoch;
    private readonly int batchesMax;
    private readonly List<LogBatch> batches = [];
    private readonly List<LinkEvent> pending = [];
    private long pendingFirst;
    private int pendingBytes;

    /// <summary>Starts with nothing.</summary>
    /// <param name="lane">The lane read.</param>
    /// <param name="partition">The partition read.</param>
    /// <param name="readerEpoch">The reader's fencing token.</param>
    /// <param name="position">The sequence wanted first; what a chunk has before it is left out.</param>
    /// <param name="batchesMax">Most containers.</param>
    public BatchBuilder(Lane lane, int partition, long readerEpoch, long position, int batchesMax)
    {
        this.lane = lane;
        this.partition = partition;
        this.readerEpoch = readerEpoch;
        this.batchesMax = batchesMax;
        Position = position;
    }

    /// <summary>The sequence wanted next.</summary>
    public long Position { get; private set; }

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

        if (
            pending.Count > 0
            && (
                pending.Count + chunk.Events.Length > EventsMax
                || pendingBytes + chunk.Bytes > BytesMax
            )
        )
        {
            Close();
        }

        if (batches.Count == batchesMax)
        {
            return false;
        }

        if (pending.Count == 0)
        {
            pendingFirst = Position;
        }

        int skip = (int)(Position - chunk.FirstSequence);
        pending.AddRange(chunk.Events.AsSpan(Math.Min(skip, chunk.Events.Length)));
        pendingBytes += chunk.Bytes;
        Position = Math.Max(Position, chunk.LastSequence + 1);
        return true;
    }

    /// <summary>The containers, in order.</summary>
    public List<LogBatch> Build()
    {
        if (pending.Count > 0)
        {
            Close();
        }

        return batches;
    }

    private void Close()
    {
        batches.Add(
            new LogBatch(
                new EventChunk
                {
                    Lane = lane,
                    Partition = partition,
                    ReaderEpoch = readerEpoch,
                    FirstSequence = pendingFirst,
                    Events = [.. pending],
                }
            )
        );
        pending.Clear();
        pendingBytes = 0;
    }
}
