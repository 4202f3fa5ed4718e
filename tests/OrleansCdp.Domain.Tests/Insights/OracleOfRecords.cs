using static OrleansCdp.Insights.Answer;

namespace OrleansCdp.Insights;

/// <summary>A definition, and what it should say: written by hand from what it means.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Text">The definition.</param>
/// <param name="Oracle">What it says of a history at a moment.</param>
internal sealed record Told(string Name, string Text, Func<Plain, DateTimeOffset, Answer> Oracle)
{
    public bool Fades => Text.Contains("halfLife", StringComparison.Ordinal);

    public bool IsOfRecords =>
        !Text.Contains("Engagement", StringComparison.Ordinal)
        && !Text.Contains("ProductUsage", StringComparison.Ordinal);
}

/// <summary>Insights over records and what they should say.</summary>
internal static class OracleOfRecords
{
    public static IEnumerable<Told> All => [.. Orders, .. Parts, .. Services];

    private static IEnumerable<Told> Orders =>
        [
            new(
                "orders",
                "source: SalesOrder\nmeasure: count",
                (all, now) => Count(all.Orders(now))
            ),
            new(
                "orders_paid",
                "source: SalesOrder\nmeasure: count\nwhere: status = 'paid' or total < 0",
                (all, now) =>
                    Count(
                        all.Orders(now)
                            .Where(o => o.Text("status") == "paid" || o.Number("total") < 0)
                    )
            ),
            new(
                "orders_recent",
                "source: SalesOrder\nmeasure: count\nwindow: 30 days",
                (all, now) => Count(all.Orders(now, 30))
            ),
            new(
                "spent",
                "source: SalesOrder\nmeasure: sum\nvalue: order.total",
                (all, now) => Sum(all.Orders(now).Select(o => (decimal?)o.Total))
            ),
            new(
                "spent_recent",
                "source: SalesOrder\nmeasure: sum\nvalue: order.total\ncurrency: currency\nwindow: 90 days",
                (all, now) =>
                    Money(
                        all.Orders(now, 90).Select(o => (o.Text("currency"), (decimal?)o.Total)),
                        some => some.Sum()
                    )
            ),
            new(
                "spent_fading",
                "source: SalesOrder\nmeasure: sum\nvalue: order.total\nhalfLife: 60 days",
                (all, now) => Faint(all.Orders(now).Select(o => Faded(o.Total, o.Made, now, 60)))
            ),
            new(
                "orders_fading",
                "source: SalesOrder\nmeasure: count\nhalfLife: 7 days",
                (all, now) => Faint(all.Orders(now).Select(o => Faded(1, o.Made, now, 7)))
            ),
            new(
                "smallest",
                "source: SalesOrder\nmeasure: min\nvalue: total",
                (all, now) => Min(all.Orders(now).Select(o => o.Number("total")))
            ),
            new(
                "largest",
                "source: SalesOrder\nmeasure: max\nvalue: order.total\nwindow: 52 weeks",
                (all, now) => Max(all.Orders(now, 364).Select(o => (decimal?)o.Total))
            ),
            new(
                "largest_by_currency",
                "source: SalesOrder\nmeasure: max\nvalue: order.total\ncurrency: currency",
                (all, now) =>
                    Money(
                        all.Orders(now).Select(o => (o.Text("currency"), (decimal?)o.Total)),
                        some => some.Max()
                    )
            ),
            new(
                "average_order",
                "source: SalesOrder\nmeasure: average\nvalue: order.total",
                (all, now) => Average(all.Orders(now).Select(o => (decimal?)o.Total))
            ),
            new(
                "average_by_currency",
                "source: SalesOrder\nmeasure: average\nvalue: total\ncurrency: currency",
                (all, now) =>
                    Money(
                        all.Orders(now).Select(o => (o.Text("currency"), o.Number("total"))),
                        some => some.Sum() / some.Length
                    )
            ),
            new(
                "median_order",
                "source: SalesOrder\nmeasure: median\nvalue: order.total\nwindow: 500 days",
                (all, now) => Median(all.Orders(now, 500).Select(o => (decimal?)o.Total))
            ),
            new(
                "first_channel",
                "source: SalesOrder\nmeasure: first\nvalue: channel",
                (all, now) => First(all.Orders(now).Select(o => (o.Made, o.Text("channel"))))
            ),
            new(
                "last_status",
                "source: SalesOrder\nmeasure: last\nvalue: status",
                (all, now) => Last(all.Orders(now).Select(o => (o.Made, o.Text("status"))))
            ),
            new(
                "first_channel_recent",
                "source: SalesOrder\nmeasure: first\nvalue: channel\nwindow: 30 days",
                (all, now) => First(all.Orders(now, 30).Select(o => (o.Made, o.Text("channel"))))
            ),
            new(
                "last_status_recent",
                "source: SalesOrder\nmeasure: last\nvalue: status\nwindow: 90 days",
                (all, now) => Last(all.Orders(now, 90).Select(o => (o.Made, o.Text("status"))))
            ),
            new(
                "orders_by_orders",
                "source: SalesOrder\nmeasure: ratio\nnumerator: {}\ndenominator: {}",
                (all, now) =>
                    Ratio(all.Orders(now).Count(), all.Orders(now).Count(), all.Orders(now).Count())
            ),
            new(
                "channels",
                "source: SalesOrder\nmeasure: distinct\nvalue: lower(channel)",
                (all, now) => Distinct(all.Orders(now).Select(o => o.Text("channel")))
            ),
            new(
                "refund_rate",
                """
                source: SalesOrder
                where: status != 'a'
                measure: ratio
                numerator: { where: total < 0, value: -total }
                denominator: { value: total }
                """,
                (all, now) => RefundRate(all, now)
            ),
        ];

