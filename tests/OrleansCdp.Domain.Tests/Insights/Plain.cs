using System.Collections.Immutable;
using System.Globalization;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>A record as somebody would read it off its events, the newest word of each thing.</summary>
internal sealed class PlainRecord(IEnumerable<LinkEvent> events)
{
    private readonly LinkEvent[] told =
    [
        .. events.OrderBy(e => e.OccurredAt).ThenBy(e => e.Version),
    ];

    public string Id => told[0].RecordId!;

    public bool Exists => told[^1].Kind != EventKind.Deleted;

    public DateTimeOffset Made =>
        told[0].Object == "SalesOrder" && Field("orderedAt")?.AsInstant() is { } stated
            ? stated
            : told[0].OccurredAt;

    public DateTimeOffset Updated => told.Last(e => e.Kind != EventKind.Deleted).OccurredAt;

    public OrderLine[] Lines
    {
        get
        {
            int whole = Array.FindLastIndex(told, e => e.LinesComplete);
            return
            [
                .. told.Skip(Math.Max(0, whole))
                    .SelectMany(e => e.Lines)
                    .GroupBy(line => line.Id)
                    .Select(same => same.Last()),
            ];
        }
    }

    public decimal Total => Number("total") ?? Lines.Sum(line => line.Amount);

    public DateTimeOffset[] Closings
    {
        get
        {
            LinkEvent[] statuses = Array.FindAll(told, e => e.Kind != EventKind.Deleted);
            return
            [
                .. statuses
                    .Where(
                        (e, i) =>
                            e.Kind == EventKind.Closed
                            && (i == 0 || statuses[i - 1].Kind != EventKind.Closed)
                    )
                    .Select(e => e.OccurredAt),
            ];
        }
    }

    public bool IsClosed => told.Last(e => e.Kind != EventKind.Deleted).Kind == EventKind.Closed;

    public decimal? Number(string name) => Field(name)?.AsNumber();

    public string? Text(string name) => Field(name)?.Text;

    public DateTimeOffset? Instant(string name) => Field(name)?.AsInstant();

    private FieldValue? Field(string name)
    {
        FieldValue said = told.SelectMany(e => e.Fields).LastOrDefault(f => f.Name == name).Value;
        return said.Text is null || said.IsNull ? null : said;
    }
}

/// <summary>Something done, as its event says.</summary>
internal sealed record PlainDone(LinkEvent Told)
{
    public DateTimeOffset At =>
        Told.OccurredAt < Told.ReceivedAt ? Told.OccurredAt : Told.ReceivedAt;

    public decimal? Number(string name) =>
        Told.Fields.FirstOrDefault(field => field.Name == name).Value.Text is { } text
        && decimal.TryParse(text, CultureInfo.InvariantCulture, out decimal number)
            ? number
            : null;

    public string? Text(string name) =>
        Told.Fields.FirstOrDefault(field => field.Name == name).Value.Text;
}

/// <summary>
/// The oracle: a history as plain lists, and what is said of them as plain loops. It shares no code with what computes insights.
/// </summary>
internal sealed class Plain(IEnumerable<LinkEvent> events)
{
    private readonly LinkEvent[] all = [.. events];

    public IEnumerable<PlainRecord> Records(string name) =>
        all.Where(e => e.Object == name)
            .GroupBy(e => (e.Link.Source, e.RecordId))
            .Select(same => new PlainRecord(same))
            .Where(record => record.Exists);

    /// <summary>Orders made until now, within so many days.</summary>
    public IEnumerable<PlainRecord> Orders(DateTimeOffset now, double days = 1e6) =>
        Records("SalesOrder").Where(order => IsWithin(order.Made, now, days));

    public IEnumerable<PlainRecord> Cases(DateTimeOffset now) =>
        Records("Case").Where(service => service.Made <= now);

    public IEnumerable<(PlainRecord Of, DateTimeOffset At)> Closings(
        string name,
        DateTimeOffset now,
        double days = 1e6
    ) =>
        Records(name)
            .SelectMany(record => record.Closings.Select(at => (record, at)))
            .Where(closing => IsWithin(closing.at, now, days));

    /// <summary>Lines of orders made until now.</summary>
    public IEnumerable<(OrderLine Line, DateTimeOffset At)> Lines(DateTimeOffset now) =>
        Orders(now).SelectMany(order => order.Lines.Select(line => (line, order.Made)));

    public IEnumerable<PlainDone> Done(string name) =>
        all.Where(e => e.Object == name).Select(e => new PlainDone(e));

    /// <summary>
    /// Things done in a window. It is cut into 32 pieces that lie side by side since year 1; a thing counts as long as any
    /// instant of its piece is in the window.
    /// </summary>
    public IEnumerable<PlainDone> Done(string name, DateTimeOffset now, int days)
    {
        long piece = TimeSpan.FromDays(days).Ticks / 32;
        long oldest = (now.UtcTicks - TimeSpan.FromDays(days).Ticks) / piece;
        return Done(name).Where(done => done.At.UtcTicks / piece >= oldest);
    }

    public static bool IsWithin(DateTimeOffset at, DateTimeOffset now, double days) =>
        at <= now && now - at < TimeSpan.FromDays(days);
}

/// <summary>What an insight should say.</summary>
internal sealed record Answer(FieldValue? Value, long Items)
{
    public ImmutableArray<(string Key, decimal Value)> Parts { get; init; } = [];

