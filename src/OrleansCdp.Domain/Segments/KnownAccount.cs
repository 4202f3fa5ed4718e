using OrleansCdp.Identity;

namespace OrleansCdp.Segments;

/// <summary>What an individual knows of the account it belongs to.</summary>
public static class KnownAccount
{
    /// <summary>
    /// What its segments are told: of one who belongs nowhere everything is answered, of one whom the account has not told yet
    /// nothing is.
    /// </summary>
    /// <param name="state">The individual.</param>
    /// <param name="set">The segments; where none asks for an account it is not looked which one it is.</param>
    public static AccountFacts FactsFor(this UnifiedIndividual state, SegmentSet set) =>
        set.OfAccounts.IsEmpty || state.AccountId() is not { } account ? AccountFacts.None
        : state.AccountFacts.Account == account ? state.AccountFacts
        : new AccountFacts { Account = account };

    /// <summary>Without what it knows of an account that it does not belong to any more, and what no segment asks.</summary>
    /// <param name="state">The individual.</param>
    /// <param name="set">The segments, unless the state was evaluated with newer ones.</param>
    public static UnifiedIndividual ForgettingFormer(this UnifiedIndividual state, SegmentSet set)
    {
        string known = state.AccountFacts.Account;
        bool isFormer =
            known.Length > 0
            && (
                state.AccountId() != known
                || (set.OfAccounts.IsEmpty && state.Memberships.Catalogue <= set.Newest)
            );
        return isFormer ? state with { AccountFacts = AccountFacts.None } : state;
    }

    /// <summary>Takes what an account told: only the one it belongs to, and nothing older than what it knows.</summary>
    public static Transition<UnifiedIndividual> Take(
        this UnifiedIndividual state,
        AccountFacts facts
    )
    {
        bool isNews =
            state.AccountId() == facts.Account
            && facts.Version
                > (state.AccountFacts.Account == facts.Account ? state.AccountFacts.Version : 0);
        return state.Became(
            isNews ? state with { AccountFacts = facts } : state,
            isNews,
            identifiersMayDiffer: false
        );
    }

    /// <summary>Whether it belongs to an account that has not told everything that segments ask.</summary>
    public static bool LacksFacts(this UnifiedIndividual state, SegmentSet set)
    {
        if (set.OfAccounts.IsEmpty || SubjectIds.IsRecord(state.Id))
        {
            return false;
        }

        AccountFacts known = state.FactsFor(set);
        return set.OfAccounts.Any(asked => !known.Answers(asked.Key));
    }

    /// <summary>The account it belongs to; null for none, and for one that lives elsewhere.</summary>
    private static string? AccountId(this UnifiedIndividual state) =>
        state.ElsewhereAt is null && state.AccountLink() is { } link
            ? SubjectIds.AccountOf(link)
            : null;
}
