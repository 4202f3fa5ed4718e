using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Expressions;

/// <summary>Gives expressions their types, or says what is wrong with them.</summary>
public sealed class ExpressionCompiler
{
    /// <summary>Parts of one expression.</summary>
    public const int PartsMax = 500;

    private readonly ExpressionScope scope;
    private readonly ICollection<ExpressionError> errors;
    private readonly SortedSet<int> slots = [];
    private readonly FunctionCompiler functions;
    private int parts;
    private bool usesNow;

    private ExpressionCompiler(ExpressionScope scope, ICollection<ExpressionError> errors)
    {
        this.scope = scope;
        this.errors = errors;
        functions = new FunctionCompiler(errors);
    }

    /// <summary>Reads a text and gives it its types.</summary>
    /// <param name="text">The expression.</param>
    /// <param name="scope">What it may speak of.</param>
    /// <param name="wanted">The type its value has to have; null for any.</param>
    /// <param name="errors">Where what is wrong is added.</param>
    /// <returns>Null when anything is wrong.</returns>
    public static CompiledExpression? Compile(
        string text,
        ExpressionScope scope,
        ExpressionType? wanted,
        ICollection<ExpressionError> errors
    )
    {
        return ExpressionParser.Parse(text, errors) is { } syntax
            ? Compile(syntax, scope, wanted, errors)
            : null;
    }

    /// <summary>Gives an expression its types.</summary>
    /// <param name="syntax">The expression.</param>
    /// <param name="scope">What it may speak of.</param>
    /// <param name="wanted">The type its value has to have; null for any.</param>
    /// <param name="errors">Where what is wrong is added.</param>
    /// <returns>Null when anything is wrong.</returns>
    public static CompiledExpression? Compile(
        Syntax syntax,
        ExpressionScope scope,
        ExpressionType? wanted,
        ICollection<ExpressionError> errors
    )
    {
        ExpressionCompiler compiler = new(scope, errors);
        if (compiler.Compile(syntax) is not { } root)
        {
            return null;
        }

        if (compiler.parts > PartsMax)
        {
            errors.Add(new ExpressionError(0, $"An expression has at most {PartsMax} parts."));
            return null;
        }

        if (wanted is { } type && root.Type != type)
        {
            errors.Add(
                new ExpressionError(
                    syntax.At,
                    $"`{ExpressionPrinter.Print(syntax)}` is {Types.A(root.Type)}; "
                        + $"{Types.A(type)} is expected here."
                )
            );
            return null;
        }

        return new CompiledExpression(
            root,
            ExpressionPrinter.Print(syntax),
            [.. compiler.slots],
            compiler.usesNow,
            compiler.parts
        );
    }

    private Expression? Compile(Syntax syntax)
    {
        parts++;
        Expression? made = Make(syntax);
        if (made is not null)
        {
            scope.Noted?.Invoke(syntax, made);
        }

        return made;
    }

    private Expression? Make(Syntax syntax) =>
        syntax switch
        {
            Syntax.Literal literal => ConstantOf(literal.Value),
            Syntax.Name name => CompileName(name),
            Syntax.Negation negation => CompileNegation(negation),
            Syntax.Not not => CompileCondition(not.Operand) is { } of ? new NotPart(of) : null,
            Syntax.IsNull test => Compile(test.Operand) is { } of
                ? new NullPart(of, test.Negated)
                : null,
            Syntax.In test => CompileIn(test),
            Syntax.Within test => CompileWithin(test),
            Syntax.WithinCalendar test => CompileWithinCalendar(test),
            Syntax.Measured or Syntax.Sequence or Syntax.InSegment => CompileTerm(syntax),
            Syntax.Call call => CompileCall(call),
            Syntax.Binary { Operator: Operator.And or Operator.Or } joined => CompileJoined(joined),
            Syntax.Binary binary => CompileBinary(binary),
            _ => throw new ArgumentOutOfRangeException(nameof(syntax)),
        };

    private static Expression ConstantOf(Constant constant) =>
        constant switch
        {
            Constant.Truth truth => new ConstantPart<bool>(truth.Value),
            Constant.Number number => new ConstantPart<decimal>(number.Value),
            Constant.Text text => new ConstantPart<string>(text.Value),
            Constant.Instant instant => new ConstantPart<DateTimeOffset>(instant.Value),
            Constant.Duration duration => new ConstantPart<TimeSpan>(duration.Value),
            _ => throw new ArgumentOutOfRangeException(nameof(constant)),
        };

