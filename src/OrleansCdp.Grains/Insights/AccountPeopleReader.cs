using System.Collections.Immutable;

namespace OrleansCdp.Insights;

/// <summary>Asks what the people of an account add to its insights, where an insight wants it.</summary>
internal sealed class AccountPeopleReader(IAccountPeopleGrain people)
{
    /// <summary>What all of them add.</summary>
    public ValueTask<PeopleSums> SumsAsync(InsightSet computed) =>
        computed.OverPeople.IsEmpty ? new(PeopleSums.None) : people.GetSumsAsync();

    /// <summary>Who they are, for each version that is shown and asked about.</summary>
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
                listed.Add(
                    insight.Revision,
                    await people.GetPeopleAsync(insight.Revision, question.At)
                );
            }
        }

        return listed;
    }
}
