using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>An amount of money in one currency, exact.</summary>
/// <param name="Currency">ISO 4217 code, or <c>XXX</c> where the source states none.</param>
/// <param name="Amount">The amount.</param>
[GenerateSerializer, Immutable, Alias("cdp.money")]
public readonly record struct Money(
    [property: Id(0)] string Currency,
    [property: Id(1)] decimal Amount
);

/// <summary>What is left of records that were folded away: sums, no detail.</summary>
[GenerateSerializer, Immutable, Alias("cdp.record-base")]
public sealed record RecordBase
{
    /// <summary>Nothing folded yet.</summary>
    public static RecordBase None { get; } = new();

    /// <summary>Records folded.</summary>
    [Id(0)]
    public int Count { get; init; }

    /// <summary>Their totals, per currency, sorted by currency.</summary>
    [Id(1)]
    public ImmutableArray<Money> Totals { get; init; } = [];

    /// <summary>Their closures.</summary>
    [Id(2)]
    public int Closures { get; init; }

    /// <summary>Creation of the earliest; UTC ticks.</summary>
    [Id(3)]
    public long FirstAt { get; init; }

    /// <summary>Creation of the latest; UTC ticks.</summary>
    [Id(4)]
    public long LastAt { get; init; }

    /// <summary>Hashes of their ids, sorted; at most <see cref="Limits.FoldedRecordsMax"/>.</summary>
    [Id(5)]
    public ImmutableArray<ulong> Ids { get; init; } = [];

    /// <summary>What insights know of them, sorted by revision.</summary>
    [Id(6)]
    public ImmutableArray<Accumulation> Insights
    {
        get => field.IsDefault ? [] : field; // In states of first versions.
        init;
    } = [];

    /// <summary>Whether a record was folded away.</summary>
    public bool Holds(string recordId) =>
        !Ids.IsEmpty && Ids.BinarySearch(Partitions.HashOf(recordId)) >= 0;

    /// <summary>Whether one more record fits.</summary>
    public bool HasRoom => Ids.Length < Limits.FoldedRecordsMax;

    /// <summary>Folds a record in.</summary>
    public RecordBase Fold(RecordState record)
    {
        int at = ~Ids.BinarySearch(Partitions.HashOf(record.Id));
        return this with
        {
            Count = Count + 1,
            Totals = MoneySums.Add(Totals, MoneySums.Of(record)),
            Closures = Closures + record.Closures,
            FirstAt = Count == 0 ? record.MadeAt : Math.Min(FirstAt, record.MadeAt),
            LastAt = Math.Max(LastAt, record.MadeAt),
            Ids = at >= 0 ? Ids.Insert(at, Partitions.HashOf(record.Id)) : Ids,
        };
    }
}

/// <summary>Sums of money, one per currency, sorted by currency.</summary>
public static class MoneySums
{
    /// <summary>The currency of records that state none (ISO 4217: no currency).</summary>
    public const string NoCurrency = "XXX";

    /// <summary>A record's total.</summary>
    public static Money Of(RecordState record) =>
        new(Registers.Find(record.Fields, "currency")?.Text ?? NoCurrency, record.Total);

    /// <summary>Adds an amount to the sums.</summary>
    public static ImmutableArray<Money> Add(ImmutableArray<Money> sums, Money money)
    {
        for (int i = 0; i < sums.Length; i++)
        {
            int order = string.CompareOrdinal(sums[i].Currency, money.Currency);
            if (order == 0)
            {
                return sums.SetItem(i, money with { Amount = sums[i].Amount + money.Amount });
            }

            if (order > 0)
            {
                return sums.Insert(i, money);
            }
        }

        return sums.Add(money);
    }
}

/// <summary>All records of one object in one link: a last-writer-wins map by record id, bounded.</summary>
[GenerateSerializer, Immutable, Alias("cdp.record-set")]
public sealed record RecordSet
{
    /// <summary>The canonical object, e.g. <see cref="RecordObjects.SalesOrder"/>.</summary>
    [Id(0)]
    public required string Object { get; init; }

