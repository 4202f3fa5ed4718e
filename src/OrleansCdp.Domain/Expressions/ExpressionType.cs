namespace OrleansCdp.Expressions;

/// <summary>The type of an expression's value. Any of them may be absent, which is called null.</summary>
public enum ExpressionType
{
    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A decimal number, exact, at most 28 digits.</summary>
    Number,

    /// <summary>Unicode text, compared code unit by code unit.</summary>
    Text,

    /// <summary>A moment, UTC, to the tick. A calendar day is its first moment in UTC.</summary>
    Instant,

    /// <summary>A length of time: days have 24 hours, weeks 7 days, years 365 days.</summary>
    Duration,
}
