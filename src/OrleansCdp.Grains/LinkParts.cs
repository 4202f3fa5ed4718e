using System.Collections.Immutable;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>A link without its records; each record; and what is left of folded ones.</summary>
internal static class LinkParts
{
    private const string LinkKind = "L";
    private const string BaseKind = "b";
    private const string RecordKind = "R";

    // The first version's, in a form of the serializer.
    private const string FirstLinkKind = "l";
    private const string FirstRecordKind = "r";

    /// <summary>Says which parts of the links differ.</summary>
    public static void Compare(LinkSet before, LinkSet after, IPartChanges changes)
    {
        if (ReferenceEquals(before, after))
        {
            return;
        }

        SortedArrays.Compare(
            before.Links,
            after.Links,
            link => link.Key,
            LinkSet.Order,
            (known, link) =>
            {
                changes.PutBytes(PartKeys.Of(LinkKind, link.Key), LinkCodec.Write(link));
                CompareSets(link.Key, known?.Records ?? [], link.Records, changes);
            },
            link =>
            {
                changes.Remove(PartKeys.Of(LinkKind, link.Key));
                CompareSets(link.Key, link.Records, [], changes);
            }
        );
    }

    /// <summary>Puts the links together.</summary>
    /// <param name="parts">What is stored.</param>
    /// <param name="changes">Takes what the first version stored, in the present form.</param>
    public static LinkSet Assemble(IStoredParts parts, IPartChanges changes)
    {
        Dictionary<string, Link> links = new(StringComparer.Ordinal);
        Dictionary<(string Link, string Object), RecordBase> bases = [];
        List<(string Link, string Object, RecordState Record)> records = [];
        foreach (string key in parts.Keys.ToArray())
        {
            (string kind, string link, string recordObject) = PartKeys.Read(key);
            switch (kind)
            {
                case LinkKind:
                    links.Add(link, LinkCodec.ReadLink(parts.ReadBytes(key)));
                    break;
                case FirstLinkKind:
                    links.Add(link, parts.Read<Link>(key));
                    changes.PutBytes(LinkKind + key[1..], LinkCodec.Write(links[link]));
                    changes.Remove(key);
                    break;
                case BaseKind:
                    bases.Add((link, recordObject), parts.Read<RecordBase>(key));
                    break;
                case RecordKind:
                    records.Add((link, recordObject, LinkCodec.ReadRecord(parts.ReadBytes(key))));
                    break;
                case FirstRecordKind:
                    RecordState record = parts.Read<RecordState>(key);
                    records.Add((link, recordObject, record));
                    changes.PutBytes(RecordKind + key[1..], LinkCodec.Write(record));
                    changes.Remove(key);
                    break;
                default:
                    break; // The owner's own parts.
            }
        }

        ILookup<string, RecordSet> sets = records
            .GroupBy(record => (record.Link, record.Object))
            .OrderBy(set => set.Key.Object, StringComparer.Ordinal)
            .ToLookup(
                set => set.Key.Link,
                set => new RecordSet
                {
                    Object = set.Key.Object,
                    // There is no base without records: only the oldest of many is folded.
                    Base = bases.GetValueOrDefault(set.Key, RecordBase.None),
                    Records =
                    [
                        .. set.Select(record => record.Record)
                            .OrderBy(record => record.Id, StringComparer.Ordinal),
                    ],
                }
            );
        return new LinkSet
        {
            Links =
            [
                .. links
                    .Select(link => link.Value with { Records = [.. sets[link.Key]] })
                    .OrderBy(link => link.Key, Comparer<LinkKey>.Create(LinkSet.Order)),
            ],
        };
    }

    private static void CompareSets(
        LinkKey link,
        ImmutableArray<RecordSet> before,
        ImmutableArray<RecordSet> after,
        IPartChanges changes
    ) =>
        SortedArrays.Compare(
            before,
            after,
            set => set.Object,
            string.CompareOrdinal,
            (known, set) => CompareSet(link, known, set, changes),
            set => CompareSet(link, set, new RecordSet { Object = set.Object }, changes)
        );

    private static void CompareSet(
        LinkKey link,
        RecordSet? before,
        RecordSet after,
        IPartChanges changes
    )
    {
        if (!ReferenceEquals(before?.Base ?? RecordBase.None, after.Base))
        {
            string key = PartKeys.Of(BaseKind, link, after.Object);
            if (after.Base.Ids.IsEmpty)
            {
                changes.Remove(key);
            }
            else
            {
                changes.Put(key, after.Base);
            }
        }

        SortedArrays.Compare(
            before?.Records ?? [],
            after.Records,
            record => record.Id,
            string.CompareOrdinal,
            (_, record) =>
                changes.PutBytes(
                    PartKeys.Of(RecordKind, link, after.Object, record.Id),
                    LinkCodec.Write(record)
                ),
            record => changes.Remove(PartKeys.Of(RecordKind, link, after.Object, record.Id))
        );
    }
}
