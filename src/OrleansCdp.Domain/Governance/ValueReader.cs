using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>Turns what a record holds into the canonical value of its declared type.</summary>
internal static class ValueReader
{
    /// <summary>Characters of one number as written, zeros and exponent included.</summary>
    internal const int NumberCharactersMax = 64;

    /// <summary>Reads a raw cell: it becomes a value, cleared, missing or wrong.</summary>
    public static void Read(ref Cell cell, FieldPlan field)
    {
        if (cell.Column is not null)
        {
            ReadText(ref cell, field, cell.Column);
            return;
        }

        switch (cell.Json.ValueKind)
        {
            case JsonValueKind.Null:
                cell.State =
                    field.Nulls == NullMeaning.Missing ? CellState.Missing : CellState.Cleared;
                break;
            case JsonValueKind.String when field.Kind != FieldKind.Json:
                if (TryString(cell.Json, out string text))
                {
                    ReadText(ref cell, field, text);
                }
                else
                {
                    Fail(ref cell, ReasonCodes.BadText);
                }

                break;
            case JsonValueKind.Number when field.Kind != FieldKind.Json:
                ReadNumber(ref cell, field);
                break;
            case JsonValueKind.True or JsonValueKind.False when field.Kind == FieldKind.Boolean:
                Succeed(ref cell, cell.Json.ValueKind == JsonValueKind.True ? "true" : "false");
                break;
            case JsonValueKind.Array when field.Kind == FieldKind.Lines:
                Succeed(ref cell, "");
                break;
            default:
                ReadJson(ref cell, field);
                break;
        }
    }

    /// <summary>Reads a JSON string.</summary>
    /// <returns>False when it holds NUL, a lone surrogate or bytes that are not UTF-8.</returns>
    public static bool TryString(JsonElement element, out string text)
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8Value(element)[1..^1];
        if (!raw.Contains((byte)'\\'))
        {
            // Control characters cannot stand unescaped, so there is no NUL here.
            bool valid = Utf8.IsValid(raw);
            text = valid ? Encoding.UTF8.GetString(raw) : "";
            return valid;
        }

