using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>What is known beside the people themselves.</summary>
[GenerateSerializer, Immutable, Alias("cdp.account-people-head")]
internal sealed record AccountPeopleHead
{
    /// <summary>Hashes of the ids of people who found no room, sorted; at most <see cref="Account.LeftOutMax"/>.</summary>
    [Id(0)]
    public ImmutableArray<ulong> NotTaken { get; init; } = [];

    /// <summary>
    /// What was stored was damaged, and everybody is asked anew: the round of <see cref="IInsightWalkGrain"/> in which that is done.
    /// Null where everybody is here.
    /// </summary>
    [Id(1)]
    public long? AskedIn { get; init; }
}

/// <summary>What the people of one account add to its insights: the state of <see cref="AccountPeopleGrain"/>.</summary>
internal sealed record AccountPeople
{
    /// <summary>What is known beside the people themselves.</summary>
    public AccountPeopleHead Head { get; init; } = new();

    /// <summary>The people; stored one by one.</summary>
    public PeopleTree People { get; init; } = PeopleTree.Empty;

    /// <summary>How many people found no room.</summary>
    public int NotTaken => Head.NotTaken.Length;

    /// <summary>Takes what somebody adds; the same state when that is known, or older than what is known.</summary>
    public AccountPeople Take(StoredShare share)
    {
        StoredShare? known = People.Find(share.Individual);
        if (known is not null && !share.Follows(known))
        {
            return this;
        }

        long bytes = People.Bytes - (known?.Bytes.Length ?? 0) + share.Bytes.Length;
        if (!share.IsEmpty && bytes > IAccountPeopleGrain.BytesMax)
        {
            AccountPeople without = NotTakenToo(share.Individual);
            return known is null ? without : without with { People = People.With(share.Emptied()) };
        }

        return known is not null || People.Count < IAccountPeopleGrain.PeopleMax ? With(share)
            : Staying is { Length: < IAccountPeopleGrain.PeopleMax } staying
                ? (this with { People = PeopleTree.Of(staying) }).With(share)
            : share.IsEmpty ? Known(share.Individual)
            : NotTakenToo(share.Individual);
    }

    private StoredShare[] Staying => [.. People.All.Where(one => !one.IsEmpty)];

    private AccountPeople With(StoredShare share) =>
        Known(share.Individual) with
        {
            People = People.With(share),
        };

    private AccountPeople Known(string individual)
    {
        int at = Head.NotTaken.BinarySearch(Partitions.HashOf(individual));
        return at < 0 ? this : With(Head.NotTaken.RemoveAt(at));
    }

    private AccountPeople NotTakenToo(string individual)
    {
        ulong hash = Partitions.HashOf(individual);
        int at = Head.NotTaken.BinarySearch(hash);
        return at >= 0 || NotTaken >= Account.LeftOutMax
            ? this
            : With(Head.NotTaken.Insert(~at, hash));
    }

    private AccountPeople With(ImmutableArray<ulong> notTaken) =>
        this with
        {
            Head = Head with { NotTaken = notTaken },
        };
}

/// <summary>A head, and a part for each person.</summary>
internal sealed class AccountPeopleShape : IStateShape<AccountPeople>
{
    private const string PersonKey = "p";

    public static AccountPeopleShape Instance { get; } = new();

    public void Compare(AccountPeople? before, AccountPeople after, IPartChanges changes)
    {
        if (before is null || before.Head != after.Head)
        {
            changes.Put(StateParts.Head, after.Head);
        }

        PeopleTree.Compare(
            before?.People ?? PeopleTree.Empty,
            after.People,
            share => changes.PutBytes(PersonKey + share.Individual, share.Bytes.Span),
            share => changes.Remove(PersonKey + share.Individual)
        );
    }

    public AccountPeople Assemble(IStoredParts parts, IPartChanges changes) =>
        new()
        {
            Head = parts.Read<AccountPeopleHead>(StateParts.Head),
            People = PeopleTree.Of(
                parts
                    .Keys.Where(key => key.StartsWith(PersonKey, StringComparison.Ordinal))
                    // What is read may be written over with the next change.
                    .Select(key => StoredShare.Read(parts.ReadBytes(key).ToArray()))
            ),
        };
}
