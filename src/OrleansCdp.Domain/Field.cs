using System.Globalization;

namespace OrleansCdp;

/// <summary>The type of a field's value.</summary>
public enum FieldType
{
    /// <summary>Unicode text.</summary>
    Text = 0,

    /// <summary>A decimal number, exact, at most 28 digits.</summary>
    Number = 1,

    /// <summary>True or false.</summary>
    Boolean = 2,

    /// <summary>An instant, UTC, to the tick.</summary>
    Timestamp = 3,

    /// <summary>A calendar day without a zone.</summary>
    Date = 4,

    /// <summary>Nested JSON, kept as compact text.</summary>
    Json = 5,

    /// <summary>Explicitly nothing: the source removed the value.</summary>
    Null = 6,
}

/// <summary>
/// One value in canonical form: equal values have equal text, so that two folds can be compared
/// byte for byte.
/// </summary>
/// <param name="Type">What the text holds.</param>
/// <param name="Text">The canonical invariant text; empty for <see cref="FieldType.Null"/>.</param>
[GenerateSerializer, Immutable, Alias("cdp.field-value")]
public readonly record struct FieldValue(
    [property: Id(0)] FieldType Type,
    [property: Id(1)] string Text
)
{
    /// <summary>The explicit nothing.</summary>
    public static FieldValue Null { get; } = new(FieldType.Null, "");

    /// <summary>Whether this is the explicit nothing.</summary>
    public bool IsNull => Type == FieldType.Null;

    /// <summary>A text value.</summary>
    public static FieldValue Of(string text) => new(FieldType.Text, text);

    /// <summary>A number; trailing zeros are dropped, so 12.50 equals 12.5.</summary>
    public static FieldValue Of(decimal number) =>
        new(
            FieldType.Number,
            (number / 1.000000000000000000000000000000000m).ToString(CultureInfo.InvariantCulture)
        );

    /// <summary>A truth value.</summary>
    public static FieldValue Of(bool value) => new(FieldType.Boolean, value ? "true" : "false");

    /// <summary>An instant, converted to UTC.</summary>
    public static FieldValue Of(DateTimeOffset instant) =>
        new(FieldType.Timestamp, Rfc3339.Format(instant));

    /// <summary>A calendar day.</summary>
    public static FieldValue Of(DateOnly day) =>
        new(FieldType.Date, day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

    /// <summary>The number held, or null when this is not a number.</summary>
    public decimal? AsNumber() =>
        Type == FieldType.Number ? decimal.Parse(Text, CultureInfo.InvariantCulture) : null;

    /// <summary>The instant held, or null when this is none; a day is its first moment in UTC.</summary>
    public DateTimeOffset? AsInstant() =>
        Type is FieldType.Timestamp or FieldType.Date
        && DateTimeOffset.TryParse(
            Text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out DateTimeOffset instant
        )
            ? instant
            : null;
}

/// <summary>A named value.</summary>
/// <param name="Name">The canonical name, camelCase.</param>
/// <param name="Value">The value.</param>
[GenerateSerializer, Immutable, Alias("cdp.field")]
public readonly record struct Field(
    [property: Id(0)] string Name,
    [property: Id(1)] FieldValue Value
);

/// <summary>Instants as text, RFC 3339, UTC, with as many decimals as needed.</summary>
public static class Rfc3339
{
    /// <summary>The one way an instant is written.</summary>
    public static string Format(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFZ", CultureInfo.InvariantCulture);
}
