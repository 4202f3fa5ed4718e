using Microsoft.Extensions.Logging;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>Folds batches so that a defect in the fold costs one event, not a partition.</summary>
internal static partial class BatchFold
{
    /// <summary>Refuses a batch of more events than <see cref="Limits.ApplyBatchMax"/>.</summary>
    /// <exception cref="ArgumentException">There are more.</exception>
    public static void DemandFew(SequencedEvent[] events)
    {
        if (events.Length > Limits.ApplyBatchMax)
        {
            throw new ArgumentException(
                $"More than {Limits.ApplyBatchMax} events.",
                nameof(events)
            );
        }
    }

    /// <summary>Folds events into a subject.</summary>
    public delegate Transition<T> Folding<T>(T subject, ReadOnlySpan<SequencedEvent> events);

    /// <summary>Folds a batch; if that fails, each event is tried alone, and the one that fails is refused.</summary>
    public static Transition<T> Fold<T>(
        T subject,
        SequencedEvent[] events,
        Folding<T> fold,
        ILogger logger
    )
        where T : ISubject<T>
    {
        try
        {
            return fold(subject, events);
        }
        catch (Exception e)
        {
            LogFoldFailed(logger, subject.Id, e);
        }

        T next = subject;
        EventOutcome[] outcomes = new EventOutcome[events.Length];
        for (int i = 0; i < events.Length; i++)
        {
            try
            {
                Transition<T> one = fold(next, events.AsSpan(i, 1));
                next = one.Next;
                outcomes[i] = one.Outcomes.IsEmpty ? EventOutcome.Applied : one.Outcomes[0];
            }
            catch (Exception e)
            {
                LinkEvent poison = events[i].Event;
                LogPoison(logger, subject.Id, poison.Link.Source, poison.EventId, e);
                outcomes[i] = EventOutcome.Refused(ReasonCodes.FoldFailed);
            }
        }

        return subject.Becomes(next, outcomes);
    }

    [LoggerMessage(
        LogEvents.FoldFailed,
        LogLevel.Error,
        "Folding a batch into {Subject} failed; trying its events one by one"
    )]
    private static partial void LogFoldFailed(ILogger logger, string subject, Exception exception);

    [LoggerMessage(
        LogEvents.PoisonEvent,
        LogLevel.Error,
        "Event {Source}/{EventId} cannot be folded into {Subject}; it goes to quarantine"
    )]
    private static partial void LogPoison(
        ILogger logger,
        string subject,
        string source,
        string eventId,
        Exception exception
    );
}
