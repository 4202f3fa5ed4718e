using System.Globalization;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>
/// By what it is told whether everybody has to be looked at: as long as it is the same, nothing but events and time changes what
/// is written, and what people add to the insights of their account.
/// </summary>
public static class InsightSignature
{
    /// <summary>The signature of insights: their versions, and the models they ask. Stored; another one is a reason to look.</summary>
    /// <returns>Empty where nothing is written, and no account asks its people.</returns>
    public static string Of(InsightSet insights) =>
        insights.Written.IsEmpty && insights.OverPeople.IsEmpty
            ? ""
            : Partitions
                .HashOf(
                    string.Join(
                        ';',
                        insights
                            .Written.Select(insight => $"{insight.Revision} {insight.ModelHash}")
                            .Concat(insights.OverPeople.Select(asked => $"of {asked.Revision}"))
                    )
                )
                .ToString("x16", CultureInfo.InvariantCulture);
}
