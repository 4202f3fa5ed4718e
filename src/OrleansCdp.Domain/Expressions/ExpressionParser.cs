using System.Collections.Immutable;
using Parlot;
using Parlot.Fluent;

namespace OrleansCdp.Expressions;

/// <summary>Reads expressions. Whatever the text, reading ends, with a tree or with errors that say where and why.</summary>
public static class ExpressionParser
{
    /// <summary>Characters of an expression.</summary>
    public const int TextMax = 4_000;

    /// <summary>How deep brackets may be nested.</summary>
    public const int DepthMax = 32;

    private const int ExpectedShownMax = 8;

    private static readonly ImmutableHashSet<string> Keywords = ImmutableHashSet.Create(
        StringComparer.Ordinal,
        [
            "and",
            "contains",
            "ends",
            "false",
            "in",
            "is",
            "last",
            "next",
            "not",
            "null",
            "or",
            "starts",
            "true",
            "with",
            "within",
        ]
    );

    /// <summary>Whether a word has a meaning of its own; as a name it is written in backticks.</summary>
    public static bool IsKeyword(string word) => Keywords.Contains(word);

    /// <summary>Reads a text.</summary>
    /// <param name="text">The expression.</param>
    /// <param name="errors">Where what is wrong is added.</param>
    /// <returns>The tree; null when anything is wrong.</returns>
    public static Syntax? Parse(string text, ICollection<ExpressionError> errors) =>
        Parse(text, ExpressionGrammar.Expression, errors);

    /// <summary>Reads the criteria of a segment.</summary>
    /// <inheritdoc cref="Parse"/>
    public static Criteria? ParseCriteria(string text, ICollection<ExpressionError> errors) =>
        Parse(text, ExpressionGrammar.Criteria, errors);

    private static T? Parse<T>(string text, Parser<T> parser, ICollection<ExpressionError> errors)
        where T : class
    {
        if (FindFlaw(text) is { } flaw)
        {
            errors.Add(flaw);
            return null;
        }

        ExpressionReading reading = new(new Scanner(text));
        ParseResult<T> result = default;
        if (!parser.Parse(reading, ref result) || !IsAtEnd(reading))
        {
            errors.Add(
                reading.Refusal ?? UnknownCall(text, reading.Furthest) ?? Missing(text, reading)
            );
            return null;
        }

        if (reading.Refusal is { } refusal)
        {
            errors.Add(refusal);
            return null;
        }

        return result.Value;
    }

    private static bool IsAtEnd(ExpressionReading reading)
    {
        reading.SkipWhiteSpace();
        bool isAtEnd = reading.Scanner.Cursor.Eof;
        if (!isAtEnd)
        {
            reading.Miss(reading.Scanner.Cursor.Offset, "the end");
        }

        return isAtEnd;
    }

    private static ExpressionError? FindFlaw(string text)
    {
        if (text.Length > TextMax)
        {
            return new ExpressionError(0, $"An expression has at most {TextMax} characters.");
        }

        int depth = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c is '\'' or '"' or '`')
            {
                i = EndOfQuoted(text, i);
                continue;
            }

            depth +=
                c == '(' ? 1
                : c == ')' ? -1
                : 0;
            if (depth > DepthMax)
            {
                return new ExpressionError(i, $"Brackets are nested deeper than {DepthMax}.");
            }
        }

        return null;
    }

    private static int EndOfQuoted(string text, int from)
    {
        int i = from + 1;
        while (i < text.Length && text[i] != text[from])
        {
            i += text[i] == '\\' && text[from] != '`' ? 2 : 1;
        }

        return i;
    }

    /// <summary>
    /// A call of what is no function, before the place where reading ended: what stands in its brackets may only make sense of the
    /// one that was meant. Null for none.
    /// </summary>
    private static ExpressionError? UnknownCall(string text, int before)
    {
        for (int i = 0; i < before; i++)
        {
            if (text[i] is '\'' or '"' or '`')
            {
                i = EndOfQuoted(text, i);
                continue;
            }

            if (!char.IsAsciiLetter(text[i]))
            {
                continue;
            }

            string word = WordAt(text, i);
            bool isCalled = i + word.Length < before && text[i + word.Length] == '(';
            if (isCalled && !IsKnown(word))
            {
                return FunctionCompiler.Unknown(word, i, measures: true);
            }

            i += word.Length - 1;
        }

        return null;

        static bool IsKnown(string word) =>
            IsKeyword(word)
            || ItemGrammar.IsWord(word)
            || FunctionCompiler.Names.Contains(word)
            || word is "of" or "then" or "where";
    }

    private static ExpressionError Missing(string text, ExpressionReading reading)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return new ExpressionError(0, "The expression is empty.");
        }

        string[] expected = [.. reading.Expected.Take(ExpectedShownMax)];
        string list =
            expected.Length == 1
                ? expected[0]
                : string.Join(", ", expected[..^1]) + " or " + expected[^1];
        string found =
            reading.Furthest >= text.Length
                ? "the expression ends"
                : $"`{WordAt(text, reading.Furthest)}` stands";
        return new ExpressionError(reading.Furthest, $"Expected {list} where {found} here.");
    }

    private static string WordAt(string text, int at)
    {
        int end = at;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
        {
            end++;
        }

        return text[at..Math.Max(end, Math.Min(at + 1, text.Length))];
    }
}