    private static IEnumerable<Told> Parts =>
        [
            new(
                "by_channel",
                "source: SalesOrder\nmeasure: count\nby: channel\ntop: 3",
                (all, now) =>
                    By(all.Orders(now).Select(o => (Key(o.Text("channel")), (decimal?)1)), top: 3)
            ),
            new(
                "by_channel_and_size",
                "source: SalesOrder\nmeasure: sum\nvalue: total\nby: [channel, order.total >= 100, status]",
                (all, now) =>
                    By(
                        all.Orders(now)
                            .Select(o =>
                                (
                                    Key(
                                        o.Text("channel"),
                                        o.Total >= 100 ? "true" : "false",
                                        o.Text("status")
                                    ),
                                    o.Number("total")
                                )
                            )
                    )
            ),
            new(
                "categories",
                "source: SalesOrder.lines\nmeasure: sum\nvalue: line.amount\nby: line.category\ntop: 2",
                (all, now) =>
                    By(
                        all.Lines(now).Select(l => (Key(l.Line.Category), (decimal?)l.Line.Amount)),
                        top: 2
                    )
            ),
            new(
                "orders_by_category",
                "source: SalesOrder.lines\nmeasure: distinct\nvalue: record.id\nby: line.category",
                (all, now) =>
                    DistinctBy(
                        all.Orders(now)
                            .SelectMany(o =>
                                o.Lines.Select(line => (Key(line.Category), (string?)o.Id))
                            )
                    )
            ),
            new(
                "channels_by_category",
                "source: SalesOrder.lines\nmeasure: distinct\nvalue: channel\nby: line.category",
                (all, now) =>
                    DistinctBy(
                        all.Orders(now)
                            .SelectMany(o =>
                                o.Lines.Select(line => (Key(line.Category), o.Text("channel")))
                            )
                    )
            ),
            new(
                "affinity",
                "source: SalesOrder.lines\nmeasure: sum\nvalue: line.quantity\nby: line.category\nhalfLife: 30 days",
                (all, now) =>
                    By(
                        all.Lines(now)
                            .Select(l =>
                                (Key(l.Line.Category), Faded(l.Line.Quantity, l.At, now, 30))
                            )
                    )
            ),
            new(
                "biggest_line",
                "source: SalesOrder.lines\nmeasure: max\nvalue: line.amount\nwhere: line.quantity > 2",
                (all, now) =>
                    Max(
                        all.Lines(now)
                            .Where(l => l.Line.Quantity > 2)
                            .Select(l => (decimal?)l.Line.Amount)
                    )
            ),
            new(
                "products",
                "source: SalesOrder.lines\nmeasure: distinct\nvalue: line.product",
                (all, now) => Distinct(all.Lines(now).Select(l => l.Line.Product))
            ),
        ];

