using Parlot;
using Parlot.Fluent;
using static OrleansCdp.Expressions.GrammarWords;
using static Parlot.Fluent.Parsers;

namespace OrleansCdp.Expressions;

/// <summary>
/// The grammar, from what binds loosest: or, and, not, tests, sums, products, signs, values. No part calls itself but
/// through brackets, so a text that nests brackets no deeper than it may cannot exhaust the stack.
/// </summary>
internal static class ExpressionGrammar
{
    /// <summary>A whole expression.</summary>
    public static Parser<Syntax> Expression { get; } = Build();

    /// <summary>A condition, and for how long it has to hold: <c>… for at least 10 minutes</c>.</summary>
    public static Parser<Criteria> Criteria { get; } =
        Expression
            .And(
                Word("for")
                    .SkipAnd(Word("at"))
                    .SkipAnd(Word("least"))
                    .SkipAnd(ConstantGrammar.Duration)
                    .Then<Syntax.Literal?>(span => span)
                    .Else((Syntax.Literal?)null)
            )
            .Then(both => new Criteria(both.Item1, both.Item2));

    private static Deferred<Syntax> Build()
    {
        Deferred<Syntax> expression = Deferred<Syntax>();
        Parser<Syntax> value = Expected(
            "a value",
            OneOf(
                Between(Terms.Char('('), expression, Expected("`)`", Terms.Char(')'))),
                ConstantGrammar.Literal.Then<Syntax>(literal => literal),
                ItemGrammar.Terms(expression, Name()),
                Call(expression),
                Name().Then<Syntax>(name => name)
            )
        );
        Parser<Syntax> signed = ZeroOrMany(At(Terms.Char('-')))
            .And(value)
            .Then(both => both.Item1.Reverse().Aggregate(both.Item2, Negate));
        Parser<Syntax> product = Chain(
            signed,
            "an operator",
            OneOf(Symbol("*", Operator.Times), Symbol("/", Operator.Divided))
        );
        Parser<Syntax> sum = Chain(
            product,
            "an operator",
            OneOf(Symbol("+", Operator.Plus), Symbol("-", Operator.Minus))
        );
        Parser<Syntax> test = sum.And(Expected("a comparison", Tests(sum)).Else(left => left))
            .Then(both => both.Item2(both.Item1));
        Parser<Syntax> not = ZeroOrMany(Keyword("not"))
            .And(test)
            .Then(both =>
                both.Item1.Reverse().Aggregate(both.Item2, (of, at) => new Syntax.Not(of, at))
            );
        Parser<Syntax> and = Chain(not, "`and`", Keyword("and").Then(at => (Operator.And, at)));
        expression.Parser = Chain(and, "`or`", Keyword("or").Then(at => (Operator.Or, at)));
        return expression;
    }

    private static Parser<Syntax.Name> Name() =>
        Separated(
                Terms.Char('.'),
                Expected("a name", OneOf(PlainName(), ConstantGrammar.Backticked))
            )
            .Then((_, start, _, parts) => new Syntax.Name([.. parts], start));

    private static Parser<string> PlainName() =>
        Terms
            .Identifier()
            .Then(span => span.ToString())
            .When((_, word) => !ExpressionParser.IsKeyword(word));

    private static Parser<Syntax> Call(Parser<Syntax> argument) =>
        PlainName()
            .When((_, word) => !ItemGrammar.IsWord(word))
            .AndSkip(Terms.Char('('))
            .And(Separated(Terms.Char(','), argument).Else([]))
            .AndSkip(Expected("`)`", Terms.Char(')')))
            .Then<Syntax>(
                (_, start, _, call) => new Syntax.Call(call.Item1, [.. call.Item2], start)
            );