    private Expression? CompileName(Syntax.Name name)
    {
        string text = ExpressionPrinter.Print(name);
        if (text == "now" && scope.KnowsNow)
        {
            usesNow = true;
            return new NowPart();
        }

        if (scope.Terms is not null)
        {
            return CompileTerm(name);
        }

        if (!scope.Symbols.TryGetValue(text, out Symbol symbol))
        {
            Add(
                name.At,
                text == "now"
                    ? "`now` is not known here: the value would change with no event."
                    : scope.Refused.GetValueOrDefault(text) ?? NotDeclared(text, scope.Symbols.Keys)
            );
            return null;
        }

        return PartOf(symbol);
    }

    /// <summary>What is said of a name that nobody declares.</summary>
    internal static string NotDeclared(string name, IEnumerable<string> known) =>
        $"`{name}` is not declared. " + DefinitionReader.Suggest(name, [.. known]);

    /// <summary>What criteria ask beside values that stand in them.</summary>
    private Expression? CompileTerm(Syntax syntax)
    {
        if (scope.Terms is null)
        {
            Add(
                syntax.At,
                $"`{ExpressionPrinter.Print(syntax)}` is asked in criteria of segments, not here."
            );
            return null;
        }

        if (scope.Terms.Find(syntax, errors) is not { } term)
        {
            return null;
        }

        parts += term.Cost;
        return PartOf(term.Symbol);
    }

    private Expression PartOf(Symbol symbol)
    {
        slots.Add(symbol.Slot);
        return symbol.Type switch
        {
            ExpressionType.Boolean => new FieldPart<bool>(symbol.Slot, Arithmetic.Read),
            ExpressionType.Number => new FieldPart<decimal>(symbol.Slot, Arithmetic.Read),
            ExpressionType.Text => new FieldPart<string>(symbol.Slot, Arithmetic.Read),
            ExpressionType.Instant => new FieldPart<DateTimeOffset>(symbol.Slot, Arithmetic.Read),
            _ => throw new InvalidOperationException("No field holds a duration."),
        };
    }

    private Expression? CompileNegation(Syntax.Negation negation)
    {
        switch (Compile(negation.Operand))
        {
            case Expression<decimal> number:
                return new MappedPart<decimal, decimal>(
                    number,
                    static (decimal of, out decimal value) => Arithmetic.Subtract(0, of, out value),
                    Lines.Opposite
                );
            case Expression<TimeSpan> duration:
                return new MappedPart<TimeSpan, TimeSpan>(
                    duration,
                    static (TimeSpan of, out TimeSpan value) =>
                        Arithmetic.Subtract(TimeSpan.Zero, of, out value),
                    Lines.Opposite
                );
            case { } other:
                Add(
                    negation.At,
                    $"A minus stands before a number or a duration, not {Types.A(other.Type)}."
                );
                return null;
            default:
                return null;
        }
    }

    private Expression<bool>? CompileCondition(Syntax syntax)
    {
        switch (Compile(syntax))
        {
            case Expression<bool> condition:
                return condition;
            case { } other:
                Add(
                    syntax.At,
                    $"`{ExpressionPrinter.Print(syntax)}` is {Types.A(other.Type)}; a condition is "
                        + "expected here."
                );
                return null;
            default:
                return null;
        }
    }

    private JoinedPart? CompileJoined(Syntax.Binary joined)
    {
        Expression<bool>? left = CompileCondition(joined.Left);
        Expression<bool>? right = CompileCondition(joined.Right);
        return left is null || right is null
            ? null
            : new JoinedPart(left, right, joined.Operator == Operator.And);
    }

