using OrleansCdp.Events;
using OrleansCdp.Expressions;

namespace OrleansCdp.Insights;

/// <summary>
/// What expressions may ask of one item. One is filled again and again, so that reading an item allocates nothing.
/// </summary>
internal sealed class ItemFacts : IFacts
{
    private InsightSource? source;
    private RecordState? record;
    private LineRegister? line;
    private LinkEvent? done;
    private long at;

    // Every insight over a record asks for these, and both are read out of its fields.
    private long? madeAt;
    private decimal? total;

    /// <inheritdoc/>
    public DateTimeOffset Now =>
        throw new InvalidOperationException("Items are measured without asking for the time.");

    /// <summary>Speaks of a record, or of one of the lines of an order.</summary>
    public void Be(InsightSource of, RecordState said, LineRegister? itsLine = null)
    {
        Be(of, said, when: 0);
        line = itsLine;
        at = of.Object == RecordObjects.SalesOrder ? madeAt ??= said.MadeAt : said.First.At;
    }

    /// <summary>Speaks of one of the closures of a record.</summary>
    public void Be(InsightSource of, RecordState said, long when)
    {
        if (!ReferenceEquals(record, said))
        {
            (madeAt, total) = (null, null);
        }

        (source, record, line, done, at) = (of, said, null, null, when);
    }

    /// <summary>
    /// Speaks of something done. A clock of a source that runs ahead does not make it happen after it was heard of.
    /// </summary>
    public void Be(InsightSource of, LinkEvent said) =>
        (source, record, line, done, at) = (
            of,
            null,
            null,
            said,
            Math.Min(said.OccurredAt.UtcTicks, said.ReceivedAt.UtcTicks)
        );

    /// <inheritdoc/>
    public FieldValue? Find(int slot)
    {
        if (slot < 0)
        {
            return FindBuiltIn(slot);
        }

        string name = source!.FieldNames[slot];
        if (record is not null)
        {
            return Registers.Find(record.Fields, name);
        }

        foreach (Field field in done!.Fields)
        {
            if (field.Name == name)
            {
                return field.Value;
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public bool TryGet(int slot, out decimal value)
    {
        switch (slot)
        {
            case BuiltIn.Total:
                value = total ??= record!.Total;
                return true;
            case BuiltIn.Closures:
                value = record!.Closures;
                return true;
            case BuiltIn.LineQuantity:
                value = line!.Line.Quantity;
                return true;
            case BuiltIn.LineAmount:
                value = line!.Line.Amount;
                return true;
            default:
                value = 0;
                return Find(slot) is { } field && Arithmetic.Read(field, out value);
        }
    }

    /// <inheritdoc/>
    public bool TryGet(int slot, out DateTimeOffset value)
    {
        switch (slot)
        {
            case BuiltIn.At:
                value = new DateTimeOffset(at, TimeSpan.Zero);
                return true;
            case BuiltIn.UpdatedAt:
                value = record!.Last.Time;
                return true;
            case BuiltIn.ClosedAt:
                value = record!.ClosedAt.GetValueOrDefault();
                return record.IsClosed;
            default:
                value = default;
                return Find(slot) is { } field && Arithmetic.Read(field, out value);
        }
    }

    private FieldValue? FindBuiltIn(int slot) =>
        slot switch
        {
            BuiltIn.RecordId => FieldValue.Of(record!.Id),
            BuiltIn.IsClosed => FieldValue.Of(record!.IsClosed),
            BuiltIn.LineId => FieldValue.Of(line!.Line.Id),
            BuiltIn.LineProduct => TextOf(line!.Line.Product),
            BuiltIn.LineCategory => TextOf(line!.Line.Category),
            // Numbers and instants are asked for as such.
            _ => throw new ArgumentOutOfRangeException(nameof(slot), slot, "No built-in field."),
        };

    private static FieldValue? TextOf(string? text) => text is null ? null : FieldValue.Of(text);
}
