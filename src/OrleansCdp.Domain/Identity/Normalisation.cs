using PhoneNumbers;

namespace OrleansCdp.Identity;

/// <summary>Brings identifiers into the one form in which they are compared.</summary>
public static class Normalisation
{
    /// <summary>Normalises an identifier by its type.</summary>
    /// <param name="type">One of <see cref="IdentifierTypes"/>, or any other: those are trimmed.</param>
    /// <param name="value">As the source wrote it.</param>
    /// <param name="region">
    /// Two-letter region of phone numbers written without a country code, e.g. <c>US</c>; null refuses to guess.
    /// </param>
    /// <returns>Null when the value cannot be an identifier of that type.</returns>
    public static string? Of(string type, string value, string? region = null) =>
        type switch
        {
            IdentifierTypes.Email => Email(value),
            IdentifierTypes.Phone => Phone(value, region),
            _ => value.AsSpan().Trim() is { IsEmpty: false } trimmed
                ? trimmed.Length == value.Length
                    ? value
                    : trimmed.ToString()
                : null,
        };

    /// <summary>Normalises an email address: lower case, trimmed, and nothing else.</summary>
    /// <returns>Null when there is nothing before or behind the last <c>@</c>.</returns>
    public static string? Email(string value)
    {
        string address = value.Trim().ToLowerInvariant();
        int at = address.LastIndexOf('@');
        return at <= 0 || at == address.Length - 1 || address.Any(char.IsWhiteSpace)
            ? null
            : address;
    }

    /// <summary>Normalises a phone number to E.164.</summary>
    /// <returns>
    /// Null when it is no number that could be called, or lacks a country code and no region is given.
    /// </returns>
    public static string? Phone(string value, string? region = null)
    {
        // The library reads letters as keys of a phone and reads long texts for their first number. A URI (RFC 3966) is
        // a number and nothing else, with its context.
        const int longest = 40;
        const int longestUri = 250;
        bool isUri = value
            .AsSpan()
            .TrimStart()
            .StartsWith("tel:", StringComparison.OrdinalIgnoreCase);
        bool international = value.AsSpan().ContainsAny('+', '\uff0b');
        if (
            value.Length > (isUri ? longestUri : longest)
            || (region is null && !international)
            || !value.Any(char.IsDigit)
        )
        {
            return null;
        }

        try
        {
            PhoneNumberUtil phones = PhoneNumberUtil.GetInstance();
            PhoneNumber number = phones.Parse(value, region);
            string formatted = phones.Format(number, PhoneNumberFormat.E164);
            return phones.IsPossibleNumber(number) || IsLongEnough(formatted) ? formatted : null;
        }
        catch (NumberParseException)
        {
            return null;
        }
    }

    // Countries change how long their numbers are (Benin: 8 digits, then 10), and what an event says must not depend on
    // which of that the library knows. E.164 has at most 15 digits; what has fewer than 11 is hardly another length of one.
    private static bool IsLongEnough(string formatted) => formatted.Length is > 11 and <= 16;

    /// <summary>Whether phone numbers can be read as of this region.</summary>
    public static bool IsRegion(string region) =>
        PhoneNumberUtil.GetInstance().GetSupportedRegions().Contains(region);
}
