using System.Collections.Immutable;
using OrleansCdp.Identity;

namespace OrleansCdp.Segments;

/// <summary>What an account tells its people, so that their segments can ask for it.</summary>
public static class AccountTelling
{
    /// <summary>
    /// The account with what is told from now on: a next version where anything is another than what was told last. What only fades
    /// or is predicted is another all the time, and told an hour after the last version, or with something else.
    /// </summary>
    /// <param name="account">The account.</param>
    /// <param name="set">The segments that ask.</param>
    /// <param name="answers">What they ask.</param>
    /// <param name="now">The moment.</param>
    public static Account Telling(
        this Account account,
        SegmentSet set,
        AccountAnswers answers,
        DateTimeOffset now
    )
    {
        if (set.OfAccounts.IsEmpty)
        {
            // Whoever was told forgets it by itself.
            return account.Told is null ? account : account with { Told = null };
        }

        AccountFacts before = account.Told?.Facts ?? AccountFacts.None;
        if (
            before.Values.SequenceEqual(answers.Values)
            || (now < SteadyAt(before) && IsOnlySteady(before.Values, answers))
        )
        {
            return account;
        }

        return account with
        {
            Told = new ToldFacts(
                new AccountFacts
                {
                    Account = account.Id,
                    // A state that was made anew has forgotten what it told: the clock goes on all the same.
                    Version = Math.Max(before.Version + 1, now.ToUnixTimeMilliseconds()),
                    Values = answers.Values,
                },
                set.Newest
            ),
        };
    }

    /// <summary>When what only fades or is predicted is to be told again.</summary>
    public static DateTimeOffset SteadyAt(AccountFacts told) =>
        DateTimeOffset.FromUnixTimeMilliseconds(told.Version) + SegmentLedger.Steadily;

    private static bool IsOnlySteady(ImmutableArray<Field> before, AccountAnswers answers) =>
        before.Length == answers.Values.Length
        && before
            .Zip(answers.Values)
            .All(pair =>
                pair.First == pair.Second
                || (pair.First.Name == pair.Second.Name && answers.Steady.Contains(pair.First.Name))
            );

    /// <summary>The account once all its people know what it tells.</summary>
    public static Account WithAllTold(this Account account) =>
        account.Told is { IsTold: false } told
            ? account with
            {
                Told = told with { IsTold = true },
            }
            : account;

    /// <summary>Those who are told: the people it lists, each once. Records of nobody are in no segment of an account.</summary>
    public static IEnumerable<string> ToBeTold(this Account account) =>
        account
            .Members.Where(member => member.Belongs && !SubjectIds.IsRecord(member.Individual))
            .Select(member => member.Individual)
            .Distinct(StringComparer.Ordinal);

    /// <summary>What is answered to one of its people who asks what it told.</summary>
    /// <param name="account">The account, as it is saved: whoever it lists then is told each later version.</param>
    /// <param name="link">The link of the person that says so.</param>
    /// <returns>
    /// Null where the account does not list the link yet: ask again. With version 0 nothing is to be told yet, or, where it
    /// lists as many as it can, never.
    /// </returns>
    public static AccountFacts? AnswerTo(this Account account, LinkKey link)
    {
        bool isListed = account.Find(link) is { Belongs: true };
        return isListed && account.Told is { } told ? told.Facts
            : isListed || account.Members.Length >= Account.MembersMax
                ? new AccountFacts { Account = account.Id }
            : null;
    }
}
