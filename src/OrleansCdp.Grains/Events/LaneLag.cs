namespace OrleansCdp.Events;

/// <summary>How far one lane of a partition is behind, as its writer sees it, and how fast it catches up.</summary>
internal sealed class LaneLag(int eventsMax, TimeSpan retryAfterMax)
{
    /// <summary>The pace is that of the last one to two of these: what is applied at once may take a second or two.</summary>
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromSeconds(5);

    /// <summary>How long the pace is watched before it says anything; also what a producer is told until then.</summary>
    private static readonly TimeSpan WatchMin = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RetryAfterMin = TimeSpan.FromMilliseconds(100);

    private Mark older;
    private Mark newer;

    /// <summary>Events that the writer took and has not written yet.</summary>
    public int Taken { get; set; }

    /// <summary>Makes sure that there is room for more.</summary>
    /// <param name="head">The last event written.</param>
    /// <param name="checkpoint">The last event up to which all are applied.</param>
    /// <param name="now">When this is.</param>
    /// <exception cref="LogBehindException">There is none.</exception>
    public void DemandRoom(long head, long checkpoint, DateTimeOffset now)
    {
        Mark mark = new(now, checkpoint);
        Watch(head, mark);
        long lag = head + Taken - checkpoint;
        if (lag > eventsMax)
        {
            throw new LogBehindException(lag, eventsMax, TimeFor(lag - eventsMax / 2, mark));
        }
    }

    private void Watch(long head, Mark mark)
    {
        if (mark.Checkpoint >= head || older.At == default)
        {
            older = newer = mark; // Whatever it did before, it had nothing to do since.
        }
        else if (mark.At - newer.At >= WatchPeriod)
        {
            older = newer;
            newer = mark;
        }
    }

    private TimeSpan TimeFor(long events, Mark mark)
    {
        TimeSpan watched = mark.At - older.At;
        if (watched < WatchMin)
        {
            return WatchMin;
        }

        long applied = mark.Checkpoint - older.Checkpoint;
        // As long again as nothing has moved: it may be a stall, or only something large that is about to end.
        TimeSpan wait = applied > 0 ? watched * ((double)events / applied) : watched;
        return wait < RetryAfterMin ? RetryAfterMin
            : wait > retryAfterMax ? retryAfterMax
            : wait;
    }

    private readonly record struct Mark(DateTimeOffset At, long Checkpoint);
}
