using System.Runtime.InteropServices;
using OrleansCdp.Expressions;

namespace OrleansCdp.Insights;

/// <summary>
/// A value that is computed with. A number or an instant is written as text only when somebody reads it, for that is more work
/// than computing it.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct PlainValue
{
    private readonly FieldType type; // Null: it is written, or none.
    private readonly decimal number;
    private readonly DateTimeOffset instant;
    private readonly FieldValue written;

    private PlainValue(FieldType type, decimal number, DateTimeOffset instant, FieldValue written)
    {
        this.type = type;
        this.number = number;
        this.instant = instant;
        this.written = written;
    }

    /// <summary>A number.</summary>
    public static PlainValue Of(decimal number) => new(FieldType.Number, number, default, default);

    /// <summary>An instant.</summary>
    public static PlainValue Of(DateTimeOffset instant) =>
        new(FieldType.Timestamp, 0, instant, default);

    /// <summary>A value that is written already.</summary>
    public static PlainValue Of(FieldValue written) => new(FieldType.Null, 0, default, written);

    /// <summary>What was measured of an item.</summary>
    /// <param name="type">The type of what is measured.</param>
    /// <param name="value">It.</param>
    public static PlainValue Of(ExpressionType type, Measured value) =>
        type switch
        {
            ExpressionType.Text => Of(FieldValue.Of(value.Text!)),
            ExpressionType.Instant => Of(new DateTimeOffset((long)value.Order, TimeSpan.Zero)),
            ExpressionType.Boolean => Of(FieldValue.Of(value.Order != 0)),
            _ => Of(Exact.ToNumber(value.Order)),
        };

    /// <summary>It as text.</summary>
    public FieldValue Written =>
        type switch
        {
            FieldType.Number => FieldValue.Of(number),
            FieldType.Timestamp => FieldValue.Of(instant),
            _ => written,
        };

    /// <summary>The number it is.</summary>
    /// <returns>False where it is none.</returns>
    public bool TryGet(out decimal value)
    {
        value = number;
        return type == FieldType.Number
            || (type == FieldType.Null && Arithmetic.Read(written, out value));
    }

    /// <summary>The instant it is.</summary>
    /// <returns>False where it is none.</returns>
    public bool TryGet(out DateTimeOffset value)
    {
        value = instant;
        return type == FieldType.Timestamp
            || (type == FieldType.Null && Arithmetic.Read(written, out value));
    }
}
