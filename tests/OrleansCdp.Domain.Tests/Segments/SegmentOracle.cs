using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>A segment, and who is in it as somebody would say it who has all events before him.</summary>
internal sealed record ToldSegment(
    string Name,
    string Criteria,
    Func<PlainPerson, DateTimeOffset, bool> Oracle
);

/// <summary>A history as plain lists: what was done, what is on record, and what the person is said to be.</summary>
internal sealed class PlainPerson(LinkEvent[] events)
{
    public Plain All { get; } = new(events);

    /// <summary>The last word of a field among the last words of all links; null for none.</summary>
    public FieldValue? Trait(string name) =>
        events
            .GroupBy(e => e.Link)
            .Select(same =>
                same.Where(e => e.Traits.Any(field => field.Name == name))
                    .OrderBy(e => e.OccurredAt)
                    .ThenBy(e => e.Version)
                    .LastOrDefault()
            )
            .OfType<LinkEvent>()
            .Select(e => (e.OccurredAt, e.Version, e.Traits.Last(f => f.Name == name).Value))
            .Where(said => !said.Value.IsNull)
            .OrderBy(said => said.OccurredAt)
            .ThenBy(said => said.Version)
            .Select(said => (FieldValue?)said.Value)
            .LastOrDefault();

    public DateTimeOffset[] Moments(string name, DateTimeOffset now) =>
        [
            .. (
                name == "SalesOrder"
                    ? All.Orders(now).Select(order => order.Made)
                    : All.Done(name).Select(done => done.At)
            ).Where(at => at <= now),
        ];
}

