using System.Collections.Immutable;
using CsCheck;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>Random histories of one person, as several sources tell them under several links and in both lanes.</summary>
internal static class Histories
{
    /// <summary>Nothing is received after this.</summary>
    public static readonly DateTimeOffset End = Some.Noon.AddDays(10);

    /// <summary>What data streams of these histories declare.</summary>
    public static readonly ImmutableArray<DeclaredField> Declared =
    [
        new("SalesOrder", "total", FieldType.Number),
        new("SalesOrder", "status", FieldType.Text),
        new("SalesOrder", "channel", FieldType.Text),
        new("SalesOrder", "currency", FieldType.Text),
        new("SalesOrder", "orderedAt", FieldType.Timestamp),
        new("Case", "category", FieldType.Text),
        new("Case", "code", FieldType.Text),
        new("Opportunity", "amount", FieldType.Number),
        new("Opportunity", "stage", FieldType.Text),
        new("Opportunity", "currency", FieldType.Text),
        new("Opportunity", "closeDate", FieldType.Timestamp),
        new("Engagement", "name", FieldType.Text),
        new("Engagement", "category", FieldType.Text),
        new("Engagement", "seconds", FieldType.Number),
        new("Engagement", "price", FieldType.Number),
        new("Engagement", "currency", FieldType.Text),
        new("ProductUsage", "name", FieldType.Text),
        new("ProductUsage", "units", FieldType.Number),
    ];

    private static readonly LinkKey[] Links =
    [
        new("shop", "customer", "1"),
        new("shop", "order", "g1"),
        new("crm", "Contact", "c1"),
        new("crm", "Case", "k1"),
        new("web", "anonymous", "w1"),
    ];

    private static readonly string[] Words = ["a", "b", "c", "(other)", "", "paid", "web"];

    /// <summary>One event, not numbered yet.</summary>
    public static Gen<LinkEvent> AnyEvent { get; } =
        from link in Gen.Int[0, Links.Length - 1]
        from what in Gen.Int[0, 11]
        from record in Gen.Int[0, 4]
        from hours in Gen.Frequency((3, Gen.Int[-24 * 400, 263]), (1, Gen.Int[-30, 30]))
        from received in Gen.Int[0, 240]
        from cents in Gen.Frequency((4, Gen.Int[-20_000, 60_000]), (1, Gen.Const(0)))
        from bits in Gen.Int[0, int.MaxValue]
        from lane in Gen.Int[0, 1]
        select EventOf(Links[link], what, $"r{record}", (hours, received), cents, bits) with
        {
            Lane = (Lane)lane,
        };

    /// <summary>
    /// A history in the order in which each link told it. Two events may have happened at the same time; their source's own
    /// revision numbers tell which came later.
    /// </summary>
    public static Gen<LinkEvent[]> Any(int max) =>
        AnyEvent
            .Array[1, max]
            .Select(events =>
                (LinkEvent[])
                    [.. events.Select((e, i) => e with { EventId = $"e{i}", Version = i + 1 })]
            );

    /// <summary>Every link in a partition of its own: sequences are dense per link and lane.</summary>
    public static SequencedEvent[] Number(IEnumerable<LinkEvent> events)
    {
        Dictionary<(LinkKey, Lane), long> next = [];
        return
        [
            .. events.Select(e =>
                e.At(next[(e.Link, e.Lane)] = next.GetValueOrDefault((e.Link, e.Lane)) + 1)
            ),
        ];
    }

    /// <summary>Batches of one link's lane in order, links interleaved, some of them again.</summary>
    public static IEnumerable<SequencedEvent[]> Batches(SequencedEvent[] log, Random random)
    {
        Queue<SequencedEvent>[] queues =
        [
            .. log.GroupBy(e => (e.Event.Link, e.Event.Lane))
                .Select(group => new Queue<SequencedEvent>(group)),
        ];
        List<SequencedEvent[]> delivered = [];
        while (Array.FindAll(queues, queue => queue.Count > 0) is { Length: > 0 } left)
        {
            Queue<SequencedEvent> queue = left[random.Next(left.Length)];
            int size = random.Next(1, queue.Count + 1);
            delivered.Add([.. Enumerable.Range(0, size).Select(_ => queue.Dequeue())]);
            yield return delivered[^1];
            if (random.Next(3) == 0)
            {
                yield return delivered[random.Next(delivered.Count)];
            }
        }
    }

