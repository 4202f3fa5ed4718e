using System.Collections.Immutable;
using Orleans.Concurrency;
using OrleansCdp.Context;

namespace OrleansCdp.Insights;

/// <summary>
/// What the people of one account add to its insights. A person counts at the account that was stated last of them; who says
/// anything new hands over the whole of it, so nothing is ever added or taken off twice.
/// </summary>
[Alias("cdp.account-people")]
public interface IAccountPeopleGrain : IGrainWithStringKey
{
    /// <summary>
    /// People of one account who add to its insights, those included who left it lately. Further ones are left out, which the
    /// insights say.
    /// </summary>
    const int PeopleMax = 100_000;

    /// <summary>Bytes of what all of them add, as it is stored; who would make it more is left out like those who are too many.</summary>
    const long BytesMax = 128 * 1024 * 1024;

    /// <summary>People who are listed where an insight is explained: those with the highest values.</summary>
    const int ListedMax = 100;

    /// <summary>Takes what a person adds. It is stored when this ends; an older share than the one known changes nothing.</summary>
    [AlwaysInterleave]
    [Alias("take")]
    Task TakeAsync(PersonShare share);

    /// <summary>What all of them together add, one sum for each version of an insight.</summary>
    [AlwaysInterleave]
    [ResponseTimeout(IUnifiedIndividualGrain.ReadTimeMax)]
    [Alias("sums")]
    ValueTask<PeopleSums> GetSumsAsync();

    /// <summary>What each of them adds to one version of an insight.</summary>
    /// <param name="revision">The version.</param>
    /// <param name="at">The moment.</param>
    /// <returns>At most <see cref="ListedMax"/>, the highest values first.</returns>
    [AlwaysInterleave]
    [ResponseTimeout(IUnifiedIndividualGrain.ReadTimeMax)]
    [Alias("people")]
    ValueTask<ImmutableArray<PersonValue>> GetPeopleAsync(long revision, DateTimeOffset at);
}

/// <summary>What one person adds to the insights of an account.</summary>
[GenerateSerializer, Immutable, Alias("cdp.person-share")]
public sealed record PersonShare
{
    /// <summary>The individual.</summary>
    [Id(0)]
    public required string Individual { get; init; }

    /// <summary>Version of the individual's stored state: of two shares the one of the newer state counts.</summary>
    [Id(1)]
    public required long Version { get; init; }

    /// <summary>Version of the catalogue of definitions that it was computed with: decides between shares of one state.</summary>
    [Id(2)]
    public required long Catalogue { get; init; }

    /// <summary>What it adds; empty for somebody who has nothing here, or does not belong here any more.</summary>
    [Id(3)]
    public ImmutableArray<PeopleSum> Sums { get; init; } = [];
}
