using System.Collections.Immutable;

namespace OrleansCdp.Expressions;

/// <summary>Facts about an order, for tests.</summary>
internal sealed class Orders : IFacts
{
    public static DateTimeOffset Today { get; } = new(2027, 1, 4, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Every field a test may name; <c>nothing</c> has no value in any.</summary>
    public static ImmutableSortedDictionary<string, Symbol> Symbols { get; } =
        new Dictionary<string, Symbol>(StringComparer.Ordinal)
        {
            ["total"] = new(0, ExpressionType.Number),
            ["status"] = new(1, ExpressionType.Text),
            ["orderedAt"] = new(2, ExpressionType.Instant),
            ["paid"] = new(3, ExpressionType.Boolean),
            ["account.industry"] = new(4, ExpressionType.Text),
            ["`Région`"] = new(5, ExpressionType.Text),
            ["nothing"] = new(6, ExpressionType.Number),
            ["unsaid"] = new(7, ExpressionType.Text),
            ["never"] = new(8, ExpressionType.Instant),
            ["maybe"] = new(9, ExpressionType.Boolean),
        }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    private static readonly FieldValue?[] Values =
    [
        FieldValue.Of(120.50m),
        FieldValue.Of("Shipped"),
        FieldValue.Of(Today.AddDays(-30)),
        FieldValue.Of(true),
        FieldValue.Of("Retail"),
        FieldValue.Of("Süd"),
        null,
        FieldValue.Null,
        null,
        null,
    ];

    public DateTimeOffset Now { get; init; } = Today;

    public FieldValue? Find(int slot) => Values[slot];

    public static CompiledExpression? Compile(
        string text,
        List<ExpressionError> errors,
        bool knowsNow = true,
        ExpressionType? wanted = null
    ) => ExpressionCompiler.Compile(text, new ExpressionScope(Symbols, knowsNow), wanted, errors);

    /// <summary>The value as text; <c>(none)</c> for none.</summary>
    public static string ValueOf(string text)
    {
        List<ExpressionError> errors = [];
        CompiledExpression? compiled = Compile(text, errors);
        errors.ShouldBeEmpty(text);
        return ValueOf(compiled!.Root);
    }

    public static string ValueOf(Expression expression)
    {
        Orders facts = new();
        return expression switch
        {
            Expression<bool> e when e.TryGet(facts, out bool v) => v ? "true" : "false",
            Expression<decimal> e when e.TryGet(facts, out decimal v) => FieldValue.Of(v).Text,
            Expression<string> e when e.TryGet(facts, out string? v) => v,
            Expression<DateTimeOffset> e when e.TryGet(facts, out DateTimeOffset v) =>
                Rfc3339.Format(v),
            Expression<TimeSpan> e when e.TryGet(facts, out TimeSpan v) => v.ToString("c", null),
            _ => "(none)",
        };
    }
}