    /// <summary>Sorted by id; at most <see cref="Limits.RecordsMax"/>.</summary>
    [Id(1)]
    public ImmutableArray<RecordState> Records { get; init; } = [];

    /// <summary>What was folded away.</summary>
    [Id(2)]
    public RecordBase Base { get; init; } = RecordBase.None;

    /// <summary>Joins an event of one of these records in.</summary>
    /// <param name="e">The event.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="insights">The insights that are computed: what is folded away is counted in them.</param>
    public RecordSet Join(SequencedEvent e, out EventOutcome outcome, InsightSet? insights = null)
    {
        if (!HasAmountsToSum(e.Event))
        {
            outcome = EventOutcome.Refused(ReasonCodes.LimitExceeded);
            return this;
        }

        string id = e.Event.RecordId!;
        int at = IndexOf(id);
        if (at >= 0)
        {
            if (Records[at].IsFoldedFor(e))
            {
                outcome = EventOutcome.Refused(ReasonCodes.RecordFolded);
                return this;
            }

            RecordState joined = Records[at].Join(e, out string? reason);
            if (!joined.IsWithinLimits)
            {
                outcome = EventOutcome.Refused(ReasonCodes.LimitExceeded);
                return this;
            }

            outcome = reason is null ? EventOutcome.Applied : EventOutcome.Suppressed(reason);
            return this with { Records = Records.SetItem(at, joined) };
        }

        if (Base.Holds(id))
        {
            outcome = EventOutcome.Refused(ReasonCodes.RecordFolded);
            return this;
        }

        if (Records.Length >= Limits.RecordsMax && !Base.HasRoom)
        {
            outcome = EventOutcome.Refused(ReasonCodes.LimitExceeded);
            return this;
        }

        RecordState first = RecordState.Begin(e);
        if (!first.IsWithinLimits)
        {
            outcome = EventOutcome.Refused(ReasonCodes.LimitExceeded);
            return this;
        }

        outcome = EventOutcome.Applied;
        RecordSet next = this with { Records = Records.Insert(~at, first) };
        return next.Records.Length > Limits.RecordsMax
            ? next.FoldOldest(e.Event, insights ?? InsightSet.None)
            : next;
    }

    /// <summary>A record that is kept; null when there is none.</summary>
    public RecordState? Find(string id)
    {
        int at = IndexOf(id);
        return at < 0 ? null : Records[at];
    }

    private static bool HasAmountsToSum(LinkEvent said)
    {
        foreach (OrderLine line in said.Lines)
        {
            if (Math.Abs(line.Amount) > Limits.AmountMax)
            {
                return false;
            }
        }

        foreach (Field field in said.Fields)
        {
            if (field.Name == "total" && Math.Abs(field.Value.AsNumber() ?? 0) > Limits.AmountMax)
            {
                return false;
            }
        }

        return true;
    }

    private RecordSet FoldOldest(LinkEvent cause, InsightSet insights)
    {
        // An open case is what people look at: it stays as long as there is anything closed to fold.
        RecordState oldest = Records.MinBy(record =>
            (Open: Object == RecordObjects.Case && !record.IsClosed, record.First.At, record.Id)
        )!;
        if (oldest.MadeAt > cause.ReceivedAt.UtcTicks)
        {
            // An order dated ahead counts from then on, which only a record that is kept can wait for.
            oldest = Records.MinBy(record =>
                (
                    Ahead: record.MadeAt > cause.ReceivedAt.UtcTicks,
                    Open: Object == RecordObjects.Case && !record.IsClosed,
                    record.First.At,
                    record.Id
                )
            )!;
        }

        RecordBase folded = Base.Fold(oldest);
        return this with
        {
            Records = Records.Remove(oldest),
            Base = oldest.IsDeleted
                ? Base with
                {
                    Ids = folded.Ids,
                }
                : folded with
                {
                    Insights = insights.Add(
                        Base.Insights,
                        new LinkRecord(cause.Link, Object, oldest),
                        cause.Subject,
                        Base.Count,
                        cause.ReceivedAt.UtcTicks
                    ),
                },
        };
    }

    private int IndexOf(string id) =>
        Records.IndexOf(id, static (record, key) => string.CompareOrdinal(record.Id, key));
}
