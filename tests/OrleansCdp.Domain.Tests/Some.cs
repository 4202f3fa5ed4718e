using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>Events to test with.</summary>
internal static class Some
{
    public static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly LinkKey Customer = new("commerce", "customer", "17");

    public static LinkEvent Event(
        EventKind kind,
        string name,
        LinkKey? link = null,
        string? record = null,
        int minute = 0,
        long version = 0,
        Lane lane = Lane.Normal,
        string? id = null,
        params Field[] fields
    ) =>
        new()
        {
            Link = link ?? Customer,
            Stream = "test",
            EventId = id ?? $"{kind}/{name}/{record}/{minute}/{version}/{fields.Length}",
            OccurredAt = Noon.AddMinutes(minute),
            ReceivedAt = Noon.AddDays(1),
            Version = version,
            Kind = kind,
            Lane = lane,
            Object = name,
            RecordId = record,
            Fields = [.. fields],
        };

    public static LinkEvent Traits(int minute, params Field[] traits) =>
        Event(EventKind.Updated, "Individual", minute: minute) with
        {
            Traits = [.. traits],
        };

    public static LinkEvent With(this LinkEvent e, params Identifier[] identifiers) =>
        e with
        {
            Identifiers = [.. identifiers],
        };

    public static Field Is(this string name, string text) => new(name, FieldValue.Of(text));

    public static Field Is(this string name, decimal number) => new(name, FieldValue.Of(number));

    public static SequencedEvent At(this LinkEvent e, long sequence) => new(sequence, e);

    /// <summary>Folds events in the order given, numbering them from 1 per lane.</summary>
    public static Link Fold(params LinkEvent[] events) => FoldAll(events, out _);

    public static Link FoldAll(LinkEvent[] events, out ImmutableArray<EventOutcome> outcomes)
    {
        Link link = new() { Key = events[0].Link };
        long[] sequences = [0, 0];
        List<EventOutcome> all = [];
        foreach (LinkEvent e in events)
        {
            link = link.Fold(e.At(++sequences[(int)e.Lane]), out EventOutcome outcome);
            all.Add(outcome);
        }

        outcomes = [.. all];
        return link;
    }
}
