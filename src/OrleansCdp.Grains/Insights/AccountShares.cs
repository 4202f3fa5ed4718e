using System.Collections.Immutable;
using OrleansCdp.Identity;

namespace OrleansCdp.Insights;

/// <summary>
/// Hands over to accounts what one individual adds to their insights. Which accounts have to be told is saved with the state
/// that makes it so: none is forgotten in a crash, nor by one who left.
/// </summary>
/// <param name="id">The individual.</param>
/// <param name="grains">Finds the accounts.</param>
internal sealed class AccountShares(string id, IGrainFactory grains)
{
    /// <summary>
    /// How long what was done waits for more of it before it is handed over: somebody who does much is counted anew once in a
    /// while, not with every step.
    /// </summary>
    public static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    private LinkSet? handedLinks;
    private InsightSet? handedFor;
    private string? handedTo;

    /// <summary>The state with the account it belongs to among those that have to be told.</summary>
    public static UnifiedIndividual Counted(UnifiedIndividual state, InsightSet computed) =>
        AccountOf(state, computed) is { } account
        && state.CountedAt.BinarySearch(account, StringComparer.Ordinal) is var at and < 0
            ? state with
            {
                CountedAt = state.CountedAt.Insert(~at, account),
            }
            : state;

    /// <summary>Whether any account has to be told.</summary>
    public bool Owes(UnifiedIndividual state, InsightSet computed)
    {
        string? account = AccountOf(state, computed);
        return account is null
            ? !state.CountedAt.IsEmpty
            : state.CountedAt.Length != 1
                || handedTo != account
                || handedFor != computed
                || handedLinks != state.Links;
    }

    /// <summary>Why an account could not be told last; null where all of them were.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Tells the accounts. To say it again changes nothing.</summary>
    /// <param name="state">The state, as it is saved.</param>
    /// <param name="version">Its version.</param>
    /// <param name="computed">The insights.</param>
    /// <param name="now">The moment.</param>
    /// <returns>Those that could not be told.</returns>
    public async Task<ImmutableArray<string>> HandOverAsync(
        UnifiedIndividual state,
        long version,
        InsightSet computed,
        DateTimeOffset now
    )
    {
        Failure = null;
        string? own = AccountOf(state, computed);
        bool[] told = await Task.WhenAll(
            state.CountedAt.Select(account =>
                TellAsync(
                    account,
                    new PersonShare
                    {
                        Individual = id,
                        Version = version,
                        Catalogue = computed.Newest,
                        Sums =
                            account == own
                                ? InsightLedger.SharesOf(computed, id, state.Links, now)
                                : [],
                    }
                )
            )
        );
        if (Failure is null)
        {
            (handedTo, handedFor, handedLinks) = (own, computed, state.Links);
        }

        return [.. state.CountedAt.Where((_, i) => !told[i])];
    }

    /// <summary>Tells one. That another cannot be told must keep nobody from telling it.</summary>
    private async Task<bool> TellAsync(string account, PersonShare share)
    {
        try
        {
            await grains.GetGrain<IAccountPeopleGrain>(account).TakeAsync(share);
            return true;
        }
        catch (Exception e)
        {
            Failure = e;
            return false;
        }
    }

    /// <summary>A state without the accounts that know that the individual left them.</summary>
    /// <param name="state">The present state.</param>
    /// <param name="told">The one that was told.</param>
    /// <param name="failed">Accounts that could not be told.</param>
    /// <param name="computed">The insights it was told for.</param>
    public static UnifiedIndividual Told(
        UnifiedIndividual state,
        UnifiedIndividual told,
        ImmutableArray<string> failed,
        InsightSet computed
    )
    {
        string? belonged = AccountOf(told, computed);
        string? belongs = AccountOf(state, computed);
        ImmutableArray<string> left = state.CountedAt.RemoveAll(account =>
            account != belonged
            && account != belongs
            && told.CountedAt.Contains(account)
            && !failed.Contains(account)
        );
        return left.Length == state.CountedAt.Length ? state : state with { CountedAt = left };
    }

    /// <summary>The account it belongs to; null for none, where it lives elsewhere, and where no insight asks.</summary>
    private static string? AccountOf(UnifiedIndividual state, InsightSet computed) =>
        computed.OverPeople.IsEmpty || state.ElsewhereAt is not null ? null
        : state.AccountLink() is { } link ? SubjectIds.AccountOf(link)
        : null;
}
