namespace OrleansCdp.Segments;

/// <summary>Some people of an account could not be told what their segments ask of it. They are told later.</summary>
/// <param name="id">The account.</param>
/// <param name="inner">Why one of them could not.</param>
[GenerateSerializer, Alias("cdp.people-not-told")]
internal sealed class PeopleNotToldException(string id, Exception inner)
    : Exception($"{id} could not tell some of its people what their segments ask of it.", inner);

/// <summary>An individual could not ask its account what its segments ask of it. It asks later.</summary>
/// <param name="id">The individual.</param>
/// <param name="account">The account.</param>
/// <param name="inner">Why it could not.</param>
[GenerateSerializer, Alias("cdp.account-not-asked")]
internal sealed class AccountNotAskedException(string id, string account, Exception inner)
    : Exception($"{id} could not ask {account} what its segments ask of it.", inner);
