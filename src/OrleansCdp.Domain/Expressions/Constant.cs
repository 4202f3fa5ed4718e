namespace OrleansCdp.Expressions;

/// <summary>A value that stands in an expression.</summary>
public abstract record Constant
{
    /// <summary>Its type.</summary>
    public abstract ExpressionType Type { get; }

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public sealed record Truth(bool Value) : Constant
    {
        /// <inheritdoc/>
        public override ExpressionType Type => ExpressionType.Boolean;
    }

    /// <summary><c>12.5</c></summary>
    public sealed record Number(decimal Value) : Constant
    {
        /// <inheritdoc/>
        public override ExpressionType Type => ExpressionType.Number;
    }

    /// <summary><c>'Electronics'</c></summary>
    public sealed record Text(string Value) : Constant
    {
        /// <inheritdoc/>
        public override ExpressionType Type => ExpressionType.Text;
    }

    /// <summary><c>@2027-01-04</c> or <c>@2027-01-04T10:00:00Z</c></summary>
    public sealed record Instant(DateTimeOffset Value) : Constant
    {
        /// <inheritdoc/>
        public override ExpressionType Type => ExpressionType.Instant;
    }

    /// <summary><c>30 days</c></summary>
    public sealed record Duration(TimeSpan Value) : Constant
    {
        /// <inheritdoc/>
        public override ExpressionType Type => ExpressionType.Duration;
    }
}
