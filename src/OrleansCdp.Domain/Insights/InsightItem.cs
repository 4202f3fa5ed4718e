using OrleansCdp.Expressions;

namespace OrleansCdp.Insights;

/// <summary>One thing that an insight is computed from, as expressions see it.</summary>
internal abstract class InsightItem(InsightSource source) : IFacts
{
    /// <summary>When an item counts unless its definition says otherwise.</summary>
    public static Expression<DateTimeOffset> AtOfItem { get; } =
        new FieldPart<DateTimeOffset>(BuiltIn.At, Arithmetic.Read);

    public DateTimeOffset Now =>
        throw new InvalidOperationException(
            "What an item contributes must not depend on the clock."
        );

    public FieldValue? Find(int slot) =>
        slot < 0 ? FindBuiltIn(slot) : FindField(source.Fields[slot]);

    protected abstract FieldValue? FindField(string name);

    protected abstract FieldValue? FindBuiltIn(int slot);
}

/// <summary>A record, one of its lines, or one of its closures.</summary>
internal sealed class RecordItem(
    InsightSource source,
    RecordState record,
    LineRegister? line = null,
    long? closedAt = null
) : InsightItem(source)
{
    protected override FieldValue? FindField(string name) => Registers.Find(record.Fields, name);

    protected override FieldValue? FindBuiltIn(int slot) =>
        slot switch
        {
            BuiltIn.At => At(closedAt ?? record.MadeAt),
            BuiltIn.RecordId => FieldValue.Of(record.Id),
            BuiltIn.UpdatedAt => At(record.Last.At),
            BuiltIn.Total => FieldValue.Of(record.Total),
            BuiltIn.IsClosed => FieldValue.Of(record.IsClosed),
            BuiltIn.ClosedAt => record.ClosedAt is { } at ? FieldValue.Of(at) : null,
            BuiltIn.Closures => FieldValue.Of(record.Closures),
            BuiltIn.LineId => line is null ? null : FieldValue.Of(line.Line.Id),
            BuiltIn.LineProduct => TextOf(line?.Line.Product),
            BuiltIn.LineCategory => TextOf(line?.Line.Category),
            BuiltIn.LineQuantity => line is null ? null : FieldValue.Of(line.Line.Quantity),
            BuiltIn.LineAmount => line is null ? null : FieldValue.Of(line.Line.Amount),
            _ => throw new ArgumentOutOfRangeException(nameof(slot), slot, "No built-in field."),
        };

    private static FieldValue At(long ticks) =>
        FieldValue.Of(new DateTimeOffset(ticks, TimeSpan.Zero));

    private static FieldValue? TextOf(string? text) => text is null ? null : FieldValue.Of(text);
}
