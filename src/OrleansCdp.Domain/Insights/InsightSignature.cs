using System.Globalization;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>
/// By what it is told whether everybody has to be looked at: as long as it is the same, nothing but events and time changes what
/// is written.
/// </summary>
public static class InsightSignature
{
    /// <summary>The signature of insights: their versions, and the models they ask. Stored; another one is a reason to look.</summary>
    /// <returns>Empty where nothing is written.</returns>
    public static string Of(InsightSet insights) =>
        insights.Written.IsEmpty
            ? ""
            : Partitions
                .HashOf(
                    string.Join(
                        ';',
                        insights.Written.Select(insight =>
                            $"{insight.Revision} {insight.ModelHash}"
                        )
                    )
                )
                .ToString("x16", CultureInfo.InvariantCulture);
}