    private static Parser<Func<Syntax, Syntax>> Tests(Parser<Syntax> sum)
    {
        Parser<bool> not = Keyword("not").Then(_ => true).Else(false);
        Parser<bool> next = Expected(
            "`last` or `next`",
            OneOf(Keyword("last").Then(_ => false), Keyword("next").Then(_ => true))
        );
        Parser<Func<Syntax, Syntax>> compared = OneOf(
                Symbol("!=", Operator.NotEqual),
                Symbol("<=", Operator.LessOrEqual),
                Symbol(">=", Operator.GreaterOrEqual),
                Symbol("=", Operator.Equal),
                Symbol("<", Operator.Less),
                Symbol(">", Operator.Greater),
                Keyword("contains").Then(at => (Operator.Contains, at)),
                Keyword("starts").AndSkip(Word("with")).Then(at => (Operator.StartsWith, at)),
                Keyword("ends").AndSkip(Word("with")).Then(at => (Operator.EndsWith, at))
            )
            .And(sum)
            .Then<Func<Syntax, Syntax>>(test =>
                left => new Syntax.Binary(test.Item1.Item1, left, test.Item2, test.Item1.Item2)
            );
        Parser<Func<Syntax, Syntax>> isNull = Keyword("is")
            .And(not)
            .AndSkip(Word("null"))
            .Then<Func<Syntax, Syntax>>(test =>
                of => new Syntax.IsNull(of, test.Item2, test.Item1)
            );
        Parser<Func<Syntax, Syntax>> isIn = not.And(Keyword("in"))
            .AndSkip(Expected("`(`", Terms.Char('(')))
            .And(Separated(Terms.Char(','), ConstantGrammar.Signed))
            .AndSkip(Expected("`)`", Terms.Char(')')))
            .Then<Func<Syntax, Syntax>>(test =>
                of => new Syntax.In(of, [.. test.Item3], test.Item1, test.Item2)
            );
        Parser<Func<Syntax, Syntax>> isWithin = not.And(Keyword("within"))
            .And(next)
            .And(OneOf(CalendarSpan(), Span()))
            .Then<Func<Syntax, Syntax>>(test =>
                of => test.Item4(of, test.Item3, test.Item1, test.Item2)
            );
        return OneOf(compared, isNull, isIn, isWithin);
    }

    private static Parser<SpanTest> Span() =>
        ConstantGrammar.Duration.Then<SpanTest>(span =>
            (of, next, negated, at) => new Syntax.Within(of, next, span, negated, at)
        );

    private static Parser<SpanTest> CalendarSpan() =>
        ConstantGrammar
            .CalendarSpan.And(Zone())
            .Then<SpanTest>(span =>
                (of, next, negated, at) =>
                    new Syntax.WithinCalendar(
                        of,
                        next,
                        span.Item1.Count,
                        span.Item1.Unit,
                        span.Item2,
                        negated,
                        at
                    )
            );

    private static Parser<Syntax.Literal?> Zone() =>
        Keyword("in")
            .SkipAnd(Expected("a time zone such as `'Europe/Berlin'`", ConstantGrammar.Text))
            .Then<Syntax.Literal?>(zone => zone)
            .Else((Syntax.Literal?)null);

    // Of the same rank, the one on the left first.
    private static Parser<Syntax> Chain(
        Parser<Syntax> operand,
        string what,
        Parser<(Operator Operator, int At)> between
    ) =>
        operand
            .And(ZeroOrMany(Expected(what, between).And(operand)))
            .Then(chain =>
                chain.Item2.Aggregate(
                    chain.Item1,
                    (left, next) =>
                        new Syntax.Binary(next.Item1.Operator, left, next.Item2, next.Item1.At)
                )
            );

    // A number with a minus before it is one value.
    private static Syntax Negate(Syntax of, int at) =>
        of is Syntax.Literal { Value: Constant.Number { Value: > 0 } number }
            ? new Syntax.Literal(new Constant.Number(-number.Value), at)
            : new Syntax.Negation(of, at);

    private static Parser<(Operator Operator, int At)> Symbol(string text, Operator op) =>
        Terms.Text(text).Then((_, start, _, _) => (op, start));

    /// <summary>Makes the test whether an instant lies in a span.</summary>
    private delegate Syntax SpanTest(Syntax of, bool next, bool negated, int at);
}
