namespace OrleansCdp.Events;

/// <summary>Writes to one partition as its grain does.</summary>
internal sealed class TestWriter(ILogStore log, int partition)
{
    private LogOwnership owned;
    private long next;
    private long nextLow;

    public long Epoch => owned.Epoch;

    public static async Task<TestWriter> AcquireAsync(ILogStore log, int partition)
    {
        TestWriter writer = new(log, partition);
        await writer.AcquireAsync();
        return writer;
    }

    public async Task AcquireAsync()
    {
        owned = await log.AcquireAsync(partition, default);
        next = owned.NormalNext;
        nextLow = owned.LowNext;
    }

    /// <summary>Appends to the normal lane, and moves on when it was acknowledged.</summary>
    public async Task AppendAsync(params LinkEvent[] events)
    {
        await log.AppendAsync(Of(next, events));
        next += events.Length;
    }

    public async Task AppendBothAsync(LinkEvent[] normal, LinkEvent[] low)
    {
        await log.AppendAsync(
            new LogAppend
            {
                Partition = partition,
                Epoch = owned.Epoch,
                Normal = LaneOf(next, normal),
                Low = LaneOf(nextLow, low),
            }
        );
        next += normal.Length;
        nextLow += low.Length;
    }

    public LogAppend Of(long first, LinkEvent[] events) =>
        new()
        {
            Partition = partition,
            Epoch = owned.Epoch,
            Normal = LaneOf(first, events),
        };

    public LaneAppend LaneOf(long first, LinkEvent[] events) =>
        new(
            first,
            events,
            Array.ConvertAll(
                events,
                e => Partitions.EventKey(e.Link.Source, e.EventId, owned.EventKeySecret)
            )
        );
}
