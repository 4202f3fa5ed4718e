using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using OrleansCdp.Governance;

namespace OrleansCdp.Expressions;

/// <summary>
/// The functions. Of text: <c>lower</c>, <c>upper</c>, <c>length</c> (UTF-16 code units). Of numbers: <c>abs</c>,
/// <c>floor</c>, <c>ceiling</c>, <c>round</c> (half away from zero, to a whole number). Of any type: <c>coalesce</c>, the first
/// that has a value, and <c>if(condition, then, otherwise)</c>. Of what has an order: <c>least</c> and <c>greatest</c>, which
/// have no value when one of theirs has none.
/// </summary>
internal sealed class FunctionCompiler(ICollection<ExpressionError> errors)
{
    /// <summary>Their names.</summary>
    public static ImmutableArray<string> Names { get; } =
    [
        "abs",
        "ceiling",
        "coalesce",
        "floor",
        "greatest",
        "if",
        "least",
        "length",
        "lower",
        "round",
        "upper",
    ];

    /// <summary>Says that there is no such function.</summary>
    /// <param name="name">What is written.</param>
    /// <param name="at">Where.</param>
    /// <param name="measures">Whether measures of items may be asked there, too.</param>
    public static ExpressionError Unknown(string name, int at, bool measures)
    {
        IEnumerable<string> more = measures
            ? ItemGrammar.Measures.Append(ItemGrammar.SequenceWord)
            : [];
        string[] known = [.. Names.Concat(more).Order(StringComparer.Ordinal)];
        return new(at, $"There is no function `{name}`. {DefinitionReader.Suggest(name, known)}");
    }

    /// <summary>Whether there is the function that a call names; otherwise it says so.</summary>
    /// <param name="call">The call.</param>
    /// <param name="measures">Whether measures of items may be asked there, too.</param>
    public bool Knows(Syntax.Call call, bool measures)
    {
        bool isKnown = Names.Contains(call.Function);
        if (!isKnown)
        {
            errors.Add(Unknown(call.Function, call.At, measures));
        }

        return isKnown;
    }

    /// <summary>Compiles a call of a function there is; null when it is wrong.</summary>
    public Expression? Compile(Syntax.Call call, ImmutableArray<Expression> arguments)
    {
        Expression? made = Make(call.Function, arguments);
        if (made is null)
        {
            string given =
                arguments.Length == 0
                    ? "nothing"
                    : string.Join(", ", arguments.Select(argument => Types.A(argument.Type)));
            errors.Add(
                new ExpressionError(
                    call.At,
                    $"`{call.Function}` wants {WantedBy(call.Function)}; it is given {given}."
                )
            );
        }

        return made;
    }

    private static string WantedBy(string function) =>
        function switch
        {
            "lower" or "upper" or "length" => "a text",
            "abs" or "ceiling" or "floor" or "round" => "a number",
            "if" => "a condition and two values of one type",
            "coalesce" => "two or more values of one type",
            _ => "two or more numbers, or instants, or durations",
        };

    private static Expression? Make(string function, ImmutableArray<Expression> arguments) =>
        (function, arguments) switch
        {
            ("lower", [Expression<string> text]) => Of(text, static t => t.ToLowerInvariant()),
            ("upper", [Expression<string> text]) => Of(text, static t => t.ToUpperInvariant()),
            ("length", [Expression<string> text]) => Of(text, static t => (decimal)t.Length),
            ("abs", [Expression<decimal> number]) => Of(number, Math.Abs, Lines.Absolute),
            ("floor", [Expression<decimal> number]) => Of(
                number,
                Math.Floor,
                Lines.Step(Lines.Floor)
            ),
            ("ceiling", [Expression<decimal> number]) => Of(
                number,
                Math.Ceiling,
                Lines.Step(Lines.Ceiling)
            ),
            ("round", [Expression<decimal> number]) => Of(
                number,
                static n => Math.Round(n, MidpointRounding.AwayFromZero),
                Lines.Step(Lines.Round)
            ),
            ("if", [Expression<bool> condition, var then, var otherwise]) => Choice(
                condition,
                then,
                otherwise
            ),
            ("coalesce", [var first, _, ..]) => First(first, arguments),
            ("least", [var first, _, ..]) => Extreme(first, arguments, sign: -1),
            ("greatest", [var first, _, ..]) => Extreme(first, arguments, sign: 1),
            _ => null,
        };

    private static MappedPart<TFrom, T> Of<TFrom, T>(
        Expression<TFrom> from,
        Func<TFrom, T> map,
        MappedCourse<TFrom>? course = null
    )
        where TFrom : notnull
        where T : notnull =>
        new(
            from,
            (TFrom of, [MaybeNullWhen(false)] out T value) =>
            {
                value = map(of);
                return true;
            },
            course
        );

    private static Expression? Choice(
        Expression<bool> condition,
        Expression then,
        Expression otherwise
    ) =>
        (then, otherwise) switch
        {
            (Expression<bool> a, Expression<bool> b) => new ChoicePart<bool>(condition, a, b),
            (Expression<decimal> a, Expression<decimal> b) => new ChoicePart<decimal>(
                condition,
                a,
                b
            ),
            (Expression<string> a, Expression<string> b) => new ChoicePart<string>(condition, a, b),
            (Expression<DateTimeOffset> a, Expression<DateTimeOffset> b) =>
                new ChoicePart<DateTimeOffset>(condition, a, b),
            (Expression<TimeSpan> a, Expression<TimeSpan> b) => new ChoicePart<TimeSpan>(
                condition,
                a,
                b
            ),
            _ => null,
        };

    private static Expression? First(Expression first, ImmutableArray<Expression> all) =>
        first switch
        {
            Expression<bool> => FirstOf<bool>(all),
            Expression<decimal> => FirstOf<decimal>(all),
            Expression<string> => FirstOf<string>(all),
            Expression<DateTimeOffset> => FirstOf<DateTimeOffset>(all),
            _ => FirstOf<TimeSpan>(all),
        };

    private static FirstPart<T>? FirstOf<T>(ImmutableArray<Expression> all)
        where T : notnull => Same<T>(all) is { } same ? new FirstPart<T>(same) : null;

    private static Expression? Extreme(
        Expression first,
        ImmutableArray<Expression> all,
        int sign
    ) =>
        first switch
        {
            Expression<decimal> => ExtremeOf<decimal>(all, sign),
            Expression<DateTimeOffset> => ExtremeOf<DateTimeOffset>(all, sign),
            Expression<TimeSpan> => ExtremeOf<TimeSpan>(all, sign),
            _ => null,
        };

    private static Expression<T>? ExtremeOf<T>(ImmutableArray<Expression> all, int sign)
        where T : struct, IComparable<T> =>
        Same<T>(all)
            ?.Aggregate(
                (left, right) =>
                    new CombinedPart<T, T, T>(
                        left,
                        right,
                        (T one, T other, out T value) =>
                        {
                            value = Math.Sign(one.CompareTo(other)) == sign ? one : other;
                            return true;
                        },
                        Lines.Extreme(sign)
                    )
            );

    private static ImmutableArray<Expression<T>>? Same<T>(ImmutableArray<Expression> all)
        where T : notnull
    {
        Expression<T>[] same = [.. all.OfType<Expression<T>>()];
        return same.Length == all.Length ? [.. same] : null;
    }
}
