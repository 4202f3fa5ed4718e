using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>Tells when a record says it happened.</summary>
internal static class EventTime
{
    /// <summary>The time of the record, else of the protocol around it, else of its arrival.</summary>
    /// <returns>The time, and the slot of the field it is from, or -1.</returns>
    public static (DateTimeOffset At, int Slot) Of(RecordPlan plan, in Candidate candidate)
    {
        (long? ticks, int from) = StatedTicks(plan, candidate.View);
        if (ticks is null && plan.Times is not null)
        {
            (ticks, from) = TrackingTicks(plan.Times, candidate);
        }

        DateTimeOffset at = ticks is { } utc
            ? new DateTimeOffset(utc, TimeSpan.Zero)
            : (candidate.Envelope.OccurredAt ?? candidate.ReceivedAt).ToUniversalTime();
        return (at, from);
    }

    private static (long? Ticks, int Slot) StatedTicks(RecordPlan plan, RecordView view)
    {
        foreach (int slot in plan.OccurredAt)
        {
            if (view.TicksOf(slot) is { } found)
            {
                return (found, slot);
            }
        }

        return (null, -1);
    }

    // Segment's rule: what the sender's clock says between the two moments is right, though the clock is not.
    private static (long? Ticks, int Slot) TrackingTicks(TimesPlan times, in Candidate candidate)
    {
        RecordView view = candidate.View;
        long? original = view.TicksOf(times.OriginalTimestamp);
        long? sent = view.TicksOf(times.SentAt) ?? candidate.Envelope.SentAt?.UtcTicks;
        if (original is { } started && sent is { } left)
        {
            long corrected = candidate.ReceivedAt.UtcTicks - (left - started);
            long ticks = Math.Clamp(
                corrected,
                DateTimeOffset.MinValue.UtcTicks,
                DateTimeOffset.MaxValue.UtcTicks
            );
            return (ticks, times.OriginalTimestamp);
        }

        return view.TicksOf(times.Timestamp) is { } stated
            ? (stated, times.Timestamp)
            : (original, original is null ? -1 : times.OriginalTimestamp);
    }
}
