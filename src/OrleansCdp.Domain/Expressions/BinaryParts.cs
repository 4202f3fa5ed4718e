using System.Collections.Immutable;

namespace OrleansCdp.Expressions;

/// <summary>What operators make of operands, by their types.</summary>
internal static class BinaryParts
{
    /// <summary>The part that an operator makes; null where it does not go between these.</summary>
    public static Expression? Of(Operator op, Expression left, Expression right) =>
        op is Operator.Plus or Operator.Minus or Operator.Times or Operator.Divided
            ? Computed(op, left, right)
            : (left, right) switch
            {
                (Expression<decimal> one, Expression<decimal> other) => Ordered(
                    op,
                    one,
                    other,
                    static (a, b) => a.CompareTo(b)
                ),
                (Expression<string> one, Expression<string> other) => (Expression<bool>?)TextTest(
                    op,
                    one,
                    other
                )
                    ?? Ordered(op, one, other, string.CompareOrdinal),
                (Expression<DateTimeOffset> one, Expression<DateTimeOffset> other) => Ordered(
                    op,
                    one,
                    other,
                    static (a, b) => a.CompareTo(b)
                ),
                (Expression<TimeSpan> one, Expression<TimeSpan> other) => Ordered(
                    op,
                    one,
                    other,
                    static (a, b) => a.CompareTo(b)
                ),
                (Expression<bool> one, Expression<bool> other)
                    when op is Operator.Equal or Operator.NotEqual => Ordered(
                    op,
                    one,
                    other,
                    static (a, b) => a.CompareTo(b)
                ),
                _ => null,
            };

    /// <summary>Whether a value is one of a set of values of its type.</summary>
    public static Expression<bool> In(
        Expression of,
        IEnumerable<Expression> values,
        bool negated
    ) =>
        of switch
        {
            Expression<bool> truth => SetOf(truth, values, negated),
            Expression<decimal> number => SetOf(number, values, negated),
            Expression<string> text => SetOf(text, values, negated),
            Expression<DateTimeOffset> instant => SetOf(instant, values, negated),
            Expression<TimeSpan> duration => SetOf(duration, values, negated),
            _ => throw new ArgumentOutOfRangeException(nameof(of)),
        };

    private static SetPart<T> SetOf<T>(
        Expression<T> of,
        IEnumerable<Expression> values,
        bool negated
    )
        where T : notnull =>
        new(of, [.. values.Cast<ConstantPart<T>>().Select(value => value.Constant)], negated);

    private static ComparedPart<string>? TextTest(
        Operator op,
        Expression<string> left,
        Expression<string> right
    ) =>
        op switch
        {
            Operator.Contains => new(
                left,
                right,
                static (text, part) => text.Contains(part, StringComparison.Ordinal)
            ),
            Operator.StartsWith => new(
                left,
                right,
                static (text, part) => text.StartsWith(part, StringComparison.Ordinal)
            ),
            Operator.EndsWith => new(
                left,
                right,
                static (text, part) => text.EndsWith(part, StringComparison.Ordinal)
            ),
            _ => null,
        };

    private static ComparedPart<T>? Ordered<T>(
        Operator op,
        Expression<T> left,
        Expression<T> right,
        Func<T, T, int> compare
    )
        where T : notnull
    {
        Func<int, bool>? holds = op switch
        {
            Operator.Equal => static side => side == 0,
            Operator.NotEqual => static side => side != 0,
            Operator.Less => static side => side < 0,
            Operator.LessOrEqual => static side => side <= 0,
            Operator.Greater => static side => side > 0,
            Operator.GreaterOrEqual => static side => side >= 0,
            _ => null,
        };
        return holds is null
            ? null
            : new ComparedPart<T>(left, right, (a, b) => holds(Math.Sign(compare(a, b))), holds);
    }

    private static Expression? Computed(Operator op, Expression left, Expression right) =>
        (left, right) switch
        {
            (Expression<decimal> a, Expression<decimal> b) => Made<decimal, decimal, decimal>(
                a,
                b,
                op,
                op switch
                {
                    Operator.Plus => Arithmetic.Add,
                    Operator.Minus => Arithmetic.Subtract,
                    Operator.Times => Arithmetic.Multiply,
                    _ => Arithmetic.Divide,
                }
            ),
            (Expression<TimeSpan> a, Expression<TimeSpan> b) when op == Operator.Divided => Made<
                TimeSpan,
                TimeSpan,
                decimal
            >(a, b, op, Arithmetic.Divide),
            (Expression<TimeSpan> a, Expression<TimeSpan> b) => Made<TimeSpan, TimeSpan, TimeSpan>(
                a,
                b,
                op,
                op switch
                {
                    Operator.Plus => Arithmetic.Add,
                    Operator.Minus => Arithmetic.Subtract,
                    _ => null,
                }
            ),
            (Expression<TimeSpan> a, Expression<decimal> b) => Made<TimeSpan, decimal, TimeSpan>(
                a,
                b,
                op,
                op switch
                {
                    Operator.Times => Arithmetic.Multiply,
                    Operator.Divided => Arithmetic.Divide,
                    _ => null,
                }
            ),
            (Expression<decimal> a, Expression<TimeSpan> b) when op == Operator.Times => Made<
                decimal,
                TimeSpan,
                TimeSpan
            >(a, b, op, Arithmetic.Multiply),
            _ => OfInstants(op, left, right),
        };

    private static Expression? OfInstants(Operator op, Expression left, Expression right) =>
        (left, op, right) switch
        {
            (Expression<DateTimeOffset> a, Operator.Minus, Expression<DateTimeOffset> b) => Made<
                DateTimeOffset,
                DateTimeOffset,
                TimeSpan
            >(a, b, op, Arithmetic.Subtract),
            (Expression<DateTimeOffset> a, Operator.Plus, Expression<TimeSpan> b) => Made<
                DateTimeOffset,
                TimeSpan,
                DateTimeOffset
            >(a, b, op, Arithmetic.Add),
            (Expression<TimeSpan> a, Operator.Plus, Expression<DateTimeOffset> b) => Made<
                TimeSpan,
                DateTimeOffset,
                DateTimeOffset
            >(a, b, op, Arithmetic.Add),
            (Expression<DateTimeOffset> a, Operator.Minus, Expression<TimeSpan> b) => Made<
                DateTimeOffset,
                TimeSpan,
                DateTimeOffset
            >(a, b, op, Arithmetic.Subtract),
            _ => null,
        };

    private static CombinedPart<TLeft, TRight, T>? Made<TLeft, TRight, T>(
        Expression<TLeft> left,
        Expression<TRight> right,
        Operator op,
        Combining<TLeft, TRight, T>? combine
    )
        where TLeft : notnull
        where TRight : notnull
        where T : notnull =>
        combine is null
            ? null
            : new(
                left,
                right,
                combine,
                op switch
                {
                    Operator.Plus => Lines.Sum,
                    Operator.Minus => Lines.Difference,
                    Operator.Times => Lines.Product,
                    _ => Lines.Quotient,
                }
            );
}
