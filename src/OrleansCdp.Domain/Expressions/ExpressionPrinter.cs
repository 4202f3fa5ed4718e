using System.Globalization;
using System.Text;

namespace OrleansCdp.Expressions;

/// <summary>
/// Writes expressions in their normal form: one space where there may be some, no bracket that is not needed, one way to
/// write a value. Two texts that mean the same by their words alone print the same, so a diff shows meaning and not spaces.
/// </summary>
public static class ExpressionPrinter
{
    private const int TestRank = 3;
    private const int AtomRank = 7;

    /// <summary>The normal form.</summary>
    public static string Print(Syntax syntax)
    {
        StringBuilder text = new();
        Write(text, syntax, 0);
        return text.ToString();
    }

    /// <summary>The normal form of criteria.</summary>
    public static string Print(Criteria criteria) =>
        criteria.ForAtLeast is { } span
            ? $"{Print(criteria.Condition)} for at least {Print(span.Value)}"
            : Print(criteria.Condition);

    /// <summary>How a value is written.</summary>
    public static string Print(Constant value) =>
        value switch
        {
            Constant.Truth truth => truth.Value ? "true" : "false",
            Constant.Number number => FieldValue.Of(number.Value).Text,
            Constant.Text text => Quote(text.Value),
            Constant.Duration duration => Durations.Print(duration.Value),
            Constant.Instant instant => "@" + PrintInstant(instant.Value),
            _ => throw new ArgumentOutOfRangeException(nameof(value)),
        };

    /// <summary>How an operator is written.</summary>
    public static string Print(Operator op) =>
        op switch
        {
            Operator.Or => "or",
            Operator.And => "and",
            Operator.Equal => "=",
            Operator.NotEqual => "!=",
            Operator.Less => "<",
            Operator.LessOrEqual => "<=",
            Operator.Greater => ">",
            Operator.GreaterOrEqual => ">=",
            Operator.Contains => "contains",
            Operator.StartsWith => "starts with",
            Operator.EndsWith => "ends with",
            Operator.Plus => "+",
            Operator.Minus => "-",
            Operator.Times => "*",
            Operator.Divided => "/",
            _ => throw new ArgumentOutOfRangeException(nameof(op)),
        };

    /// <summary>How a name is written.</summary>
    public static string Print(Syntax.Name name) =>
        string.Join('.', name.Parts.Select(part => IsPlain(part) ? part : $"`{part}`"));

    // How tightly a part binds; one that binds less tightly than where it stands needs brackets.
    private static int RankOf(Syntax syntax) =>
        syntax switch
        {
            Syntax.Binary binary => RankOf(binary.Operator),
            Syntax.Not => 2,
            Syntax.IsNull or Syntax.In or Syntax.Within or Syntax.WithinCalendar => TestRank,
            Syntax.Negation => 6,
            Syntax.Literal { Value: Constant.Number { Value: < 0 } } => 6,
            _ => AtomRank,
        };

    private static int RankOf(Operator op) =>
        op switch
        {
            Operator.Or => 0,
            Operator.And => 1,
            Operator.Plus or Operator.Minus => 4,
            Operator.Times or Operator.Divided => 5,
            _ => TestRank,
        };

    private static void Write(StringBuilder text, Syntax syntax, int rank)
    {
        bool bracketed = RankOf(syntax) < rank;
        text.Append(bracketed ? "(" : "");
        WriteBare(text, syntax);
        text.Append(bracketed ? ")" : "");
    }

    private static void WriteBare(StringBuilder text, Syntax syntax)
    {
        switch (syntax)
        {
            case Syntax.Literal literal:
                text.Append(Print(literal.Value));
                break;
            case Syntax.Name name:
                text.Append(Print(name));
                break;
            case Syntax.Negation negation:
                text.Append('-');
                Write(text, negation.Operand, AtomRank);
                break;
            case Syntax.Not not:
                text.Append("not ");
                Write(text, not.Operand, 2);
                break;
            case Syntax.Binary binary:
                WriteBinary(text, binary);
                break;
            case Syntax.IsNull test:
                Write(text, test.Operand, TestRank + 1);
                text.Append(test.Negated ? " is not null" : " is null");
                break;
            case Syntax.In test:
                Write(text, test.Operand, TestRank + 1);
                text.Append(test.Negated ? " not in (" : " in (");
                text.AppendJoin(", ", test.Values.Select(value => Print(value.Value)));
                text.Append(')');
                break;
            case Syntax.Within test:
                string span = Print(test.Span.Value);
                WriteWithin(text, test.Operand, test.Negated, test.Next, span);
                break;
            case Syntax.WithinCalendar test:
                string units = CalendarUnits.Print(test.Count, test.Unit);
                string zone = test.Zone is { } named ? " in " + Print(named.Value) : "";
                WriteWithin(text, test.Operand, test.Negated, test.Next, units + zone);
                break;
            case Syntax.Call call:
                WriteCall(text, call);
                break;
            case Syntax.Measured or Syntax.Sequence or Syntax.InSegment:
                ItemPrinter.Write(text, syntax);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(syntax));
        }
    }

    private static void WriteWithin(
        StringBuilder text,
        Syntax operand,
        bool negated,
        bool next,
        string span
    )
    {
        Write(text, operand, TestRank + 1);
        text.Append(negated ? " not within " : " within ");
        text.Append(next ? "next " : "last ").Append(span);
    }

    private static void WriteCall(StringBuilder text, Syntax.Call call)
    {
        text.Append(call.Function).Append('(');
        for (int i = 0; i < call.Arguments.Length; i++)
        {
            text.Append(i == 0 ? "" : ", ");
            Write(text, call.Arguments[i], 0);
        }

        text.Append(')');
    }

    private static void WriteBinary(StringBuilder text, Syntax.Binary binary)
    {
        int rank = RankOf(binary.Operator);
        bool isTest = rank == TestRank;
        Write(text, binary.Left, isTest ? rank + 1 : rank);
        text.Append(' ').Append(Print(binary.Operator)).Append(' ');
        Write(text, binary.Right, binary.Operator is Operator.And or Operator.Or ? rank : rank + 1);
    }

    private static string PrintInstant(DateTimeOffset instant) =>
        instant.TimeOfDay == TimeSpan.Zero && instant.Offset == TimeSpan.Zero
            ? instant.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
            : Rfc3339.Format(instant);

    private static string Quote(string value)
    {
        StringBuilder text = new("'");
        foreach (char c in value)
        {
            _ = c switch
            {
                '\'' or '\\' => text.Append('\\').Append(c),
                _ when char.IsControl(c) || c is '\u2028' or '\u2029' => text.Append(
                    CultureInfo.InvariantCulture,
                    $"\\u{(int)c:x4}"
                ),
                _ => text.Append(c),
            };
        }

        return text.Append('\'').ToString();
    }

    private static bool IsPlain(string part) =>
        part.Length > 0
        && !ExpressionParser.IsKeyword(part)
        && (char.IsAsciiLetter(part[0]) || part[0] == '_')
        && part.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