    private static LinkEvent EventOf(
        LinkKey link,
        int what,
        string record,
        (int Occurred, int Received) hours,
        int cents,
        int bits
    )
    {
        LinkEvent e = what switch
        {
            <= 4 => Order(link, what, record, cents, bits),
            <= 6 => Case(link, record, bits),
            7 => Opportunity(link, record, cents, bits),
            8 => Some.Event(EventKind.Engagement, "ProductUsage", link) with
            {
                Fields = Chosen(
                    bits,
                    "name".Is(Word(bits >> 8)),
                    "units".Is((bits % 7) - 2m),
                    new Field("units", FieldValue.Of("many"))
                ),
            },
            _ => Some.Event(EventKind.Engagement, "Engagement", link) with
            {
                Fields = Chosen(
                    bits,
                    "name".Is(Word(bits >> 8)),
                    "category".Is(Word(bits >> 12)),
                    "seconds".Is(cents / 1_000m),
                    "price".Is(cents / 100m),
                    "currency".Is(bits % 2 == 0 ? "EUR" : "USD")
                ),
            },
        };
        return e with
        {
            ReceivedAt = Some.Noon.AddHours(hours.Received),
            OccurredAt = Some.Noon.AddHours(Math.Min(hours.Occurred, hours.Received + 23)),
        };
    }

    private static LinkEvent Order(LinkKey link, int what, string record, int cents, int bits)
    {
        if (what == 0)
        {
            return Some.Event(EventKind.Deleted, "SalesOrder", link, record);
        }

        // Some amounts have more decimals than are kept.
        decimal amount = bits % 5 == 0 ? cents / 70_000_000_000m : cents / 100m;
        OrderLine[] lines =
        [
            new()
            {
                Id = $"l{bits % 3}",
                Category = bits % 4 == 0 ? null : Word(bits >> 16),
                Product = Word(bits >> 20),
                Quantity = (bits % 9) - 1,
                Amount = amount,
            },
            new()
            {
                Id = "l9",
                Category = Word(bits >> 14),
                Amount = -amount / 2,
            },
        ];
        return Some.Event(
            bits % 3 == 0 ? EventKind.Created : EventKind.Updated,
            "SalesOrder",
            link,
            record
        ) with
        {
            Fields = Chosen(
                bits,
                what == 1 ? new Field("total", FieldValue.Null) : "total".Is(amount),
                "status".Is(Word(bits >> 8)),
                "channel".Is(Word(bits >> 12)),
                "currency".Is(bits % 3 == 0 ? "EUR" : "USD"),
                new Field("orderedAt", FieldValue.Of(Some.Noon.AddDays((bits >> 8) % 800 - 400)))
            ),
            Lines = [.. lines[..((bits >> 6) % 3)]],
            LinesComplete = bits % 6 == 0,
        };
    }

    private static LinkEvent Case(LinkKey link, string record, int bits) =>
        Some.Event(
            (bits % 8) switch
            {
                0 => EventKind.Deleted,
                1 or 2 or 3 => EventKind.Closed,
                _ => EventKind.Updated,
            },
            "Case",
            link,
            record
        ) with
        {
            Fields =
                bits % 8 == 0
                    ? []
                    : Chosen(bits, "category".Is(Word(bits >> 8)), "code".Is(Word(bits >> 12))),
        };

    private static LinkEvent Opportunity(LinkKey link, string record, int cents, int bits) =>
        Some.Event(
            bits % 3 == 0 ? EventKind.Closed : EventKind.Updated,
            "Opportunity",
            link,
            record
        ) with
        {
            Fields = Chosen(
                bits,
                "amount".Is(cents / 100m),
                "stage".Is(Word(bits >> 8)),
                "currency".Is(bits % 2 == 0 ? "EUR" : "USD"),
                new Field("closeDate", FieldValue.Of(Some.Noon.AddDays((bits >> 9) % 300 - 150)))
            ),
        };

    private static string Word(int bits) => Words[Math.Abs(bits) % Words.Length];

    /// <summary>Most of the fields.</summary>
    private static ImmutableArray<Field> Chosen(int bits, params Field[] fields) =>
        [
            .. fields
                .Where((_, i) => (bits >> (i * 2) & 3) != 0)
                .DistinctBy(field => field.Name, StringComparer.Ordinal),
        ];
}
