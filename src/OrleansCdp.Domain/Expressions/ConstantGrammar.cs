using System.Globalization;
using System.Text;
using Parlot;
using Parlot.Fluent;
using static Parlot.Fluent.Parsers;
using Numbers = OrleansCdp.Governance.Numbers;

namespace OrleansCdp.Expressions;

/// <summary>How values and quoted names are written.</summary>
internal static class ConstantGrammar
{
    private static readonly string[] InstantFormats =
    [
        "yyyy-MM-dd",
        "yyyy-MM-ddTHH:mmK",
        "yyyy-MM-ddTHH:mm:ssK",
        "yyyy-MM-ddTHH:mm:ss.FFFFFFFK",
    ];

    private static readonly Parser<TextSpan> Digits = Terms.Pattern(c =>
        char.IsAsciiDigit(c) || c == '.'
    );

    /// <summary>A duration.</summary>
    public static Parser<Syntax.Literal> Duration { get; } =
        new Expecting<Syntax.Literal>(
            "a duration such as `30 days`",
            Digits
                .And(
                    new Expecting<TimeSpan>(
                        "a unit: `minutes`, `hours`, `days`, `weeks` or `years`",
                        Unit()
                    )
                )
                .Then(
                    (context, start, _, both) => DurationOf(context, start, both.Item1, both.Item2)
                )
        );

    /// <summary>So many days, weeks, months or years of a calendar.</summary>
    public static Parser<(int Count, CalendarUnit Unit)> CalendarSpan { get; } =
        Digits
            .AndSkip(Terms.Identifier().When((_, word) => word.Span is "calendar"))
            .And(
                new Expecting<CalendarUnit>(
                    "a unit: `days`, `weeks`, `months` or `years`",
                    Terms
                        .Identifier()
                        .Then(word => CalendarUnits.Find(word.ToString()))
                        .When((_, unit) => unit is not null)
                        .Then(unit => unit!.Value)
                )
            )
            .Then((context, start, _, both) => SpanOf(context, start, both.Item1, both.Item2));

    /// <summary>A text.</summary>
    public static Parser<Syntax.Literal> Text { get; } =
        Terms
            .String(StringLiteralQuotes.SingleOrDouble)
            .Then((context, start, _, text) => TextOf(context, start, text.ToString()));

    /// <summary>A value.</summary>
    public static Parser<Syntax.Literal> Literal { get; } =
        OneOf(
            Digits
                .And(Unit().Else(TimeSpan.Zero))
                .Then(
                    (context, start, _, both) =>
                        both.Item2 == TimeSpan.Zero
                            ? NumberOf(context, start, both.Item1)
                            : DurationOf(context, start, both.Item1, both.Item2)
                ),
            Text,
            Terms
                .Char('@')
                .SkipAnd(Literals.Pattern(c => char.IsAsciiLetterOrDigit(c) || "-:.+".Contains(c)))
                .Then((context, start, _, text) => InstantOf(context, start, text.ToString())),
            Terms
                .Identifier()
                .When((_, word) => word.Span is "true" or "false")
                .Then(
                    (_, start, _, word) =>
                        new Syntax.Literal(new Constant.Truth(word.Span is "true"), start)
                )
        );

    /// <summary>A value of a set.</summary>
    public static Parser<Syntax.Literal> Signed { get; } =
        new Expecting<Syntax.Literal>(
            "a value",
            Terms
                .Char('-')
                .Then(_ => true)
                .Else(false)
                .And(Literal)
                .Then((context, start, _, both) => SignedOf(context, start, both.Item1, both.Item2))
        );

    /// <summary>A name that is no plain word.</summary>
    public static Parser<string> Backticked { get; } =
        Terms
            .Char('`')
            .SkipAnd(Literals.Pattern(c => c is not '`' and >= ' '))
            .AndSkip(Literals.Char('`'))
            .Then(span => span.ToString());

    private static Parser<TimeSpan> Unit() =>
        Terms
            .Identifier()
            .Then(word => Durations.LengthOf(word.ToString()) ?? TimeSpan.Zero)
            .When((_, length) => length > TimeSpan.Zero);

    private static Syntax.Literal NumberOf(ParseContext context, int start, TextSpan digits)
    {
        if (Numbers.TryRead(digits.Span, out string canonical))
        {
            decimal number = decimal.Parse(canonical, CultureInfo.InvariantCulture);
            return new Syntax.Literal(new Constant.Number(number), start);
        }

        Refuse(
            context,
            start,
            $"`{digits}` is no number of at most {Numbers.DigitsMax} digits with one point."
        );
        return new Syntax.Literal(new Constant.Number(0), start);
    }

    private static Syntax.Literal DurationOf(
        ParseContext context,
        int start,
        TextSpan digits,
        TimeSpan unit
    )
    {
        bool isWhole = long.TryParse(
            digits.Span,
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out long count
        );
        if (isWhole && count > 0 && count <= Durations.Max / unit)
        {
            return new Syntax.Literal(new Constant.Duration(count * unit), start);
        }

        Refuse(
            context,
            start,
            $"A duration is a whole number of units, from 1 up to {Durations.Print(Durations.Max)}."
        );
        return new Syntax.Literal(new Constant.Duration(unit), start);
    }

    private static (int Count, CalendarUnit Unit) SpanOf(
        ParseContext context,
        int start,
        TextSpan digits,
        CalendarUnit unit
    )
    {
        bool isWhole = int.TryParse(
            digits.Span,
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out int count
        );
        int most = CalendarUnits.MostOf(unit);
        if (isWhole && count > 0 && count <= most)
        {
            return (count, unit);
        }

        string much = CalendarUnits.Print(most, unit);
        Refuse(context, start, $"A span of a calendar is a whole number, from 1 up to {much}.");
        return (1, unit);
    }

    private static Syntax.Literal TextOf(ParseContext context, int start, string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal) || HasHalfPair(text))
        {
            Refuse(context, start, "A text cannot have NUL or half a surrogate pair in it.");
        }

        return new Syntax.Literal(new Constant.Text(text), start);
    }

    private static Syntax.Literal InstantOf(ParseContext context, int start, string text)
    {
        if (
            DateTimeOffset.TryParseExact(
                text,
                InstantFormats,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out DateTimeOffset instant
            )
        )
        {
            return new Syntax.Literal(new Constant.Instant(instant.ToUniversalTime()), start);
        }

        Refuse(
            context,
            start,
            $"`@{text}` is no instant; write @2027-01-04 or @2027-01-04T10:00:00Z."
        );
        return new Syntax.Literal(new Constant.Instant(default), start);
    }

    private static Syntax.Literal SignedOf(
        ParseContext context,
        int start,
        bool negative,
        Syntax.Literal literal
    )
    {
        if (!negative)
        {
            return literal;
        }

        if (literal.Value is not Constant.Number number)
        {
            Refuse(context, start, "Only a number has a minus before it in a set.");
            return literal;
        }

        return new Syntax.Literal(new Constant.Number(-number.Value), start);
    }

    private static bool HasHalfPair(string text)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar && !text.Contains('\ufffd', StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static void Refuse(ParseContext context, int at, string message) =>
        ((ExpressionReading)context).Refuse(at, message);
}
