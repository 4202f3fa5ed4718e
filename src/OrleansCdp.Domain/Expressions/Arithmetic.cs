using System.Globalization;

namespace OrleansCdp.Expressions;

/// <summary>What values of the language do with each other. What has no result gives none.</summary>
internal static class Arithmetic
{
    public static bool Add(decimal left, decimal right, out decimal value) =>
        Try(left, right, static (a, b) => a + b, out value);

    public static bool Subtract(decimal left, decimal right, out decimal value) =>
        Try(left, right, static (a, b) => a - b, out value);

    public static bool Multiply(decimal left, decimal right, out decimal value) =>
        Try(left, right, static (a, b) => a * b, out value);

    public static bool Divide(decimal left, decimal right, out decimal value)
    {
        value = 0;
        return right != 0 && Try(left, right, static (a, b) => a / b, out value);
    }

    public static bool Add(TimeSpan left, TimeSpan right, out TimeSpan value) =>
        OfTicks((Int128)left.Ticks + right.Ticks, out value);

    public static bool Subtract(TimeSpan left, TimeSpan right, out TimeSpan value) =>
        OfTicks((Int128)left.Ticks - right.Ticks, out value);

    public static bool Multiply(TimeSpan left, decimal right, out TimeSpan value)
    {
        value = default;
        return Multiply(left.Ticks, right, out decimal ticks) && OfTicks(ticks, out value);
    }

    public static bool Multiply(decimal left, TimeSpan right, out TimeSpan value) =>
        Multiply(right, left, out value);

    public static bool Divide(TimeSpan left, decimal right, out TimeSpan value)
    {
        value = default;
        return Divide(left.Ticks, right, out decimal ticks) && OfTicks(ticks, out value);
    }

    public static bool Divide(TimeSpan left, TimeSpan right, out decimal value) =>
        Divide(left.Ticks, (decimal)right.Ticks, out value);

    public static bool Subtract(DateTimeOffset left, DateTimeOffset right, out TimeSpan value)
    {
        value = left - right; // Ten thousand years are far within a duration.
        return true;
    }

    public static bool Add(DateTimeOffset left, TimeSpan right, out DateTimeOffset value)
    {
        Int128 ticks = (Int128)left.UtcTicks + right.Ticks;
        bool fits = ticks >= 0 && ticks <= DateTimeOffset.MaxValue.UtcTicks;
        value = fits ? new DateTimeOffset((long)ticks, TimeSpan.Zero) : default;
        return fits;
    }

    public static bool Add(TimeSpan left, DateTimeOffset right, out DateTimeOffset value) =>
        Add(right, left, out value);

    public static bool Subtract(DateTimeOffset left, TimeSpan right, out DateTimeOffset value)
    {
        value = default;
        return Subtract(TimeSpan.Zero, right, out TimeSpan back) && Add(left, back, out value);
    }

    /// <summary>Reads a field as a number.</summary>
    public static bool Read(FieldValue field, out decimal value)
    {
        value = 0;
        return field.Type == FieldType.Number
            && decimal.TryParse(
                field.Text,
                NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture,
                out value
            );
    }

    /// <summary>Reads a field as an instant.</summary>
    public static bool Read(FieldValue field, out DateTimeOffset value)
    {
        DateTimeOffset? instant = field.AsInstant();
        value = instant.GetValueOrDefault();
        return instant is not null;
    }

    /// <summary>Reads a field as a truth value.</summary>
    public static bool Read(FieldValue field, out bool value)
    {
        value = field is { Type: FieldType.Boolean, Text: "true" };
        return field.Type == FieldType.Boolean;
    }

    /// <summary>Reads a field as a text; what has another type has none.</summary>
    public static bool Read(FieldValue field, out string value)
    {
        value = field.Text;
        return field.Type is FieldType.Text or FieldType.Json;
    }

    /// <summary>Reads a field of some facts as a number.</summary>
    public static bool Read(IFacts facts, int slot, out decimal value) =>
        facts.TryGet(slot, out value);

    /// <summary>Reads a field of some facts as an instant.</summary>
    public static bool Read(IFacts facts, int slot, out DateTimeOffset value) =>
        facts.TryGet(slot, out value);

    /// <summary>Reads a field of some facts as a truth value.</summary>
    public static bool Read(IFacts facts, int slot, out bool value)
    {
        value = false;
        return facts.Find(slot) is { } field && Read(field, out value);
    }

    /// <summary>Reads a field of some facts as a text.</summary>
    public static bool Read(IFacts facts, int slot, out string value)
    {
        value = "";
        return facts.Find(slot) is { } field && Read(field, out value);
    }

    private static bool OfTicks(Int128 ticks, out TimeSpan value)
    {
        bool fits = ticks >= long.MinValue && ticks <= long.MaxValue;
        value = fits ? new TimeSpan((long)ticks) : default;
        return fits;
    }

    private static bool OfTicks(decimal ticks, out TimeSpan value)
    {
        bool fits = ticks >= long.MinValue && ticks <= long.MaxValue;
        value = fits ? new TimeSpan((long)Math.Round(ticks)) : default;
        return fits;
    }

    // The only way to learn that a decimal overflows is to let it.
    private static bool Try(
        decimal left,
        decimal right,
        Func<decimal, decimal, decimal> compute,
        out decimal value
    )
    {
        try
        {
            value = compute(left, right);
            return true;
        }
        catch (OverflowException)
        {
            value = 0;
            return false;
        }
    }
}
