using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>Sends quarantined items in again.</summary>
internal sealed class QuarantineReplay(
    Intake intake,
    DefinitionCatalogue catalogue,
    IGrainFactory grains,
    TimeProvider clock
)
{
    /// <summary>Replays what a filter selects. What is refused again stays where it is.</summary>
    public async Task<ReplayAnswer> RunAsync(QuarantineFilter filter)
    {
        var quarantine = grains.GetGrain<IQuarantineGrain>(0);
        ImmutableArray<QuarantineItem> items = await quarantine.ListAsync(filter);
        IntakeItem[] again = [.. items.Select(Admit)];
        await intake.SubmitAsync(again, replay: true);
        List<long> gone = [];
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
            }
        }

        if (gone.Count > 0)
        {
            await quarantine.MarkReplayedAsync([.. gone]);
        }

        return new ReplayAnswer(gone.Count, stay, items.IsEmpty ? 0 : items[^1].Id);
    }

    private IntakeItem Admit(QuarantineItem item) =>
        new()
        {
            Stream = item.Stream,
            Admission = AdmissionOf(item),
            Payload = item.Payload,
            Origin = item.Origin,
        };

    private Admission AdmissionOf(QuarantineItem item)
    {
        if (item.Truncated)
        {
            return new Admission.Refused(ReasonCodes.EventTooLarge, "Only its beginning was kept.");
        }

        try
        {
            if (item.Origin == QuarantineOrigin.Event)
            {
                // Its id is known to the log already; a second entry needs an id of its own.
                LinkEvent e = JsonSerializer.Deserialize<LinkEvent>(item.Payload)!;
                string id = string.Create(CultureInfo.InvariantCulture, $"{e.EventId}~{item.Id}");
                return new Admission.Accepted(e with { EventId = id });
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