/// <summary>Segments of all kinds, and plain words for each.</summary>
internal static class SegmentOracle
{
    public static readonly ImmutableArray<ToldSegment> All =
    [
        new("vips", "vip", (p, _) => p.Trait("vip")?.Text == "true"),
        new("no_city", "city is null", (p, _) => p.Trait("city") is null),
        new(
            "paris_or_rome",
            "city in ('paris', 'rome') and not vip",
            (p, _) => p.Trait("city")?.Text is "paris" or "rome" && p.Trait("vip")?.Text != "true"
        ),
        new(
            "renewing",
            "renewsAt within next 20 days",
            (p, now) =>
                p.Trait("renewsAt")?.AsInstant() is { } at && at > now && at <= now.AddDays(20)
        ),
        new(
            "renewing_this_month",
            "renewsAt within next 1 calendar month",
            (p, now) =>
                p.Trait("renewsAt")?.AsInstant() is { } at
                && at > now
                && (at.Year, at.Month) == (now.Year, now.Month)
        ),
        new("buyers", "count(SalesOrder) >= 2", (p, now) => p.All.Orders(now).Count() >= 2),
        new(
            "lapsing",
            "count(SalesOrder) >= 1 and count(SalesOrder within last 30 days) = 0",
            (p, now) => p.All.Orders(now).Any() && !p.All.Orders(now, 30).Any()
        ),
        new(
            "not_for_40_days",
            "not last(SalesOrder) within last 40 days",
            (p, now) => !p.All.Orders(now, 40).Any()
        ),
        new(
            "spenders",
            "insights.spent > 100 or sum(seconds of Engagement within last 20 days where name = 'a') > 50",
            (p, now) =>
                p.All.Orders(now).Sum(order => order.Total) > 100
                || p.All.Done("Engagement", now, 20)
                    .Where(done => done.Text("name") == "a")
                    .Sum(done => done.Number("seconds") ?? 0) > 50
        ),
        new(
            "visited_lately",
            "count(Engagement within last 10 days) >= 2",
            (p, now) => p.All.Done("Engagement", now, 10).Count() >= 2
        ),
        new(
            "visited_then_bought",
            "sequence(Engagement then SalesOrder within 14 days)",
            (p, now) =>
                p.Moments("Engagement", now)
                    .Any(at => p.Moments("SalesOrder", now).Any(then => IsAfter(then, at, 14)))
        ),
        new(
            "abandoned",
            "sequence(Engagement within last 40 days then no SalesOrder within 5 days)",
            (p, now) =>
                p.Moments("Engagement", now)
                    .Where(at => Plain.IsWithin(at, now, 40))
                    .Any(at =>
                        now - at > TimeSpan.FromDays(5)
                        && !p.Moments("SalesOrder", now).Any(then => IsAfter(then, at, 5))
                    )
        ),
        new(
            "open_case_and_lapsing",
            "in segment lapsing and count(Case where not record.isClosed) >= 1",
            (p, now) =>
                p.All.Orders(now).Any()
                && !p.All.Orders(now, 30).Any()
                && p.All.Cases(now).Any(service => !service.IsClosed)
        ),
        new(
            "not_lapsing",
            "not in segment lapsing and count(Case) >= 1",
            (p, now) =>
                (!p.All.Orders(now).Any() || p.All.Orders(now, 30).Any()) && p.All.Cases(now).Any()
        ),
        new(
            "often",
            "(now - first(SalesOrder)) / 1 day < count(SalesOrder) * 100",
            (p, now) =>
                p.All.Orders(now).Any()
                && Days(now - p.All.Orders(now).Min(order => order.Made))
                    < p.All.Orders(now).Count() * 100
        ),
        new(
            "many_or_lately",
            "count(SalesOrder) >= 3 or count(SalesOrder within last 20 days) >= 2",
            (p, now) => p.All.Orders(now).Count() >= 3 || p.All.Orders(now, 20).Count() >= 2
        ),
        new("two_orders", "count(SalesOrder) = 2", (p, now) => p.All.Orders(now).Count() == 2),
        new(
            "few_orders",
            "2 > count(SalesOrder within last 300 days)",
            (p, now) => p.All.Orders(now, 300).Count() < 2
        ),
        new(
            "small_spenders",
            "insights.spent <= 150",
            (p, now) => p.All.Orders(now).Sum(order => order.Total) <= 150
        ),
        new(
            "new_buyers",
            "first(SalesOrder) within last 200 days",
            (p, now) =>
                p.All.Orders(now).Any()
                && Plain.IsWithin(p.All.Orders(now).Min(order => order.Made), now, 200)
        ),
        new(
            "seen_lately",
            "last(Engagement) within last 10 days and count(Engagement) >= 2",
            (p, now) =>
                p.All.Done("Engagement").Count() >= 2
                && Plain.IsWithin(p.All.Done("Engagement").Max(done => done.At), now, 10)
        ),
        new(
            "bought_this_month_or_not_in_rome",
            "last(SalesOrder) within last 1 calendar month or city != 'rome'",
            (p, now) =>
                (
                    p.All.Orders(now).Any()
                    && p.All.Orders(now).Max(order => order.Made) is var last
                    && (last.Year, last.Month) == (now.Year, now.Month)
                ) || p.Trait("city") is { Text: not "rome" }
        ),
        new(
            "large_and_small",
            "max(order.total of SalesOrder) > 200 and min(order.total of SalesOrder) < 20",
            (p, now) =>
                p.All.Orders(now).Any()
                && p.All.Orders(now).Max(order => order.Total) > 200
                && p.All.Orders(now).Min(order => order.Total) < 20
        ),
        new(
            "spend_in_euro",
            "insights.in_one_currency >= 100 or insights.in_one_currency < -20",
            (p, now) => InOneCurrency(p, now) is >= 100 or < -20
        ),
        new(
            "little_in_one_currency",
            "insights.in_one_currency < 50",
            (p, now) => InOneCurrency(p, now) < 50
        ),
    ];

    public static SegmentSet Set { get; } =
        Segmented.SetOf([
            .. All.Select(told =>
                Segmented.Of(told.Criteria, told.Name, [.. All.Select(other => other.Name)])
            ),
        ]);

    private static decimal? InOneCurrency(PlainPerson person, DateTimeOffset now)
    {
        PlainRecord[] paid = [.. person.All.Orders(now).Where(o => o.Text("currency") is not null)];
        return paid.Select(order => order.Text("currency")).Distinct().Count() == 1
            ? paid.Sum(order => order.Total)
            : null;
    }

    private static bool IsAfter(DateTimeOffset then, DateTimeOffset at, double days) =>
        then > at && then <= at.AddDays(days);

    private static decimal Days(TimeSpan span) => (decimal)span.Ticks / TimeSpan.TicksPerDay;
}
