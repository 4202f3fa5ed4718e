namespace OrleansCdp.Events;

/// <summary>How far one lane of a partition is behind, as its writer sees it, and how fast it catches up.</summary>
internal sealed class LaneLag(int eventsMax, TimeSpan retryAfterMax)
{
    /// <summary>How long the pace is watched before it says anything.</summary>
    private static readonly TimeSpan WatchMin = TimeSpan.FromSeconds(1);

    /// <summary>What a producer is told until the pace is known.</summary>
    private static readonly TimeSpan Guess = TimeSpan.FromSeconds(1);

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
        Watch(head, checkpoint, now);
        long lag = head + Taken - checkpoint;
        if (lag > eventsMax)
        {
            throw new LogBehindException(lag, eventsMax, TimeFor(lag - eventsMax / 2, now));
        }
    }

    private void Watch(long head, long checkpoint, DateTimeOffset now)
    {
        Mark mark = new(now, checkpoint);
        if (checkpoint >= head)
        {
            older = newer = mark; // Whatever it did before, it had nothing to do since.
        }
        else if (now - newer.At >= WatchMin)
        {
            older = newer.At == default ? mark : newer;
            newer = mark;
        }
    }

    private TimeSpan TimeFor(long events, DateTimeOffset now)
    {
        TimeSpan watched = now - older.At;
        if (watched < WatchMin)
        {
            return Guess;
        }

        long applied = newer.Checkpoint - older.Checkpoint;
        double seconds =
            applied > 0
                ? events * (newer.At - older.At).TotalSeconds / applied
                : double.PositiveInfinity;
        return TimeSpan.FromSeconds(
            Math.Clamp(seconds, RetryAfterMin.TotalSeconds, retryAfterMax.TotalSeconds)
        );
    }

    private readonly record struct Mark(DateTimeOffset At, long Checkpoint);
}
