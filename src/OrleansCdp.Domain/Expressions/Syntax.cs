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

    /// <summary>A function of some values.</summary>
    public sealed record Call(string Function, ImmutableArray<Syntax> Arguments, int At)
        : Syntax(At);
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
