using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>A statement that a subject belongs to an account.</summary>
/// <param name="Account">The account's link.</param>
/// <param name="Stamp">The newest event that stated it.</param>
[GenerateSerializer, Immutable, Alias("cdp.account-statement")]
public readonly record struct AccountStatement(
    [property: Id(0)] LinkKey Account,
    [property: Id(1)] Stamp Stamp
);

/// <summary>
/// The account a link's subject belongs to, and those it left: the accounts stated last, whatever the order of
/// arrival.
/// </summary>
[GenerateSerializer, Immutable, Alias("cdp.account-register")]
public sealed record AccountRegister
{
    /// <summary>Accounts kept that the subject left; the one left longest ago is forgotten first.</summary>
    public const int LeftMax = 8;

    /// <summary>The account's link.</summary>
    [Id(0)]
    public required LinkKey Account { get; init; }

    /// <summary>The newest event that stated it.</summary>
    [Id(1)]
    public required Stamp Stamp { get; init; }

    /// <summary>The account it belonged to before; null for none.</summary>
    [Id(2)]
    public LinkKey? Previous { get; init; }

    /// <summary>The newest event that stated that one.</summary>
    [Id(3)]
    public Stamp PreviousStamp { get; init; }

    /// <summary>Those before it, the last one first. States of first versions have none.</summary>
    [Id(4)]
    public ImmutableArray<AccountStatement> Earlier { get; init; } = [];

    /// <summary>All accounts it left, the last one first; at most <see cref="LeftMax"/>.</summary>
    public IEnumerable<AccountStatement> Left =>
        Previous is { } previous
            ? [new AccountStatement(previous, PreviousStamp), .. Earlier.IsDefault ? [] : Earlier]
            : [];

    /// <summary>That of two which was stated later; of equal ones the left one.</summary>
    public static AccountRegister? Later(AccountRegister? left, AccountRegister? right) =>
        left is null || (right is not null && right.Stamp > left.Stamp) ? right : left;

    /// <summary>Joins a statement in.</summary>
    public AccountRegister Join(LinkKey stated, Stamp stamp)
    {
        AccountStatement[] known = [new(Account, Stamp), .. Left];
        if (Array.Exists(known, old => old.Account == stated && old.Stamp >= stamp))
        {
            return this;
        }

        AccountStatement[] joined =
        [
            .. known
                .Where(old => old.Account != stated)
                .Append(new AccountStatement(stated, stamp))
                .OrderByDescending(statement => statement.Stamp)
                .Take(LeftMax + 1),
        ];
        return new AccountRegister
        {
            Account = joined[0].Account,
            Stamp = joined[0].Stamp,
            Previous = joined.Length > 1 ? joined[1].Account : null,
            PreviousStamp = joined.Length > 1 ? joined[1].Stamp : default,
            Earlier = [.. joined.Skip(2)],
        };
    }
}
