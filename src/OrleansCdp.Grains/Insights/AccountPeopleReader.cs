using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace OrleansCdp.Insights;

/// <summary>Asks what the people of an account add to its insights, where an insight wants it.</summary>
internal sealed partial class AccountPeopleReader(
    string account,
    IGrainFactory grains,
    ILogger logger
)
{
    /// <summary>How soon an account turns to its people again where not all of them have answered.</summary>
    public static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(30);

    private readonly IAccountPeopleGrain people = grains.GetGrain<IAccountPeopleGrain>(account);

    /// <summary>What all of them add. Where they cannot be asked, that is not known: no other value has to wait for it.</summary>
    public async ValueTask<PeopleSums> SumsAsync(InsightSet computed)
    {
        if (computed.OverPeople.IsEmpty)
        {
            return PeopleSums.None;
        }

        try
        {
            return await people.GetSumsAsync();
        }
        catch (Exception e)
        {
            LogUnknown(account, e);
            return PeopleSums.Unknown;
        }
    }

    /// <summary>
    /// Who they are, for each version that is shown and asked about; of those that cannot be told in time nobody is listed.
    /// </summary>
    public async Task<IReadOnlyDictionary<long, ImmutableArray<PersonValue>>> ListAsync(
        InsightSet computed,
        InsightQuestion question
    )
    {
        Dictionary<long, ImmutableArray<PersonValue>> listed = [];
        foreach (ActiveInsight insight in computed.OverPeople)
        {
            if (
                insight.IsServing
                && !question.IsPast
                && (question.Name ?? insight.Definition.Name) == insight.Definition.Name
            )
            {
                try
                {
                    listed.Add(
                        insight.Revision,
                        await people.GetPeopleAsync(insight.Revision, question.At)
                    );
                }
                catch (Exception e)
                {
                    LogUnknown(account, e);
                }
            }
        }

        return listed;
    }

    [LoggerMessage(
        LogEvents.AccountPeopleUnknown,
        LogLevel.Warning,
        "What the people of {Account} add to its insights cannot be asked for now"
    )]
    private partial void LogUnknown(string account, Exception exception);
}
