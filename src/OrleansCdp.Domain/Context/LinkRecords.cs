using OrleansCdp.Insights;

namespace OrleansCdp.Context;

/// <summary>Reads over the records and interactions of all links together.</summary>
internal static class LinkRecords
{
    /// <summary>Records of one object that are not deleted.</summary>
    public static IEnumerable<LinkRecord> Of(LinkSet links, string recordObject) =>
        links.Links.SelectMany(
            link => link.RecordsOf(recordObject)?.Records.Where(record => !record.IsDeleted) ?? [],
            (link, record) => new LinkRecord(link.Key, recordObject, record)
        );

    /// <summary>Every record of every object that is not deleted.</summary>
    public static IEnumerable<LinkRecord> All(LinkSet links) =>
        links.Links.SelectMany(link =>
            link.Records.SelectMany(
                set => set.Records.Where(record => !record.IsDeleted),
                (set, record) => new LinkRecord(link.Key, set.Object, record)
            )
        );

    /// <summary>The latest things that happened: engagements, and what became of records.</summary>
    public static IEnumerable<Happening> Latest(LinkSet links) =>
        links
            .Links.SelectMany(
                link => link.Engagement.Latest,
                (link, done) =>
                    new Happening(done.Stamp.Time, link.Key, done.Object, done.Name, null, done)
            )
            .Concat(All(links).SelectMany(Moments))
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
