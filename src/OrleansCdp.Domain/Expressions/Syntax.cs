using System.Collections.Immutable;

namespace OrleansCdp.Expressions;

/// <summary>A part of an expression as it is written, with its place.</summary>
/// <param name="At">Where it begins: characters from the start of the text.</param>
public abstract record Syntax(int At)
{
    /// <summary>A value.</summary>
    public sealed record Literal(Constant Value, int At) : Syntax(At);

    /// <summary>A field, with whatever it belongs to: <c>account.industry</c>.</summary>
    public sealed record Name(ImmutableArray<string> Parts, int At) : Syntax(At);

    /// <summary>A sign before a number or a duration.</summary>
    public sealed record Negation(Syntax Operand, int At) : Syntax(At);

    /// <summary>Something does not hold.</summary>
    public sealed record Not(Syntax Operand, int At) : Syntax(At);

    /// <summary>Two operands and what stands between them; at is the operator's place.</summary>
    public sealed record Binary(Operator Operator, Syntax Left, Syntax Right, int At) : Syntax(At);

    /// <summary>There is no value, or there is one.</summary>
    public sealed record IsNull(Syntax Operand, bool Negated, int At) : Syntax(At);

    /// <summary>The value is, or is not, one of a set.</summary>
    public sealed record In(Syntax Operand, ImmutableArray<Literal> Values, bool Negated, int At)
        : Syntax(At);

    /// <summary>An instant lies, or does not lie, in a span that ends or begins now.</summary>
    public sealed record Within(Syntax Operand, bool Next, Literal Span, bool Negated, int At)
        : Syntax(At);

    /// <summary>
    /// An instant lies, or does not lie, in so many days, weeks, months or years of a calendar that end or begin with the present
    /// one; of the calendar of the definition's time zone where none is named.
    /// </summary>
    public sealed record WithinCalendar(
        Syntax Operand,
        bool Next,
        int Count,
        CalendarUnit Unit,
        Literal? Zone,
        bool Negated,
        int At
    ) : Syntax(At);

    /// <summary>What is made of some items (<see cref="ItemGrammar.Measures"/>), or of a value of each.</summary>
    public sealed record Measured(string Measure, Syntax? Value, SomeItems Items, int At)
        : Syntax(At);

    /// <summary>One thing happened after another.</summary>
    public sealed record Sequence(SomeItems First, ImmutableArray<SequenceStep> Steps, int At)
        : Syntax(At);

    /// <summary>Somebody is in a segment.</summary>
    public sealed record InSegment(Name Segment, int At) : Syntax(At);

    /// <summary>A function of some values.</summary>
    public sealed record Call(string Function, ImmutableArray<Syntax> Arguments, int At)
        : Syntax(At);
}

/// <summary>What a segment asks.</summary>
/// <param name="Condition">The condition.</param>
/// <param name="ForAtLeast">How long it has to hold before somebody enters; null for at once.</param>
public sealed record Criteria(Syntax Condition, Syntax.Literal? ForAtLeast);

/// <summary>Things that were done or are on record.</summary>
/// <param name="Source">What they are: <c>SalesOrder</c>, <c>SalesOrder.lines</c>.</param>
/// <param name="Window">How old they may be; null for any age.</param>
/// <param name="Where">Which of them count; null for all.</param>
public sealed record SomeItems(Syntax.Name Source, Syntax.Literal? Window, Syntax? Where);

/// <summary>What has to follow, or must not.</summary>
/// <param name="Items">What it is.</param>
/// <param name="IsMissing">Whether none of it has followed.</param>
/// <param name="Within">How soon after the step before.</param>
public sealed record SequenceStep(SomeItems Items, bool IsMissing, Syntax.Literal Within);

/// <summary>What a calendar counts in.</summary>
public enum CalendarUnit
{
    /// <summary>From midnight to midnight.</summary>
    Day,

    /// <summary>From Monday to Sunday (ISO 8601).</summary>
    Week,

    /// <summary>From the first day on.</summary>
    Month,

    /// <summary>From the first of January on.</summary>
    Year,
}

/// <summary>What stands between two operands.</summary>
public enum Operator
{
    /// <summary><c>or</c></summary>
    Or,

    /// <summary><c>and</c></summary>
    And,

    /// <summary><c>=</c></summary>
    Equal,

    /// <summary><c>!=</c></summary>
    NotEqual,

    /// <summary><c>&lt;</c></summary>
    Less,

    /// <summary><c>&lt;=</c></summary>
    LessOrEqual,

    /// <summary><c>&gt;</c></summary>
    Greater,

    /// <summary><c>&gt;=</c></summary>
    GreaterOrEqual,

    /// <summary><c>contains</c></summary>
    Contains,

    /// <summary><c>starts with</c></summary>
    StartsWith,

    /// <summary><c>ends with</c></summary>
    EndsWith,

    /// <summary><c>+</c></summary>
    Plus,

    /// <summary><c>-</c></summary>
    Minus,

    /// <summary><c>*</c></summary>
    Times,

    /// <summary><c>/</c></summary>
    Divided,
}
