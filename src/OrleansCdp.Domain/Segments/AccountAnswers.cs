using System.Collections.Immutable;
using OrleansCdp.Expressions;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>What segments ask of an account, looked up at one moment.</summary>
/// <param name="Values">As in <see cref="AccountFacts.Values"/>.</param>
/// <param name="Until">The moment from which a value may be another though nothing happens; null for never.</param>
public sealed record AccountAnswers(ImmutableArray<Field> Values, DateTimeOffset? Until)
{
    /// <summary>Which of them are others all the time: that alone is told hourly.</summary>
    public ImmutableArray<string> Steady { get; init; } = [];

    /// <summary>Looks up what segments ask of an account.</summary>
    /// <param name="set">The segments.</param>
    /// <param name="links">The links of the account.</param>
    /// <param name="ledger">What counts in its insights, up to these links.</param>
    /// <param name="told">
    /// What was told before: it stays where a value is not known now, because people are still asked, say. Null for nothing.
    /// </param>
    /// <param name="policy">How fields of the profile are reconciled.</param>
    /// <param name="now">The moment.</param>
    public static AccountAnswers Of(
        SegmentSet set,
        LinkSet links,
        InsightLedger ledger,
        AccountFacts? told,
        ReconciliationPolicy policy,
        DateTimeOffset now
    )
    {
        var values = ImmutableArray.CreateBuilder<Field>(set.OfAccounts.Length);
        var steady = ImmutableArray.CreateBuilder<string>();
        DateTimeOffset? until = null;
        foreach (SegmentInput asked in set.OfAccounts)
        {
            Answer? answer =
                asked.Kind == SegmentInputKind.AccountTrait
                    ? Answer.OfTrait(links, asked.Name, policy)
                    : OfInsight(asked, ledger, now);
            if (answer is not null || told?.Answers(asked.Key) == true)
            {
                FieldValue? value = answer is null ? told!.Find(asked.Key) : answer.Value;
                values.Add(new Field(asked.Key, value ?? FieldValue.Null));
            }

            if (answer is { IsSteady: true })
            {
                steady.Add(asked.Key);
            }

            until = Course.Earlier(until, answer?.ChangesAt);
        }

        return new(values.DrainToImmutable(), until) { Steady = steady.DrainToImmutable() };
    }

    /// <summary>Null where the value is not known now.</summary>
    private static Answer? OfInsight(SegmentInput asked, InsightLedger ledger, DateTimeOffset now)
    {
        bool isKnown =
            ledger.Insights.Shown(asked.Name) is { IsComplete: true } insight
            && !(insight.Definition.HasPeople && ledger.People.IsPartial);
        return isKnown
            ? Answer.OfInsight(
                ledger,
                asked.Name,
                asked.Kind == SegmentInputKind.AccountTopPart,
                now
            )
            : null;
    }
}
