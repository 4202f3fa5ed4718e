using static OrleansCdp.Insights.Answer;
using static OrleansCdp.Insights.OracleOfRecords;

namespace OrleansCdp.Insights;

/// <summary>Insights over what was done, alone and together with records, and what they should say.</summary>
internal static class OracleOfDone
{
    public static IEnumerable<Told> All => [.. Measured, .. Divided, .. Together];

    private static IEnumerable<Told> Measured =>
        [
            new(
                "visits",
                "source: Engagement\nmeasure: count",
                (all, _) => Count(all.Done("Engagement"))
            ),
            new(
                "visits_recent",
                "source: Engagement\nmeasure: count\nwhere: name in ('a', 'b')\nwindow: 30 days",
                (all, now) =>
                    Count(all.Done("Engagement", now, 30).Where(d => d.Text("name") is "a" or "b"))
            ),
            new(
                "seconds",
                "source: Engagement\nmeasure: sum\nvalue: seconds\nwindow: 10 days",
                (all, now) => Sum(all.Done("Engagement", now, 10).Select(d => d.Number("seconds")))
            ),
            new(
                "longest",
                "source: Engagement\nmeasure: max\nvalue: seconds\nwindow: 60 days",
                (all, now) => Max(all.Done("Engagement", now, 60).Select(d => d.Number("seconds")))
            ),
            new(
                "shortest",
                "source: Engagement\nmeasure: min\nvalue: seconds * 1000",
                (all, _) => Min(all.Done("Engagement").Select(d => d.Number("seconds") * 1000))
            ),
            new(
                "average_seconds",
                "source: Engagement\nmeasure: average\nvalue: seconds\nwindow: 100 days",
                (all, now) =>
                    Average(all.Done("Engagement", now, 100).Select(d => d.Number("seconds")))
            ),
            new(
                "first_page",
                "source: Engagement\nmeasure: first\nvalue: name",
                (all, _) => First(all.Done("Engagement").Select(d => (d.At, d.Text("name"))))
            ),
            new(
                "last_page",
                "source: Engagement\nmeasure: last\nvalue: name\nwhere: category is not null",
                (all, _) =>
                    Last(
                        all.Done("Engagement")
                            .Where(d => d.Text("category") is not null)
                            .Select(d => (d.At, d.Text("name")))
                    )
            ),
            new(
                "pages",
                "source: Engagement\nmeasure: distinct\nvalue: name",
                (all, _) => Distinct(all.Done("Engagement").Select(d => d.Text("name")))
            ),
            new(
                "used_units",
                """
                source: ProductUsage
                measure: ratio
                numerator: { value: units }
                denominator: { where: units > 0 }
                window: 50 days
                """,
                (all, now) => UnitsPerUse(all, now)
            ),
        ];

    private static IEnumerable<Told> Divided =>
        [
            new(
                "prices",
                "source: Engagement\nmeasure: sum\nvalue: price\ncurrency: currency\nwindow: 40 days",
                (all, now) =>
                    Money(
                        all.Done("Engagement", now, 40)
                            .Select(d => (d.Text("currency"), d.Number("price"))),
                        some => some.Sum()
                    )
            ),
            new(
                "views",
                "source: Engagement\nmeasure: count\nby: category\nhalfLife: 20 days\ntop: 5",
                (all, now) =>
                    By(
                        all.Done("Engagement")
                            .Select(d => (Key(d.Text("category")), Faded(1, d.At, now, 20))),
                        top: 5
                    )
            ),
            new(
                "views_by_two",
                "source: Engagement\nmeasure: sum\nvalue: seconds\nby: [name, category]",
                (all, _) =>
                    By(
                        all.Done("Engagement")
                            .Select(d =>
                                (Key(d.Text("name"), d.Text("category")), d.Number("seconds"))
                            )
                    )
            ),
        ];

    private static IEnumerable<Told> Together =>
        [
            new(
                "touches",
                """
                sources:
                  - { source: Engagement }
                  - { source: ProductUsage, where: units > 0 }
                  - { source: SalesOrder }
                  - { source: Case.closures }
                measure: count
                window: 30 days
                """,
                (all, now) => CountOf(Touches(all, now))
            ),
            new(
                "interest",
                """
                sources:
                  - { source: SalesOrder.lines, value: line.amount, by: line.category }
                  - { source: Engagement, value: price / 10, by: category, where: price > 0 }
                measure: sum
                halfLife: 60 days
                """,
                (all, now) => Interest(all, now)
            ),
            new(
                "last_word",
                """
                sources:
                  - { source: SalesOrder, value: status }
                  - { source: SalesOrder, value: channel, at: record.updatedAt }
                  - { source: Engagement, value: name }
                measure: last
                """,
                (all, now) => LastWord(all, now)
            ),
            new(
                "words",
                """
                sources:
                  - { source: Case, value: category }
                  - { source: Case.closures, value: category }
                  - { source: ProductUsage, value: name }
                measure: distinct
                """,
                (all, now) =>
                    Distinct([
                        .. all.Cases(now).Select(c => c.Text("category")),
                        .. all.Closings("Case", now).Select(c => c.Of.Text("category")),
                        .. all.Done("ProductUsage").Select(d => d.Text("name")),
                    ])
            ),
        ];

    private static Answer UnitsPerUse(Plain all, DateTimeOffset now)
    {
        decimal[] units =
        [
            .. all.Done("ProductUsage", now, 50).Select(d => d.Number("units")).OfType<decimal>(),
        ];
        return Ratio(units.Sum(), units.Count(unit => unit > 0), units.Length);
    }

    private static int Touches(Plain all, DateTimeOffset now) =>
        all.Done("Engagement", now, 30).Count()
        + all.Done("ProductUsage", now, 30).Count(d => d.Number("units") > 0)
        + all.Orders(now, 30).Count()
        + all.Closings("Case", now, 30).Count();

    private static Answer Interest(Plain all, DateTimeOffset now) =>
        By([
            .. all.Lines(now)
                .Select(l => (Key(l.Line.Category), Faded(l.Line.Amount, l.At, now, 60))),
            .. all.Done("Engagement")
                .Where(d => d.Number("price") > 0)
                .Select(d =>
                    (Key(d.Text("category")), Faded(d.Number("price") / 10, d.At, now, 60))
                ),
        ]);

    private static Answer LastWord(Plain all, DateTimeOffset now) =>
        Last([
            .. all.Orders(now).Select(o => (o.Made, o.Text("status"))),
            .. all.Records("SalesOrder")
                .Where(o => o.Updated <= now)
                .Select(o => (o.Updated, o.Text("channel"))),
            .. all.Done("Engagement").Select(d => (d.At, d.Text("name"))),
        ]);
}
