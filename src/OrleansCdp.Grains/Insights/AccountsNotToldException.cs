namespace OrleansCdp.Insights;

/// <summary>Accounts could not be told what an individual adds to their insights. They are told later.</summary>
/// <param name="id">The individual.</param>
/// <param name="accounts">The accounts.</param>
/// <param name="inner">Why one of them could not.</param>
[GenerateSerializer, Alias("cdp.accounts-not-told")]
internal sealed class AccountsNotToldException(
    string id,
    IEnumerable<string> accounts,
    Exception? inner
) : Exception($"{id} could not tell {string.Join(", ", accounts)} what it adds.", inner);
