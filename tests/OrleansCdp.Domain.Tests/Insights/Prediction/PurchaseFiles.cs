using System.Globalization;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>The published purchase data and what it was summarised to, where they are at hand.</summary>
internal static class PurchaseFiles
{
    public static string Find(string name) => DataSets.Find("purchases/" + name);

    /// <summary>The summaries of a file of columns id, x, t_x, T and m_x, in the order of the file.</summary>
    public static List<SummaryRow> Summaries(string name, TimeUnit unit) =>
        [
            .. DataSets
                .Rows(Find(name))
                .Select(row => new SummaryRow(
                    row.Values[0],
                    new RfmSummary(
                        int.Parse(row.Values[1], CultureInfo.InvariantCulture),
                        NumberOf(row.Values[2]),
                        NumberOf(row.Values[3]),
                        NumberOf(row.Values[4]),
                        unit
                    ),
                    row.Values.Length > 5 ? NumberOf(row.Values[5]) : 0
                )),
        ];

    /// <summary>The CDNOW sample with times in exact sevenths of a week, and as published with two decimals.</summary>
    public static List<SummaryRow> Cdnow(string form) =>
        Summaries($"cdnow_sample_cbs_{form}.csv", TimeUnit.Week);

    public static double NumberOf(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>A customer of a file.</summary>
/// <param name="Id">The customer.</param>
/// <param name="Summary">Of the calibration period.</param>
/// <param name="HoldoutPurchases">Purchases in the period after it, where the file has them.</param>
internal sealed record SummaryRow(string Id, RfmSummary Summary, double HoldoutPurchases);