        try
        {
            text = element.GetString()!;
            return !text.Contains('\0', StringComparison.Ordinal);
        }
        catch (InvalidOperationException)
        {
            text = ""; // how the parser reports a lone surrogate
            return false;
        }
    }

    /// <summary>Whether a text can be stored: no NUL, no lone surrogate.</summary>
    public static bool IsStorable(ReadOnlySpan<char> text)
    {
        if (text.Contains('\0'))
        {
            return false;
        }

        int at = text.IndexOfAnyInRange('\ud800', '\udfff');
        while (at >= 0)
        {
            if (at + 1 >= text.Length || !char.IsSurrogatePair(text[at], text[at + 1]))
            {
                return false;
            }

            text = text[(at + 2)..];
            at = text.IndexOfAnyInRange('\ud800', '\udfff');
        }

        return true;
    }

    private static void ReadText(ref Cell cell, FieldPlan field, string text)
    {
        if (!field.NullTokens.IsEmpty && field.NullTokens.Contains(text))
        {
            cell.State = field.Nulls == NullMeaning.Clears ? CellState.Cleared : CellState.Missing;
            return;
        }

        if (cell.Column is not null && !IsStorable(text))
        {
            Fail(ref cell, ReasonCodes.BadText);
            return;
        }

        switch (field.Kind)
        {
            case FieldKind.Text:
                bool strips =
                    field.Strip is not null
                    && text.StartsWith(field.Strip, StringComparison.Ordinal);
                SucceedWithin(ref cell, strips ? text[field.Strip!.Length..] : text);
                break;
            case FieldKind.Number or FieldKind.Integer:
                ReadNumber(ref cell, field, text);
                break;
            case FieldKind.Boolean:
                ReadBoolean(ref cell, text);
                break;
            case FieldKind.Timestamp:
                bool read = Instants.TryRead(text, field.Formats, field.Zone, out long ticks);
                EndTime(ref cell, read, ticks);
                break;
            case FieldKind.Date:
                ReadDay(ref cell, field, text);
                break;
            case FieldKind.Json:
                ReadJsonText(ref cell, text);
                break;
            default:
                Fail(ref cell, ReasonCodes.WrongType);
                break;
        }
    }

    private static void ReadNumber(ref Cell cell, FieldPlan field)
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8Value(cell.Json);
        if (raw.Length > NumberCharactersMax)
        {
            Fail(ref cell, ReasonCodes.WrongType);
            return;
        }

        Span<char> digits = stackalloc char[NumberCharactersMax];
        int length = Encoding.ASCII.GetChars(raw, digits);
        ReadOnlySpan<char> text = digits[..length];
        switch (field.Kind)
        {
            case FieldKind.Text:
                ReadText(ref cell, field, text.ToString());
                break;
            case FieldKind.Number or FieldKind.Integer:
                ReadNumber(ref cell, field, text);
                break;
            case FieldKind.Timestamp or FieldKind.Date when field.Formats.IsEmpty:
                ReadEpoch(ref cell, field, text);
                break;
            default:
                Fail(ref cell, ReasonCodes.WrongType);
                break;
        }
    }

    private static void ReadNumber(ref Cell cell, FieldPlan field, ReadOnlySpan<char> text)
    {
        if (
            text.Length > NumberCharactersMax
            || !Numbers.TryRead(text, out string canonical)
            || (
                field.Kind == FieldKind.Integer && canonical.Contains('.', StringComparison.Ordinal)
            )
        )
        {
            Fail(ref cell, ReasonCodes.WrongType);
            return;
        }

        Succeed(ref cell, canonical);
    }

    private static void ReadEpoch(ref Cell cell, FieldPlan field, ReadOnlySpan<char> text)
    {
        long ticks = 0;
        bool read =
            long.TryParse(
                text,
                NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture,
                out long milliseconds
            ) && Instants.TryEpoch(milliseconds, out ticks);
        if (read && field.Kind == FieldKind.Date)
        {
            Succeed(ref cell, FieldValue.Of(DateOnly.FromDateTime(new DateTime(ticks))).Text);
            return;
        }

        EndTime(ref cell, read, ticks);
    }

    private static void ReadBoolean(ref Cell cell, string text)
    {
        ReadOnlySpan<char> word = text.AsSpan().Trim();
        if (word.Equals("true", StringComparison.OrdinalIgnoreCase) || word is "1")
        {
            Succeed(ref cell, "true");
        }
        else if (word.Equals("false", StringComparison.OrdinalIgnoreCase) || word is "0")
        {
            Succeed(ref cell, "false");
        }
        else
        {
            Fail(ref cell, ReasonCodes.WrongType);
        }
    }

    private static void ReadDay(ref Cell cell, FieldPlan field, string text)
    {
        if (Instants.TryDay(text, field.Formats, out DateOnly day))
        {
            Succeed(ref cell, FieldValue.Of(day).Text);
        }
        else
        {
            Fail(ref cell, ReasonCodes.BadTime);
        }
    }

    private static void ReadJson(ref Cell cell, FieldPlan field)
    {
        if (field.Kind != FieldKind.Json)
        {
            Fail(ref cell, ReasonCodes.WrongType);
        }
        else if (CanonicalJson.TryWrite(cell.Json, out string text))
        {
            SucceedWithin(ref cell, text);
        }
        else
        {
            Fail(ref cell, ReasonCodes.BadText);
        }
    }

    // A column of a row may hold JSON.
    private static void ReadJsonText(ref Cell cell, string text)
    {
        try
        {
            JsonDocumentOptions options = new() { MaxDepth = Limits.JsonDepthMax };
            using JsonDocument document = JsonDocument.Parse(text, options);
            if (CanonicalJson.TryWrite(document.RootElement, out string canonical))
            {
                SucceedWithin(ref cell, canonical);
                return;
            }

            Fail(ref cell, ReasonCodes.BadText);
        }
        catch (JsonException)
        {
            Fail(ref cell, ReasonCodes.WrongType);
        }
    }

    private static void EndTime(ref Cell cell, bool read, long ticks)
    {
        cell.Ticks = ticks;
        cell.Code = read ? null : ReasonCodes.BadTime;
        cell.State = read ? CellState.Value : CellState.Wrong;
    }

    private static void SucceedWithin(ref Cell cell, string text)
    {
        if (text.Length > Limits.FieldTextMax)
        {
            Fail(ref cell, ReasonCodes.LimitExceeded);
            return;
        }

        Succeed(ref cell, text);
    }

    private static void Succeed(ref Cell cell, string text)
    {
        cell.Text = text;
        cell.State = CellState.Value;
    }

    private static void Fail(ref Cell cell, string code)
    {
        cell.Code = code;
        cell.State = CellState.Wrong;
    }
}
