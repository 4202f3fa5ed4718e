using System.Diagnostics;
using Microsoft.Extensions.Logging;
using OrleansCdp.Expressions;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>
/// Tells the people of one account what their segments ask of it, beside its state in memory. What is told is saved first, and all
/// are told one version before there is a next one: a busy account keeps nobody from hearing anything.
/// </summary>
/// <param name="id">The account.</param>
/// <param name="grains">Finds its people.</param>
/// <param name="sets">The segments.</param>
/// <param name="policy">How fields of its profile are reconciled.</param>
/// <param name="logger">Told of people who are not told.</param>
internal sealed partial class AccountTeller(
    string id,
    IGrainFactory grains,
    ISegmentSets sets,
    ReconciliationPolicy policy,
    ILogger logger
)
{
    /// <summary>How long something that happens waits for more of it before people are told.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    /// <summary>People who are told at once.</summary>
    public const int AtOnceMax = 32;

    /// <summary>People who are told in one look, while which the account takes no events.</summary>
    public const int OfOneLookMax = 512;

    /// <summary>How long it tells them in one look: a few who are slow must not hold up its events.</summary>
    public static readonly TimeSpan OneLookTimeMax = TimeSpan.FromSeconds(5);

    /// <summary>Individuals that are asked one after the other for somebody who lives elsewhere.</summary>
    public const int MovesMax = 8;

    private readonly List<string> failed = [];
    private Queue<string> rest = [];
    private long version;
    private Exception? failure;

    /// <summary>Why somebody could not be told, once all others are; null where everybody was.</summary>
    public Exception? Failure => rest.Count == 0 ? failure : null;

    /// <summary>Makes sure that all segments are known here for which was told.</summary>
    public async ValueTask KnowAsync(Account state) =>
        await sets.SinceAsync(state.Told?.Catalogue ?? 0);

    /// <summary>Whether any segment asks what people add to an insight of their account.</summary>
    public bool AsksOfPeople(InsightSet computed) => sets.Current.AsksOfPeople(computed);

    /// <summary>When the account has to be looked at because it is another; null for never.</summary>
    public DateTimeOffset? DueAfter(Account before, Account next, DateTimeOffset now) =>
        !sets.Current.OfAccounts.IsEmpty
        && (next.Told is null || !ReferenceEquals(before.Links, next.Links))
            ? now + Linger
            : null;

    /// <summary>The account with what is to be told, and when that may be something else though nothing happens.</summary>
    /// <param name="account">The account.</param>
    /// <param name="ledgerOf">What counts in its insights.</param>
    /// <param name="now">The moment.</param>
    public (Account Next, DateTimeOffset? Until) Look(
        Account account,
        Func<InsightLedger> ledgerOf,
        DateTimeOffset now
    )
    {
        SegmentSet set = sets.Current;
        if (account.IsEmpty || account.Told?.Catalogue > set.Newest)
        {
            return (account, null);
        }

        if (set.OfAccounts.IsEmpty)
        {
            return (account.Telling(set, new AccountAnswers([], Until: null), now), null);
        }

        InsightLedger ledger = ledgerOf();
        AccountAnswers answers = AccountAnswers.Of(
            set,
            account.Links,
            ledger,
            account.Told?.Facts,
            policy,
            now
        );
        bool isPartial = ledger.People.IsPartial && set.AsksOfPeople(ledger.Insights);
        Account next = account.Telling(set, answers, now);
        DateTimeOffset? until = Course.Earlier(
            answers.Until,
            isPartial ? now + AccountPeopleReader.AskAgain : null
        );
        return (
            next,
            answers.Steady.IsEmpty || next.Told is null
                ? until
                : Course.Earlier(until, AccountTelling.SteadyAt(next.Told.Facts))
        );
    }

    /// <summary>Tells some of those who have not been told yet; to say it again changes nothing.</summary>
    /// <param name="account">The account, as it is saved.</param>
    /// <returns>Whether everybody was tried; see <see cref="Failure"/>.</returns>
    public async Task<bool> GoOnAsync(Account account)
    {
        AccountFacts facts = account.Told!.Facts;
        if (version != facts.Version)
        {
            (version, rest) = (facts.Version, new Queue<string>(account.ToBeTold()));
            Forgive();
            if (account.MembersNotListed > 0)
            {
                LogNotListed(id, account.MembersNotListed);
            }
        }
        else if (rest.Count == 0)
        {
            rest = new Queue<string>(failed);
            Forgive();
        }

        long since = Stopwatch.GetTimestamp();
        for (
            int told = 0;
            rest.Count > 0
                && told < OfOneLookMax
                && Stopwatch.GetElapsedTime(since) < OneLookTimeMax;
            told += AtOnceMax
        )
        {
            string[] some = [.. rest.Take(AtOnceMax)];
            await Task.WhenAll(some.Select(one => TellAsync(one, facts)));
            for (int i = 0; i < some.Length; i++)
            {
                rest.Dequeue();
            }
        }

        return rest.Count == 0;
    }

    private async Task TellAsync(string individual, AccountFacts facts)
    {
        try
        {
            string? next = individual;
            for (int moves = 0; next is not null && moves < MovesMax; moves++)
            {
                next = await grains
                    .GetGrain<IUnifiedIndividualGrain>(next)
                    .TakeAccountFactsAsync(facts);
            }

            if (next is not null)
            {
                throw new InvalidOperationException($"{individual} is at none of {MovesMax}.");
            }
        }
        catch (StateCorruptException)
        {
            // It was reported; one that is made anew knows nothing of its account, and asks.
        }
        catch (Exception e)
        {
            failed.Add(individual);
            failure = e;
            LogNotTold(id, individual, e);
        }
    }

    private void Forgive()
    {
        failed.Clear();
        failure = null;
    }

    [LoggerMessage(
        LogEvents.PersonNotTold,
        LogLevel.Warning,
        "{Account} could not tell {Individual} what its segments ask of it, and tries again"
    )]
    private partial void LogNotTold(string account, string individual, Exception exception);

    [LoggerMessage(
        LogEvents.AccountPeopleNotListed,
        LogLevel.Warning,
        "{Account} lists as many people as it can: {Count} or more others are not told what their segments ask of it"
    )]
    private partial void LogNotListed(string account, long count);
}
