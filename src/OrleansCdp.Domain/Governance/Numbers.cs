using System.Globalization;

namespace OrleansCdp.Governance;

/// <summary>Reads decimal numbers exactly or not at all.</summary>
internal static class Numbers
{
    /// <summary>Digits a number may have, before and behind the point together.</summary>
    internal const int DigitsMax = 28;

    /// <summary>Reads a number into its canonical text, that of <see cref="FieldValue.Of(decimal)"/>.</summary>
    /// <returns>False for no number, and for one that a decimal cannot hold exactly.</returns>
    public static bool TryRead(ReadOnlySpan<char> text, out string canonical)
    {
        text = text.Trim();
        if (IsCanonical(text))
        {
            canonical = text.ToString();
            return true;
        }

        canonical = "";
        if (
            !IsExact(text)
            || !decimal.TryParse(
                text,
                NumberStyles.AllowLeadingSign
                    | NumberStyles.AllowDecimalPoint
                    | NumberStyles.AllowExponent,
                CultureInfo.InvariantCulture,
                out decimal number
            )
        )
        {
            return false;
        }

        canonical = FieldValue.Of(number).Text;
        return true;
    }

    /// <summary>Whether a text is canonical as it stands. Most are, and telling so is cheaper than a round trip.</summary>
    public static bool IsCanonical(ReadOnlySpan<char> text)
    {
        int start = !text.IsEmpty && text[0] == '-' ? 1 : 0;
        ReadOnlySpan<char> digits = text[start..];
        if (digits.IsEmpty || digits.Length > DigitsMax || !char.IsAsciiDigit(digits[0]))
        {
            return false;
        }

        int point = digits.IndexOf('.');
        ReadOnlySpan<char> whole = point < 0 ? digits : digits[..point];
        ReadOnlySpan<char> part = point < 0 ? [] : digits[(point + 1)..];
        bool zeroLed = whole.Length > 1 && whole[0] == '0';
        bool zeroEnded = point >= 0 && (part.IsEmpty || part[^1] == '0');
        bool minusZero = start == 1 && whole is "0" && part.IsEmpty;
        return !zeroLed
            && !zeroEnded
            && !minusZero
            && !whole.ContainsAnyExceptInRange('0', '9')
            && !part.ContainsAnyExceptInRange('0', '9');
    }

    // decimal.Parse rounds what it cannot hold; money must not be rounded unseen.
    private static bool IsExact(ReadOnlySpan<char> text)
    {
        int exponentAt = text.IndexOfAny('e', 'E');
        int exponent = 0;
        if (
            exponentAt >= 0
            && !int.TryParse(
                text[(exponentAt + 1)..],
                NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture,
                out exponent
            )
        )
        {
            return false;
        }

        ReadOnlySpan<char> mantissa = (exponentAt < 0 ? text : text[..exponentAt]).TrimStart("+-");
        int point = mantissa.IndexOf('.');
        ReadOnlySpan<char> whole = (point < 0 ? mantissa : mantissa[..point]).TrimStart('0');
        ReadOnlySpan<char> part = point < 0 ? [] : mantissa[(point + 1)..].TrimEnd('0');
        if (whole.IsEmpty && part.IsEmpty)
        {
            return true;
        }

        return whole.Length + (long)exponent <= DigitsMax
            && part.Length - (long)exponent <= DigitsMax
            && whole.Length + part.Length <= DigitsMax;
    }
}
