using OrleansCdp.Insights;

namespace OrleansCdp.Context;

/// <summary>What happened lately, over all links together.</summary>
internal static class Happenings
{
    /// <summary>The latest things that happened: engagements, and what became of records.</summary>
    public static IEnumerable<Happening> Latest(LinkSet links) =>
        links
            .Links.SelectMany(
                link => link.Engagement.Latest,
                (link, done) =>
                    new Happening(done.Stamp.Time, link.Key, done.Object, done.Name, null, done)
            )
            .Concat(LinkRecords.All(links).SelectMany(Moments))
            .OrderByDescending(happening => happening.At)
            .ThenBy(happening => happening.Link.ToString(), StringComparer.Ordinal)
            .ThenBy(happening => happening.Name, StringComparer.Ordinal)
            .Take(Limits.InteractionsMax);

    private static IEnumerable<Happening> Moments(LinkRecord record)
    {
        yield return new Happening(
            record.State.First.Time,
            record.Link,
            record.Object,
            "created",
            record.State.Id,
            null
        );
        if (record.State.ClosedAt is { } closed)
        {
            yield return new Happening(
                closed,
                record.Link,
                record.Object,
                "closed",
                record.State.Id,
                null
            );
        }
    }
}

/// <summary>Something that happened.</summary>
/// <param name="At">When, by the source's clock.</param>
/// <param name="Link">Where we know it from.</param>
/// <param name="Object">Canonical object.</param>
/// <param name="Name">What: an engagement's name, or <c>created</c> and <c>closed</c> for records.</param>
/// <param name="RecordId">The record, if it is about one.</param>
/// <param name="Done">The engagement, if it is one.</param>
internal readonly record struct Happening(
    DateTimeOffset At,
    LinkKey Link,
    string Object,
    string Name,
    string? RecordId,
    Interaction? Done
);
