using CsCheck;

namespace OrleansCdp.Expressions;

/// <summary>Any condition about an order.</summary>
internal static class Trees
{
    private static readonly Gen<Syntax> Number = Gen.Recursive<Syntax>(
        (depth, inner) =>
            depth > 3
                ? NumberLeaf
                : Gen.Frequency(
                    (2, NumberLeaf),
                    (2, Gen.Select(ArithmeticOperator, inner, inner, Join)),
                    (1, inner.Select(Negate))
                )
    );

    /// <summary>A condition.</summary>
    public static Gen<Syntax> Condition { get; } =
        Gen.Recursive<Syntax>(
            (depth, inner) =>
                depth > 3
                    ? Test
                    : Gen.Frequency(
                        (2, Test),
                        (2, Gen.Select(Gen.OneOf(Operator.And, Operator.Or), inner, inner, Join)),
                        (1, inner.Select(of => (Syntax)new Syntax.Not(of, 0)))
                    )
        );

    private static Gen<Operator> ArithmeticOperator =>
        Gen.OneOf(Operator.Plus, Operator.Minus, Operator.Times, Operator.Divided);

    private static Gen<Operator> Comparison =>
        Gen.OneOf(
            Operator.Equal,
            Operator.NotEqual,
            Operator.Less,
            Operator.LessOrEqual,
            Operator.Greater,
            Operator.GreaterOrEqual
        );

    private static Gen<Syntax> NumberLeaf =>
        Gen.OneOf(
            Gen.OneOf<Syntax>(Name("total"), Name("nothing")),
            Gen.Int[-1_000_000, 1_000_000]
                .Select(n => (Syntax)new Syntax.Literal(new Constant.Number(n / 100m), 0))
        );

    private static Gen<Syntax> TextLeaf =>
        Gen.OneOf(
            Gen.OneOf<Syntax>(Name("status"), Name("unsaid"), Name("`Région`")),
            Gen.String.AlphaNumeric.Select(t =>
                (Syntax)new Syntax.Literal(new Constant.Text(t), 0)
            ),
            Gen.OneOf<Syntax>(
                new Syntax.Literal(new Constant.Text("it's \\ \n\"x\""), 0),
                new Syntax.Literal(new Constant.Text("😀 and or"), 0)
            )
        );

    private static Gen<Syntax> Test =>
        Gen.OneOf(
            Gen.OneOf<Syntax>(Name("paid"), Name("maybe")),
            Gen.Select(Comparison, Number, Number, Join),
            Gen.Select(
                Gen.OneOf(Operator.Equal, Operator.Contains, Operator.EndsWith),
                TextLeaf,
                TextLeaf,
                Join
            ),
            Gen.Select(Number, Gen.Bool).Select(IsNull),
            Gen.Select(Gen.Int[1, 40_000], Gen.Bool, Gen.Bool).Select(Within)
        );

    private static Syntax.Name Name(string name) => new Syntax.Name([name.Trim('`')], 0);

    private static Syntax Join(Operator op, Syntax left, Syntax right) =>
        new Syntax.Binary(op, left, right, 0);

    private static Syntax IsNull((Syntax Of, bool Negated) test) =>
        new Syntax.IsNull(test.Of, test.Negated, 0);

    private static Syntax Within((int Minutes, bool Next, bool Negated) test) =>
        new Syntax.Within(
            Name("orderedAt"),
            test.Next,
            new Syntax.Literal(new Constant.Duration(TimeSpan.FromMinutes(test.Minutes)), 0),
            test.Negated,
            0
        );

    // As the parser reads it: a minus before a plain number is part of the number.
    private static Syntax Negate(Syntax of) =>
        of is Syntax.Literal { Value: Constant.Number { Value: > 0 } number }
            ? new Syntax.Literal(new Constant.Number(-number.Value), 0)
            : new Syntax.Negation(of, 0);
}
