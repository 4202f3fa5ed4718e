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

            using JsonDocument document = JsonDocument.Parse(item.Payload);
            return item.Payload.Length > Limits.EventBytesMax
                ? new Admission.Refused(ReasonCodes.EventTooLarge, "The event is too large.")
                : stream.Admit(document.RootElement, clock.GetUtcNow());
        }
        catch (JsonException)
        {
            return new Admission.Refused(ReasonCodes.Malformed, "The payload is not JSON.");
        }
    }
}
