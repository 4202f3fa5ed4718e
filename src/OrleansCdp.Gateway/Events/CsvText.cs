namespace OrleansCdp.Events;

/// <summary>What a step through CSV came upon.</summary>
internal enum CsvStep
{
    /// <summary>A value; its record goes on.</summary>
    Value = 0,

    /// <summary>The last value of its record.</summary>
    LastValue = 1,

    /// <summary>The text ends before the value does, and more of it may come.</summary>
    Cut = 2,

    /// <summary>A quote that nothing closes, or more of a value after the quote that closed it.</summary>
    Broken = 3,
}

/// <summary>
/// Where the values and records of CSV begin and end. The command line compiles this file too, so that what it cuts
/// into records is what the gateway reads as records.
/// </summary>
/// <remarks>
/// As RFC 4180, with any separator and any line end (LF, CRLF, CR). A quote is one only where a value begins: <c>a"b</c>
/// is a value of three characters. There are no comments: a line that begins with <c>#</c> is a record.
/// </remarks>
/// <param name="text">The text, in UTF-8, from where a record begins.</param>
/// <param name="separator">What stands between values.</param>
/// <param name="isWhole">Whether the text ends with the file.</param>
internal ref struct CsvText(ReadOnlySpan<byte> text, byte separator, bool isWhole)
{
    private const byte Quote = (byte)'"';
    private const byte LineFeed = (byte)'\n';
    private const byte CarriageReturn = (byte)'\r';
    private readonly ReadOnlySpan<byte> text = text;

    /// <summary>Where the next value begins, or the next record.</summary>
    public int Position { get; private set; }

    /// <summary>The value of the last step, without its quotes; a quote inside them is still doubled.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Whether the value of the last step begins with a quote.</summary>
    public bool IsQuoted { get; private set; }

    /// <summary>Whether <see cref="Value"/> has doubled quotes.</summary>
    public bool HasDoubledQuotes { get; private set; }

    /// <summary>
    /// The separator that a file's first line has most of, outside quotes if it has any there: comma, tab, semicolon or
    /// bar, in this order where it has as many of each. Comma if it has none.
    /// </summary>
    public static byte SeparatorOf(ReadOnlySpan<byte> file)
    {
        int end = file.IndexOfAny(LineFeed, CarriageReturn);
        ReadOnlySpan<byte> line = end < 0 ? file : file[..end];
        ReadOnlySpan<byte> known = ",\t;|"u8;
        Span<int> outside = stackalloc int[known.Length];
        Span<int> anywhere = stackalloc int[known.Length];
        bool quoted = false;
        foreach (byte b in line)
        {
            quoted ^= b == Quote;
            int which = known.IndexOf(b);
            if (which >= 0)
            {
                anywhere[which]++;
                outside[which] += quoted ? 0 : 1;
            }
        }

        Span<int> counts = outside.ContainsAnyExcept(0) ? outside : anywhere;
        int most = 0;
        for (int i = 1; i < counts.Length; i++)
        {
            most = counts[i] > counts[most] ? i : most;
        }

        return known[most];
    }

    /// <summary>Whether a record without its line end is a blank line: no value, or an empty one alone.</summary>
    public static bool IsBlank(ReadOnlySpan<byte> record) =>
        record.IsEmpty || record.SequenceEqual("\"\""u8);

    /// <summary>Goes past one value and what ends it. After <see cref="CsvStep.Cut"/> nothing is passed.</summary>
    public CsvStep Next()
    {
        ReadOnlySpan<byte> rest = text[Position..];
        HasDoubledQuotes = false;
        IsQuoted = !rest.IsEmpty && rest[0] == Quote;
        if (IsQuoted)
        {
            return NextQuoted(rest);
        }

        int end = rest.IndexOfAny(separator, LineFeed, CarriageReturn);
        end = end < 0 ? rest.Length : end;
        Value = rest[..end];
        return EndAt(rest, end);
    }

    /// <summary>Goes past one record and its line end.</summary>
    /// <returns>Anything but <see cref="CsvStep.Value"/>.</returns>
    public CsvStep NextRecord()
    {
        CsvStep step = Next();
        while (step == CsvStep.Value)
        {
            step = Next();
        }

        return step;
    }

    private CsvStep NextQuoted(ReadOnlySpan<byte> rest)
    {
        int at = 1;
        while (true)
        {
            int quote = rest[at..].IndexOf(Quote);
            if (quote < 0)
            {
                return isWhole ? CsvStep.Broken : CsvStep.Cut;
            }

            at += quote + 1;
            if (at == rest.Length || rest[at] != Quote)
            {
                Value = rest[1..(at - 1)];
                return EndAt(rest, at);
            }

            HasDoubledQuotes = true;
            at++;
        }
    }

    private CsvStep EndAt(ReadOnlySpan<byte> rest, int end)
    {
        bool isCut = !isWhole && (end == rest.Length || rest[end..] is [CarriageReturn]);
        if (isCut)
        {
            return CsvStep.Cut; // The next byte decides: another quote, a separator, or the rest of a line end.
        }

        if (end < rest.Length && rest[end] == separator)
        {
            Position += end + 1;
            return CsvStep.Value;
        }

        int lineEnd = rest[end..] switch
        {
            [] => 0,
            [LineFeed, ..] => 1,
            [CarriageReturn, LineFeed, ..] => 2,
            [CarriageReturn, ..] => 1,
            _ => -1,
        };
        if (lineEnd < 0)
        {
            return CsvStep.Broken;
        }

        Position += end + lineEnd;
        return CsvStep.LastValue;
    }
}
