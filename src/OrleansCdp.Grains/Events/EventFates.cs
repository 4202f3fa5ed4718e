using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>An event of the log that is in no state, and why: kept until no reader can deliver it again.</summary>
/// <param name="Position">Where it is in the log.</param>
/// <param name="Outcome">Suppressed or refused.</param>
/// <param name="Kept">What goes to quarantine; null for a suppressed event.</param>
public sealed record EventFate(LogPosition Position, EventOutcome Outcome, QuarantineItem? Kept);

/// <summary>Says what must be noted of a batch beside its state.</summary>
internal sealed class EventFates(LogShape shape, TimeProvider clock)
{
    private static readonly JsonSerializerOptions Compact = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The events of a batch that were suppressed or refused just now.</summary>
    public ImmutableArray<EventFate> Of(
        SequencedEvent[] events,
        ImmutableArray<EventOutcome> outcomes
    )
    {
        if (outcomes.IsEmpty)
        {
            return [];
        }

        var fates = ImmutableArray.CreateBuilder<EventFate>();
        for (int i = 0; i < events.Length; i++)
        {
            if (outcomes[i].Kind is OutcomeKind.Suppressed or OutcomeKind.Refused)
            {
                fates.Add(Of(events[i], outcomes[i]));
            }
        }

        return fates.ToImmutable();
    }

    /// <summary>The fate of one event.</summary>
    public EventFate Of(SequencedEvent e, EventOutcome outcome)
    {
        LogPosition position = new(
            e.Event.Lane,
            Partitions.Of(e.Event.Link, shape.PartitionCount),
            e.Sequence
        );
        return new EventFate(
            position,
            outcome,
            outcome.Kind == OutcomeKind.Refused ? ItemOf(e.Event, outcome.Code!, position) : null
        );
    }

    private QuarantineItem ItemOf(LinkEvent e, string code, LogPosition position)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(e, Compact);
        bool truncated = json.Length > IQuarantineGrain.PayloadBytesMax;
        return new()
        {
            Stream = e.Stream,
            Code = code,
            Message = $"The event could not be folded into its subject ({code}).",
            Origin = QuarantineOrigin.Event,
            Payload = truncated ? json[..IQuarantineGrain.PayloadBytesMax] : json,
            Truncated = truncated,
            At = clock.GetUtcNow(),
            Position = position,
        };
    }
}
