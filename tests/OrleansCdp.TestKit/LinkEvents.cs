using System.Globalization;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>Makes events for tests.</summary>
public static class LinkEvents
{
    /// <summary>The instant test events happen at unless told otherwise.</summary>
    public static DateTimeOffset Noon { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>An engagement event of a visitor.</summary>
    /// <param name="link">The link as text, e.g. <c>web/anonymous/a1</c>.</param>
    /// <param name="eventId">The producer's id.</param>
    /// <param name="lane">The lane.</param>
    public static LinkEvent Of(string link, string eventId, Lane lane = Lane.Normal) =>
        new()
        {
            Link = LinkKey.TryParse(link, out LinkKey key)
                ? key
                : throw new ArgumentException($"Not a link: {link}", nameof(link)),
            Stream = "web-events",
            EventId = eventId,
            OccurredAt = Noon,
            ReceivedAt = Noon,
            Kind = EventKind.Engagement,
            Object = "Engagement",
            Lane = lane,
            Fields = [new Field("name", FieldValue.Of("Viewed"))],
        };

    /// <summary>Events of links that all live in one partition, with ids <c>{prefix}0</c>, <c>{prefix}1</c>, ...</summary>
    public static LinkEvent[] InPartition(
        int partition,
        int partitionCount,
        int count,
        string prefix = "e",
        Lane lane = Lane.Normal
    ) =>
        [
            .. Enumerable
                .Range(0, int.MaxValue)
                .Select(i => string.Create(CultureInfo.InvariantCulture, $"web/anonymous/v{i}"))
                .Where(link =>
                    LinkKey.TryParse(link, out LinkKey key)
                    && Partitions.Of(key, partitionCount) == partition
                )
                .Take(count)
                .Select(
                    (link, i) =>
                        Of(link, string.Create(CultureInfo.InvariantCulture, $"{prefix}{i}"), lane)
                ),
        ];
}