    private Expression? CompileBinary(Syntax.Binary binary)
    {
        Expression? left = Compile(binary.Left);
        Expression? right = Compile(binary.Right);
        if (left is null || right is null)
        {
            return null;
        }

        if (MovedWrongly(binary.Operator, left, right) is { } why)
        {
            Add(binary.At, why);
            return null;
        }

        Expression? made = BinaryParts.Of(binary.Operator, left, right);
        if (made is null)
        {
            Add(
                binary.At,
                $"`{ExpressionPrinter.Print(binary.Operator)}` does not go between "
                    + $"`{ExpressionPrinter.Print(binary.Left)}`, {Types.A(left.Type)}, and "
                    + $"`{ExpressionPrinter.Print(binary.Right)}`, {Types.A(right.Type)}."
            );
        }

        return made;
    }

    /// <summary>Why it could not be told beforehand when a test of the result has another answer; null where it can.</summary>
    private static string? MovedWrongly(Operator op, Expression left, Expression right) =>
        (op == Operator.Times && left.Moves && right.Moves)
        || (op == Operator.Divided && right.Moves)
            ? "What changes all the time is neither multiplied with another such value nor divided by."
        : op is Operator.Times or Operator.Divided
        && new[] { left, right }.Any(part => part is Expression<TimeSpan> { Moves: true })
        && !(left is Expression<TimeSpan> && right is Expression<TimeSpan>)
            ? "A duration that changes all the time is divided by a duration, such as `1 day`, first."
        : null;

    private Expression<bool>? CompileIn(Syntax.In test)
    {
        parts += test.Values.Length;
        Expression? of = Compile(test.Operand);
        if (of is null)
        {
            return null;
        }

        if (of.Moves)
        {
            Add(test.At, "What changes all the time is compared, and not looked for in a set.");
            return null;
        }

        foreach (Syntax.Literal value in test.Values.Where(value => value.Value.Type != of.Type))
        {
            Add(
                value.At,
                $"`{ExpressionPrinter.Print(value.Value)}` is {Types.A(value.Value.Type)}; "
                    + $"`{ExpressionPrinter.Print(test.Operand)}` is {Types.A(of.Type)}."
            );
            return null;
        }

        return BinaryParts.In(
            of,
            test.Values.Select(value => ConstantOf(value.Value)),
            test.Negated
        );
    }

    private WithinPart? CompileWithin(Syntax.Within test)
    {
        TimeSpan span = ((Constant.Duration)test.Span.Value).Value;
        return CompileInstant(test.Operand, test.At) is { } instant
            ? new WithinPart(instant, span, test.Next, test.Negated)
            : null;
    }

    private WithinCalendarPart? CompileWithinCalendar(Syntax.WithinCalendar test)
    {
        Expression<DateTimeOffset>? instant = CompileInstant(test.Operand, test.At);
        if (instant is { Moves: true })
        {
            Add(
                test.At,
                "What changes all the time is compared, and not looked for in a calendar."
            );
            return null;
        }

        TimeZoneInfo? zone = test.Zone is { Value: Constant.Text name } literal
            ? TimeZones.Find(name.Value, literal.At, errors)
            : scope.TimeZone;
        return instant is null || zone is null
            ? null
            : new WithinCalendarPart(instant, zone, test.Count, test.Unit, test.Next, test.Negated);
    }

    /// <summary>What is looked for in a span of time.</summary>
    private Expression<DateTimeOffset>? CompileInstant(Syntax operand, int at)
    {
        usesNow = true;
        Expression? of = Compile(operand);
        if (!scope.KnowsNow)
        {
            Add(at, "`within` is not known here: the value would change with no event.");
            return null;
        }

        if (of is not null and not Expression<DateTimeOffset>)
        {
            Add(
                at,
                $"Only an instant is `within` a span; `{ExpressionPrinter.Print(operand)}` is "
                    + $"{Types.A(of.Type)}."
            );
        }

        return of as Expression<DateTimeOffset>;
    }

    private Expression? CompileCall(Syntax.Call call)
    {
        if (!functions.Knows(call, scope.Terms is not null))
        {
            return null;
        }

        var arguments = ImmutableArray.CreateBuilder<Expression>();
        foreach (Syntax argument in call.Arguments)
        {
            if (Compile(argument) is { } compiled)
            {
                arguments.Add(compiled);
            }
        }

        return arguments.Count < call.Arguments.Length
            ? null
            : functions.Compile(call, arguments.ToImmutable());
    }

    private void Add(int at, string message) => errors.Add(new ExpressionError(at, message));
}