    private static IEnumerable<Told> Services =>
        [
            new(
                "open_cases",
                "source: Case\nmeasure: count\nwhere: not record.isClosed",
                (all, now) => Count(all.Cases(now).Where(c => !c.IsClosed))
            ),
            new(
                "closures",
                "source: Case.closures\nmeasure: count\nwindow: 60 days",
                (all, now) => Count(all.Closings("Case", now, 60))
            ),
            new(
                "closures_by",
                "source: Case.closures\nmeasure: count\nby: [category, code]\nwindow: 200 days",
                (all, now) =>
                    By(
                        all.Closings("Case", now, 200)
                            .Select(c =>
                                (Key(c.Of.Text("category"), c.Of.Text("code")), (decimal?)1)
                            )
                    )
            ),
            new(
                "hours_to_close",
                "source: Case\nmeasure: median\nvalue: (record.closedAt - item.at) / 1 hour",
                (all, now) =>
                    Median(
                        all.Cases(now).Where(c => c.IsClosed).Select(c => (decimal?)HoursOpen(c))
                    )
            ),
            new(
                "reopened",
                """
                source: Case
                measure: ratio
                numerator: { where: record.closures > 1 }
                denominator: {}
                """,
                (all, now) =>
                    Ratio(
                        all.Cases(now).Count(c => c.Closings.Length > 1),
                        all.Cases(now).Count(),
                        all.Cases(now).Count()
                    )
            ),
            new(
                "won",
                "source: Opportunity.closures\nmeasure: sum\nvalue: amount\nby: stage",
                (all, now) =>
                    By(
                        all.Closings("Opportunity", now)
                            .Select(c => (Key(c.Of.Text("stage")), c.Of.Number("amount")))
                    )
            ),
            new(
                "expected",
                "source: Opportunity\nmeasure: sum\nvalue: amount\nat: closeDate\nwindow: 90 days\ncurrency: currency",
                (all, now) =>
                    Money(
                        all.Records("Opportunity")
                            .Where(o =>
                                o.Instant("closeDate") is { } at && Plain.IsWithin(at, now, 90)
                            )
                            .Select(o => (o.Text("currency"), o.Number("amount"))),
                        some => some.Sum()
                    )
            ),
            new(
                "last_was_large",
                "source: SalesOrder\nmeasure: last\nvalue: order.total > 100",
                (all, now) =>
                    Last(all.Orders(now).Select(o => (o.Made, (string?)TruthOf(o.Total > 100))))
            ),
            new(
                "latest_close",
                "source: Opportunity\nmeasure: max\nvalue: closeDate\nat: record.updatedAt",
                (all, now) => LatestClose(all, now)
            ),
        ];

    /// <summary>A sum that need not be exact.</summary>
    public static Answer Faint(IEnumerable<decimal?> items)
    {
        decimal[] known = [.. items.OfType<decimal>()];
        return Of(known.Sum(), known.Length);
    }

    /// <summary>A part's name: its values, one after the other.</summary>
    public static string Key(params string?[] values) =>
        string.Join('\u001f', values.Select(value => value ?? "\0"));

    private static Answer RefundRate(Plain all, DateTimeOffset now)
    {
        decimal[] totals =
        [
            .. all.Orders(now)
                // What has no status is not known to be another one.
                .Where(o => o.Text("status") is { } status && status != "a")
                .Select(o => o.Number("total"))
                .OfType<decimal>()
                .Select(Nine),
        ];
        return Ratio(-totals.Where(total => total < 0).Sum(), totals.Sum(), totals.Length);
    }

    private static decimal HoursOpen(PlainRecord closed) =>
        (closed.Closings[^1] - closed.Made).Ticks / (decimal)TimeSpan.TicksPerHour;

    private static string TruthOf(bool holds) => holds ? "true" : "false";

    private static Answer LatestClose(Plain all, DateTimeOffset now)
    {
        DateTimeOffset[] dates =
        [
            .. all.Records("Opportunity")
                .Where(o => o.Updated <= now)
                .Select(o => o.Instant("closeDate"))
                .OfType<DateTimeOffset>(),
        ];
        return new Answer(dates.Length == 0 ? null : FieldValue.Of(dates.Max()), dates.Length);
    }
}
