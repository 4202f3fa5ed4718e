namespace OrleansCdp.Events;

/// <summary>
/// How many events of a partition are handed out at once: more while they are applied quickly, as more of one individual's share a
/// save then, and fewer where it takes long, or whoever delivers them stops waiting and delivers all of them again. That is what
/// happens where very many people are new: each of them costs far more than one more event of somebody who is known.
/// </summary>
internal sealed class BatchSize
{
    /// <summary>The fewest: of 32 partitions so few that 55 a second have to be applied.</summary>
    public const int Min = 50;

    /// <summary>How many at first: what one chunk of the log may have.</summary>
    public const int First = ChunkCodec.EventsMax;

    /// <summary>The most.</summary>
    public const int Max = BatchBuilder.EventsMax;

    /// <summary>Above this there are fewer from then on. A call is waited for three times as long.</summary>
    public static readonly TimeSpan Slow = TimeSpan.FromSeconds(10);

    /// <summary>Below this there are more from then on: less than half of <see cref="Slow"/>, or two sizes would take turns.</summary>
    public static readonly TimeSpan Quick = TimeSpan.FromSeconds(4);

    /// <summary>How many now. Whoever begins begins with few.</summary>
    public int Events { get; private set; } = First;

    /// <summary>Takes note of how long it took.</summary>
    /// <param name="events">How many were handed out: only of about as many as there may be it is known what they take.</param>
    /// <param name="took">How long it took until all of them were applied.</param>
    public void NoteApplied(int events, TimeSpan took)
    {
        if (took > Slow)
        {
            Events = Math.Max(Min, Events / 2);
        }
        else if (took < Quick && events > Events / 2)
        {
            Events = Math.Min(Max, Events * 2);
        }
    }
}
