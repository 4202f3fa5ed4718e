using Parlot;
using Parlot.Fluent;

namespace OrleansCdp.Expressions;

/// <summary>One reading of a text: how far it came, and what would have been right there.</summary>
internal sealed class ExpressionReading(Scanner scanner) : ParseContext(scanner)
{
    private readonly SortedSet<string> expected = new(StringComparer.Ordinal);

    /// <summary>The furthest place where something else was expected.</summary>
    public int Furthest { get; private set; } = -1;

    /// <summary>What would have been right there.</summary>
    public IEnumerable<string> Expected => expected;

    /// <summary>What is well formed and wrong all the same; the first of it.</summary>
    public ExpressionError? Refusal { get; private set; }

    /// <summary>Notes that something was expected somewhere.</summary>
    public void Miss(int at, string what)
    {
        if (at > Furthest)
        {
            expected.Clear();
            Furthest = at;
        }

        if (at == Furthest)
        {
            expected.Add(what);
        }
    }

    /// <summary>Notes that a value cannot be.</summary>
    public void Refuse(int at, string message) => Refusal ??= new ExpressionError(at, message);
}

/// <summary>Something that may be expected, by the name under which authors know it.</summary>
internal sealed class Expecting<T>(string what, Parser<T> inner) : Parser<T>
{
    /// <inheritdoc/>
    public override bool Parse(ParseContext context, ref ParseResult<T> result)
    {
        TextPosition start = context.Scanner.Cursor.Position;
        if (inner.Parse(context, ref result))
        {
            return true;
        }

        context.Scanner.Cursor.ResetPosition(start);
        context.SkipWhiteSpace();
        ((ExpressionReading)context).Miss(context.Scanner.Cursor.Offset, what);
        context.Scanner.Cursor.ResetPosition(start);
        return false;
    }
}
