using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>Sends quarantined items in again.</summary>
/// <remarks>
/// Of a record it is known at once whether it goes in. An event that was in the log and whose individual refused it
/// goes to the log again, and only later is it known whether it is refused again. Such a second refusal stays, unless
/// it is asked for by its id: so whoever replays until nothing goes in any more comes to an end.
/// </remarks>
internal sealed partial class QuarantineReplay(
    Intake intake,
    DefinitionCatalogue catalogue,
    IGrainFactory grains,
    TimeProvider clock
)
{
    /// <summary>What the ids of events end with that were in the log before.</summary>
    private const string Again = "~again-";

    /// <summary>Replays what a filter selects. What is refused again stays where it is.</summary>
    public async Task<ReplayAnswer> RunAsync(QuarantineFilter filter)
    {
        var quarantine = grains.GetGrain<IQuarantineGrain>(0);
        ImmutableArray<QuarantineItem> items = await quarantine.ListAsync(filter);
        IntakeItem[] again = [.. items.Select(item => Admit(item, !filter.Ids.IsEmpty))];
        await intake.SubmitAsync(again, replay: true);
        List<long> gone = [];
        int resubmitted = 0;
        List<StillRefused> stay = [];
        for (int i = 0; i < again.Length; i++)
        {
            if (again[i].Admission is Admission.Refused refused)
            {
                stay.Add(new StillRefused(items[i].Id, refused.Code, refused.Message));
            }
            else
            {
                gone.Add(items[i].Id);
                resubmitted += items[i].Origin == QuarantineOrigin.Event ? 1 : 0;
            }
        }

        if (gone.Count > 0)
        {
            await quarantine.MarkReplayedAsync([.. gone]);
        }

        return new ReplayAnswer(
            gone.Count - resubmitted,
            resubmitted,
            stay,
            items.IsEmpty ? 0 : items[^1].Id
        );
    }

    private IntakeItem Admit(QuarantineItem item, bool named) =>
        new()
        {
            Stream = item.Stream,
            Admission = AdmissionOf(item, named),
            Payload = item.Payload,
            Origin = item.Origin,
        };

    private Admission AdmissionOf(QuarantineItem item, bool named)
    {
        if (item.Origin == QuarantineOrigin.Row)
        {
            return new Admission.Refused(
                item.Code,
                "A row that does not fit its header, or is not UTF-8: mend the file and send it anew."
            );
        }

        if (item.Truncated)
        {
            return new Admission.Refused(ReasonCodes.EventTooLarge, "Only its beginning was kept.");
        }

        try
        {
            if (item.Origin == QuarantineOrigin.Event)
            {
                return AdmissionOf(
                    item,
                    JsonSerializer.Deserialize<LinkEvent>(item.Payload)!,
                    named
                );
            }

            if (!catalogue.Streams.TryGetValue(item.Stream, out DataStream? stream))
            {
                return new Admission.Refused(ReasonCodes.UnknownStream, "The stream is gone.");
            }

            // As if it had been admitted when it came: an old record must not win over newer ones, and the
            // sender's clock is corrected by when it was sent. Only what lay in the future then is judged by now.
            Admission asOfThen = AdmitAt(item.At, item, stream);
            return asOfThen is Admission.Refused { Code: ReasonCodes.FutureTime }
                ? AdmitAt(clock.GetUtcNow(), item, stream)
                : asOfThen;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return new Admission.Refused(ReasonCodes.Malformed, "The payload is not JSON.");
        }
    }

    private static Admission AdmissionOf(QuarantineItem item, LinkEvent e, bool named) =>
        !named && Suffix().IsMatch(e.EventId)
            ? new Admission.Refused(
                item.Code,
                "It was sent in again before and refused again. Name it in `ids` to try once more."
            )
            : new Admission.Accepted(e with { EventId = IdAgain(e.EventId, item.Id) });

    /// <summary>
    /// The log knows the event's id already, so a second entry needs one of its own: made of the original and of this
    /// item, so that however often it is refused the id grows no longer. Never longer than the log takes.
    /// </summary>
    internal static string IdAgain(string eventId, long item)
    {
        string suffix = string.Create(CultureInfo.InvariantCulture, $"{Again}{item}");
        return EventIds.Fit(Suffix().Replace(eventId, ""), suffix.Length) + suffix;
    }

    [GeneratedRegex(
        Again + "[0-9]+$",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    )]
    private static partial Regex Suffix();

    private static Admission AdmitAt(DateTimeOffset instant, QuarantineItem item, DataStream stream)
    {
        if (item.Origin == QuarantineOrigin.CloudEvent)
        {
            return CloudEventEndpoints.Admit(item.Payload, stream, instant);
        }

        // A message was measured when it came, before its batch's context was added.
        bool measured =
            item.Origin == QuarantineOrigin.Message && item.Code != ReasonCodes.EventTooLarge;
        using JsonDocument document = JsonDocument.Parse(item.Payload, RecordReader.Options);
        return stream.Admit(
            document.RootElement,
            instant,
            new Envelope(SentBytes: measured ? 0 : null)
        );
    }
}
