using System.Collections.Immutable;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>An individual: its head, and its links.</summary>
internal sealed class IndividualShape : IStateShape<UnifiedIndividual>
{
    private const string DepartedKind = "d";

    public static IndividualShape Instance { get; } = new();

    public void Compare(UnifiedIndividual? before, UnifiedIndividual after, IPartChanges changes)
    {
        UnifiedIndividual head = HeadOf(after);
        if (before is null || HeadOf(before) != head)
        {
            changes.Put(StateParts.Head, head);
        }

        LinkParts.Compare(before?.Links ?? LinkSet.Empty, after.Links, changes);
        PartKeys.Compare(
            before?.Departed ?? [],
            after.Departed,
            left => left.Link,
            LinkSet.Order,
            (_, left) => changes.Put(PartKeys.Of(DepartedKind, left.Link), left),
            left => changes.Remove(PartKeys.Of(DepartedKind, left.Link))
        );
    }

    public UnifiedIndividual Assemble(IStoredParts parts, IPartChanges changes)
    {
        UnifiedIndividual head = parts.Read<UnifiedIndividual>(StateParts.Head);
        UnifiedIndividual state = head with
        {
            Links = LinkParts.Assemble(parts),
            Departed =
            [
                .. parts
                    .Keys.Where(key => PartKeys.Read(key).Kind == DepartedKind)
                    .Select(parts.Read<DepartedLink>)
                    .Concat(head.Departed)
                    .OrderBy(left => left.Link, Comparer<LinkKey>.Create(LinkSet.Order)),
            ],
        };
        if (!head.Departed.IsEmpty) // The first version kept them there.
        {
            changes.Put(StateParts.Head, HeadOf(state));
            foreach (DepartedLink left in head.Departed)
            {
                changes.Put(PartKeys.Of(DepartedKind, left.Link), left);
            }
        }

        return state;
    }

    /// <summary>All that is in no part of its own, so that a new field cannot be forgotten.</summary>
    private static UnifiedIndividual HeadOf(UnifiedIndividual state) =>
        state with
        {
            Links = LinkSet.Empty,
            Departed = [],
        };
}

/// <summary>An account: its head, its links, its people.</summary>
internal sealed class AccountShape : IStateShape<Account>
{
    private const string MemberKey = "m";

    public static AccountShape Instance { get; } = new();

    public void Compare(Account? before, Account after, IPartChanges changes)
    {
        Account head = HeadOf(after);
        if (before is null || HeadOf(before) != head)
        {
            changes.Put(StateParts.Head, head);
        }

        LinkParts.Compare(before?.Links ?? LinkSet.Empty, after.Links, changes);
        PartKeys.Compare(
            before?.Members ?? [],
            after.Members,
            member => member.Link.ToString(),
            string.CompareOrdinal,
            (_, member) => changes.Put(MemberKey + member.Link, member),
            member => changes.Remove(MemberKey + member.Link)
        );
    }

    public Account Assemble(IStoredParts parts, IPartChanges changes) =>
        parts.Read<Account>(StateParts.Head) with
        {
            Links = LinkParts.Assemble(parts),
            Members =
            [
                .. parts
                    .Keys.Where(key => key.StartsWith(MemberKey, StringComparison.Ordinal))
                    .Order(StringComparer.Ordinal)
                    .Select(parts.Read<Member>),
            ],
        };

    /// <summary>All that is in no part of its own, so that a new field cannot be forgotten.</summary>
    private static Account HeadOf(Account state) =>
        state with
        {
            Links = LinkSet.Empty,
            Members = [],
        };
}

/// <summary>A link without its records; each record; and what is left of folded ones.</summary>
internal static class LinkParts
{
    private const string LinkKind = "l";
    private const string BaseKind = "b";
    private const string RecordKind = "r";

    /// <summary>Says which parts of the links differ.</summary>
    public static void Compare(LinkSet before, LinkSet after, IPartChanges changes)
    {
        if (ReferenceEquals(before, after))
        {
            return;
        }

        PartKeys.Compare(
            before.Links,
            after.Links,
            link => link.Key,
            LinkSet.Order,
            (known, link) =>
            {
                changes.Put(PartKeys.Of(LinkKind, link.Key), link with { Records = [] });
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
    public static LinkSet Assemble(IStoredParts parts)
    {
        Dictionary<string, Link> links = new(StringComparer.Ordinal);
        Dictionary<(string Link, string Object), RecordBase> bases = [];
        List<(string Link, string Object, RecordState Record)> records = [];
        foreach (string key in parts.Keys)
        {
            (string kind, string link, string recordObject) = PartKeys.Read(key);
            switch (kind)
            {
                case LinkKind:
                    links.Add(link, parts.Read<Link>(key));
                    break;
                case BaseKind:
                    bases.Add((link, recordObject), parts.Read<RecordBase>(key));
                    break;
                case RecordKind:
                    records.Add((link, recordObject, parts.Read<RecordState>(key)));
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
        PartKeys.Compare(
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

        PartKeys.Compare(
            before?.Records ?? [],
            after.Records,
            record => record.Id,
            string.CompareOrdinal,
            (_, record) =>
                changes.Put(PartKeys.Of(RecordKind, link, after.Object, record.Id), record),
            record => changes.Remove(PartKeys.Of(RecordKind, link, after.Object, record.Id))
        );
    }
}
