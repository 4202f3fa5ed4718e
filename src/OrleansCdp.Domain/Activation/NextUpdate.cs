using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Activation;

/// <summary>When time alone may make an update of a field due.</summary>
public static class NextUpdate
{
    /// <summary>Changes within this time are looked at together: nobody is woken more often for them.</summary>
    public static readonly TimeSpan Together = TimeSpan.FromMinutes(1);

    /// <summary>How often what changes all the time is looked at: what fades, and what is predicted.</summary>
    public static readonly TimeSpan Regularly = TimeSpan.FromDays(1);

    /// <summary>The moment at which to look at the fields of an individual or account, if nothing happens before.</summary>
    /// <param name="id">Whose they are: moments of different ones are spread over a minute, and over the day.</param>
    /// <param name="ledger">What counts in the insights.</param>
    /// <param name="now">The moment up to which everything is looked at.</param>
    /// <returns>
    /// Within <see cref="Together"/> after the first change, in whole seconds; null when what is written does not change any
    /// more.
    /// </returns>
    public static DateTimeOffset? Of(string id, InsightLedger ledger, DateTimeOffset now)
    {
        long offset = (long)(Partitions.HashOf(id) % (ulong)Regularly.TotalSeconds);
        long first = long.MaxValue;
        foreach (ActiveInsight insight in ledger.Insights.Written)
        {
            NextChange change = ledger.NextChangeOf(insight, now);
            if (change.At is { } at)
            {
                first = Math.Min(first, SlotFrom(at, offset, Together));
            }

            if (change.IsSteady)
            {
                first = Math.Min(first, SlotFrom(now.UtcTicks + 1, offset, Regularly));
            }
        }

        return first <= DateTimeOffset.MaxValue.UtcTicks
            ? new DateTimeOffset(first, TimeSpan.Zero)
            : null;
    }

    /// <summary>The first moment from one on that is so many seconds after a whole minute, or day.</summary>
    private static long SlotFrom(long ticks, long offsetSeconds, TimeSpan period)
    {
        long offset = offsetSeconds * TimeSpan.TicksPerSecond % period.Ticks;
        long past = (ticks - offset) % period.Ticks;
        return past == 0 ? ticks
            : past < 0 ? ticks - past
            : ticks - past + period.Ticks;
    }
}
