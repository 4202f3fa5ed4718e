using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>Insights computed in tests.</summary>
internal static class Computed
{
    /// <summary>A definition over <see cref="Histories.Declared"/>.</summary>
    public static InsightDefinition Definition(string text, string name = "insight")
    {
        var (insight, errors) = InsightDefinition.Compile(name, text, Histories.Declared);
        errors.ShouldBeEmpty(text);
        return insight!;
    }

    /// <summary>First versions, numbered from 1.</summary>
    public static InsightSet SetOf(params (string Name, string Text)[] insights) =>
        new(
            [
                .. insights.Select(
                    (one, i) =>
                        new ActiveInsight(Definition(one.Text, one.Name), 1, i + 1, IsServing: true)
                ),
            ],
            insights.Length
        );

    /// <summary>One insight.</summary>
    public static InsightSet SetOf(string text) => SetOf(("insight", text));

    /// <summary>Folds events, numbering them, and gives a ledger of the end.</summary>
    public static InsightLedger Ledger(
        InsightSet insights,
        IEnumerable<LinkEvent> events,
        SubjectKind subject = SubjectKind.Individual
    ) => LedgerOf(insights, Apply(insights, events), subject);

    public static UnifiedIndividual Apply(InsightSet? insights, IEnumerable<LinkEvent> events) =>
        new UnifiedIndividual { Id = "ind_test" }
            .Apply(Histories.Number(events), insights)
            .Next;

    public static InsightLedger LedgerOf(
        InsightSet insights,
        UnifiedIndividual individual,
        SubjectKind subject = SubjectKind.Individual
    )
    {
        InsightLedger ledger = new(insights, subject);
        ledger.Become(individual.Links);
        return ledger;
    }

    /// <summary>The value of the only insight.</summary>
    public static InsightValue Value(
        InsightSet insights,
        IEnumerable<LinkEvent> events,
        DateTimeOffset? now = null
    ) => Ledger(insights, events).Values(now ?? Histories.End).ShouldHaveSingleItem();

    /// <summary>Everything that is said, as text that can be compared.</summary>
    public static string[] Said(InsightLedger ledger, DateTimeOffset? now = null) =>
        [.. ledger.Values(now ?? Histories.End).Select(Said)];

    public static string Said(InsightValue value) =>
        string.Join(
            ' ',
            value.Insight.Definition.Name,
            value.Insight.Revision,
            value.Value,
            value.Items,
            string.Join(';', value.Parts),
            value.PartCount,
            value.LeftOut,
            value.IsEstimated
        );
}
