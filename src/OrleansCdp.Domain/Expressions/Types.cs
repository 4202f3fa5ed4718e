namespace OrleansCdp.Expressions;

/// <summary>How types are called, and which they are here.</summary>
internal static class Types
{
    /// <summary>A type in a sentence.</summary>
    public static string A(ExpressionType type) =>
        type switch
        {
            ExpressionType.Boolean => "a condition",
            ExpressionType.Number => "a number",
            ExpressionType.Text => "a text",
            ExpressionType.Instant => "an instant",
            _ => "a duration",
        };

    /// <summary>The type whose values these are.</summary>
    public static ExpressionType Of<T>() =>
        typeof(T) == typeof(bool) ? ExpressionType.Boolean
        : typeof(T) == typeof(decimal) ? ExpressionType.Number
        : typeof(T) == typeof(string) ? ExpressionType.Text
        : typeof(T) == typeof(DateTimeOffset) ? ExpressionType.Instant
        : ExpressionType.Duration;
}