    public static Answer Count<T>(IEnumerable<T> items) => CountOf(items.Count());

    public static Answer CountOf(int count) => Of(count, count);

    public static Answer Of(decimal? value, long items) =>
        new(value is { } number ? FieldValue.Of(number) : null, items);

    public static Answer Sum(IEnumerable<decimal?> items)
    {
        decimal[] known = Known(items);
        return Of(known.Sum(), known.Length);
    }

    public static Answer Min(IEnumerable<decimal?> items) =>
        Known(items) is { Length: > 0 } some ? Of(some.Min(), some.Length) : Of(null, 0);

    public static Answer Max(IEnumerable<decimal?> items) =>
        Known(items) is { Length: > 0 } some ? Of(some.Max(), some.Length) : Of(null, 0);

    public static Answer Average(IEnumerable<decimal?> items) =>
        Known(items) is { Length: > 0 } some
            ? Of(some.Sum() / some.Length, some.Length)
            : Of(null, 0);

    public static Answer Median(IEnumerable<decimal?> items)
    {
        decimal[] some = [.. Known(items).Order()];
        return some.Length == 0 ? Of(null, 0)
            : some.Length % 2 == 1 ? Of(some[some.Length / 2], some.Length)
            : Of((some[some.Length / 2 - 1] + some[some.Length / 2]) / 2, some.Length);
    }

    /// <summary>The lowest value of the earliest moment.</summary>
    public static Answer First(IEnumerable<(DateTimeOffset At, string? Value)> items) =>
        At(
            items
                .Where(item => item.Value is not null)
                .OrderBy(item => item.At)
                .ThenBy(item => item.Value, StringComparer.Ordinal)
        );

    /// <summary>The highest value of the latest moment.</summary>
    public static Answer Last(IEnumerable<(DateTimeOffset At, string? Value)> items) =>
        At(
            items
                .Where(item => item.Value is not null)
                .OrderByDescending(item => item.At)
                .ThenByDescending(item => item.Value, StringComparer.Ordinal)
        );

    public static Answer Distinct(IEnumerable<string?> items)
    {
        string[] known = [.. items.OfType<string>()];
        return Of(known.Distinct(StringComparer.Ordinal).Count(), known.Length);
    }

    /// <summary>Different values by part, the most first; of equal ones by name. In all each counts once.</summary>
    public static Answer DistinctBy(IEnumerable<(string Key, string? Value)> items)
    {
        (string Key, string? Value)[] known = [.. items.Where(item => item.Value is not null)];
        return Distinct(known.Select(item => item.Value)) with
        {
            Parts =
            [
                .. known
                    .Distinct()
                    .CountBy(item => item.Key)
                    .Select(part => (part.Key, (decimal)part.Value))
                    .OrderByDescending(part => part.Item2)
                    .ThenBy(part => part.Key, StringComparer.Ordinal),
            ],
        };
    }

    public static Answer Ratio(decimal top, decimal bottom, int items) =>
        Of(bottom == 0 ? null : top / bottom, items);

    /// <summary>Sums by part, the largest first; of equal ones by name.</summary>
    public static Answer By(IEnumerable<(string Key, decimal? Value)> items, int top = 20)
    {
        (string Key, decimal? Value)[] known = [.. items.Where(item => item.Value is not null)];
        (string Key, decimal Value)[] parts =
        [
            .. known
                .GroupBy(item => item.Key, StringComparer.Ordinal)
                .Select(part => (part.Key, Value: part.Sum(item => Nine(item.Value!.Value))))
                .OrderByDescending(part => part.Value)
                .ThenBy(part => part.Key, StringComparer.Ordinal),
        ];
        return Of(parts.Sum(part => part.Value), known.Length) with
        {
            Parts = [.. parts.Take(top)],
        };
    }

    /// <summary>One value for each currency, sorted by code; without one it is XXX.</summary>
    public static Answer Money(
        IEnumerable<(string? Code, decimal? Value)> items,
        Func<decimal[], decimal> fold
    )
    {
        (string? Code, decimal? Value)[] known = [.. items.Where(item => item.Value is not null)];
        (string Key, decimal Value)[] parts =
        [
            .. known
                .GroupBy(item => item.Code ?? "XXX", StringComparer.Ordinal)
                .Select(part => (part.Key, fold([.. part.Select(item => Nine(item.Value!.Value))])))
                .OrderBy(part => part.Key, StringComparer.Ordinal),
        ];
        return Of(parts is [var only] ? only.Value : null, known.Length) with
        {
            Parts = [.. parts],
        };
    }

    /// <summary>What is left of an amount that halves every so many days.</summary>
    public static decimal? Faded(
        decimal? amount,
        DateTimeOffset at,
        DateTimeOffset now,
        int days
    ) =>
        amount is { } some
            ? (decimal)((double)Nine(some) * Math.Pow(0.5, (now - at).TotalDays / days))
            : null;

    /// <summary>Nine decimals are kept.</summary>
    public static decimal Nine(decimal number) =>
        Math.Round(number, 9, MidpointRounding.AwayFromZero);

    private static decimal[] Known(IEnumerable<decimal?> items) =>
        [.. items.OfType<decimal>().Select(Nine)];

    private static Answer At(IEnumerable<(DateTimeOffset At, string? Value)> sorted)
    {
        string?[] values = [.. sorted.Select(item => item.Value)];
        return new Answer(values is [{ } first, ..] ? FieldValue.Of(first) : null, values.Length);
    }
}
