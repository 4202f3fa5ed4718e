using System.Collections.Immutable;
using OrleansCdp.Segments;

namespace OrleansCdp;

/// <summary>An individual: its head, its links, those that left, and who is merged into it with whose links.</summary>
internal sealed class IndividualShape : IStateShape<UnifiedIndividual>
{
    private const string DepartedKind = "d";
    private const string MergedKind = "m";
    private const string MembershipsKey = "s";
    private const string AccountKey = "a";

    public static IndividualShape Instance { get; } = new();

    public void Compare(UnifiedIndividual? before, UnifiedIndividual after, IPartChanges changes)
    {
        UnifiedIndividual head = HeadOf(after);
        if (before is null || HeadOf(before) != head)
        {
            changes.Put(StateParts.Head, head);
        }

        LinkParts.Compare(before?.Links ?? LinkSet.Empty, after.Links, changes);
        SortedArrays.Compare(
            before?.Departed ?? [],
            after.Departed,
            left => left.Link,
            LinkSet.Order,
            (_, left) => changes.Put(PartKeys.Of(DepartedKind, left.Link), left),
            left => changes.Remove(PartKeys.Of(DepartedKind, left.Link))
        );
        if ((before?.Memberships ?? Memberships.None) != after.Memberships)
        {
            changes.Put(MembershipsKey, after.Memberships);
        }

        if ((before?.AccountFacts ?? AccountFacts.None) != after.AccountFacts)
        {
            if (after.AccountFacts == AccountFacts.None)
            {
                changes.Remove(AccountKey);
            }
            else
            {
                changes.Put(AccountKey, after.AccountFacts);
            }
        }

        // Apart from the head: whoever has many visitors would write all their names with every other change.
        SortedArrays.Compare(
            before?.Merged ?? [],
            after.Merged,
            one => one.Id,
            string.CompareOrdinal,
            (_, one) => changes.Put(PartKeys.Of(MergedKind, one.Id), one),
            one => changes.Remove(PartKeys.Of(MergedKind, one.Id))
        );
    }

    public UnifiedIndividual Assemble(IStoredParts parts, IPartChanges changes)
    {
        UnifiedIndividual head = parts.Read<UnifiedIndividual>(StateParts.Head);
        UnifiedIndividual state = head with
        {
            Links = LinkParts.Assemble(parts, changes),
            Memberships = parts.Keys.Contains(MembershipsKey)
                ? parts.Read<Memberships>(MembershipsKey)
                : Memberships.None,
            AccountFacts = parts.Keys.Contains(AccountKey)
                ? parts.Read<AccountFacts>(AccountKey)
                : AccountFacts.None,
            Departed =
            [
                .. parts
                    .OfKind<DepartedLink>(DepartedKind)
                    .Concat(head.Departed)
                    .OrderBy(left => left.Link, Comparer<LinkKey>.Create(LinkSet.Order)),
            ],
            Merged =
            [
                .. parts
                    .OfKind<MergedIndividual>(MergedKind)
                    .Concat(head.Merged)
                    .OrderBy(one => one.Id, StringComparer.Ordinal),
            ],
        };
        if (!head.Departed.IsEmpty || !head.Merged.IsEmpty) // First versions kept them there.
        {
            changes.Put(StateParts.Head, HeadOf(state));
            foreach (DepartedLink left in head.Departed)
            {
                changes.Put(PartKeys.Of(DepartedKind, left.Link), left);
            }

            foreach (MergedIndividual one in head.Merged)
            {
                changes.Put(PartKeys.Of(MergedKind, one.Id), one);
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
            Merged = [],
            Memberships = Memberships.None,
            AccountFacts = AccountFacts.None,
        };
}

/// <summary>An account: its head, its links, its people.</summary>
internal sealed class AccountShape : IStateShape<Account>
{
    private const string MemberKey = "m";
    private const string ToldKey = "t";

    public static AccountShape Instance { get; } = new();

    public void Compare(Account? before, Account after, IPartChanges changes)
    {
        Account head = HeadOf(after);
        if (before is null || HeadOf(before) != head)
        {
            changes.Put(StateParts.Head, head);
        }

        LinkParts.Compare(before?.Links ?? LinkSet.Empty, after.Links, changes);
        SortedArrays.Compare(
            before?.Members ?? [],
            after.Members,
            member => member.Link.ToString(),
            string.CompareOrdinal,
            (_, member) => changes.Put(MemberKey + member.Link, member),
            member => changes.Remove(MemberKey + member.Link)
        );
        if (before?.Told == after.Told)
        {
            return;
        }

        if (after.Told is { } told)
        {
            changes.Put(ToldKey, told);
        }
        else
        {
            changes.Remove(ToldKey);
        }
    }

    public Account Assemble(IStoredParts parts, IPartChanges changes) =>
        parts.Read<Account>(StateParts.Head) with
        {
            Links = LinkParts.Assemble(parts, changes),
            Members = [.. parts.OfKind<Member>(MemberKey)],
            Told = parts.Keys.Contains(ToldKey) ? parts.Read<ToldFacts>(ToldKey) : null,
        };

    /// <summary>All that is in no part of its own, so that a new field cannot be forgotten.</summary>
    private static Account HeadOf(Account state) =>
        state with
        {
            Links = LinkSet.Empty,
            Members = [],
            Told = null,
        };
}

/// <summary>Reading parts by their kind.</summary>
internal static class StoredKinds
{
    /// <summary>The parts whose keys begin with a kind, in the order of their keys.</summary>
    public static IEnumerable<T> OfKind<T>(this IStoredParts parts, string kind) =>
        parts
            .Keys.Where(key => key.StartsWith(kind, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(parts.Read<T>);
}
