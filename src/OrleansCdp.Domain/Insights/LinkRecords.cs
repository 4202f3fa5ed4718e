namespace OrleansCdp.Insights;

/// <summary>A record with the link it is shown under.</summary>
/// <param name="Link">The link.</param>
/// <param name="Object">Its canonical object.</param>
/// <param name="State">The record.</param>
internal readonly record struct LinkRecord(LinkKey Link, string Object, RecordState State);

/// <summary>
/// Reads over the records of all links together. A record that a source told of under several links (an order made
/// before its customer signed in, and paid for after) is one: the join of what is said under each. Once one link has
/// folded it away it is in that one's sums, and no record any more.
/// </summary>
internal static class LinkRecords
{
    /// <summary>Records of one object that are not deleted.</summary>
    public static IEnumerable<LinkRecord> Of(LinkSet links, string recordObject) =>
        Joined(links, recordObject).Where(record => !record.State.IsDeleted);

    /// <summary>Every record of every object that is not deleted.</summary>
    public static IEnumerable<LinkRecord> All(LinkSet links) =>
        links
            .Links.SelectMany(link => link.Records, (_, set) => set.Object)
            .Distinct(StringComparer.Ordinal)
            .SelectMany(recordObject => Of(links, recordObject));

    /// <summary>One record of one source, as all links together tell of it; null when none does.</summary>
    public static LinkRecord? Find(LinkSet links, string source, string recordObject, string id)
    {
        LinkRecord? found = null;
        foreach (Link link in links.Links)
        {
            if (link.Key.Source != source || link.RecordsOf(recordObject) is not { } set)
            {
                continue;
            }

            if (set.Base.Holds(id))
            {
                return null;
            }

            if (set.Find(id) is { } record)
            {
                LinkRecord told = new(link.Key, recordObject, record);
                found = found is { } known ? Join(known, told) : told;
            }
        }

        return found;
    }

    private static LinkRecord Join(LinkRecord known, LinkRecord told) =>
        known with
        {
            Link = told.State.Last > known.State.Last ? told.Link : known.Link,
            State = known.State.Join(told.State),
        };

    /// <summary>Records of one object, deleted ones too.</summary>
    public static IEnumerable<LinkRecord> Joined(LinkSet links, string recordObject)
    {
        List<(LinkKey Link, RecordSet Set)> sets = [];
        foreach (Link link in links.Links)
        {
            if (link.RecordsOf(recordObject) is { } set)
            {
                sets.Add((link.Key, set));
            }
        }

        return sets.Count < 2
            ? sets.SelectMany(one => RecordsOf(one.Link, one.Set))
            : JoinedById(sets);
    }

    private static bool IsFolded(LinkRecord record, (LinkKey Link, RecordSet Set)[] folding) =>
        Array.Exists(
            folding,
            one => one.Link.Source == record.Link.Source && one.Set.Base.Holds(record.State.Id)
        );

    private static IEnumerable<LinkRecord> RecordsOf(LinkKey link, RecordSet set) =>
        set.Records.Select(record => new LinkRecord(link, set.Object, record));

    private static List<LinkRecord> JoinedById(List<(LinkKey Link, RecordSet Set)> sets)
    {
        List<LinkRecord> records = [];
        Dictionary<(string Source, string Id), int> places = [];
        (LinkKey Link, RecordSet Set)[] folding = [.. sets.Where(one => !one.Set.Base.Ids.IsEmpty)];
        foreach (LinkRecord record in sets.SelectMany(one => RecordsOf(one.Link, one.Set)))
        {
            if (IsFolded(record, folding))
            {
                continue;
            }

            if (places.TryAdd((record.Link.Source, record.State.Id), records.Count))
            {
                records.Add(record);
                continue;
            }

            int place = places[(record.Link.Source, record.State.Id)];
            records[place] = Join(records[place], record);
        }

        return records;
    }
}
