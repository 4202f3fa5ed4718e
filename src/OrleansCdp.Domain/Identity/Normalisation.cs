using PhoneNumbers;

namespace OrleansCdp.Identity;

/// <summary>What a provider of mailboxes does with an address, as far as it may be used to compare.</summary>
[Flags]
public enum EmailRules
{
    /// <summary>Lower case and trimmed, nothing else.</summary>
    None = 0,

    /// <summary>One domain where a provider has several: <c>googlemail.com</c> is <c>gmail.com</c>.</summary>
    Domains = 1,

    /// <summary>Gmail's dots before the <c>@</c> do not count.</summary>
    Dots = 2,

    /// <summary>What follows the provider's sign for a sub-address does not count: <c>ada+news@</c>.</summary>
    SubAddresses = 4,

    /// <summary>All of them.</summary>
    All = Domains | Dots | SubAddresses,
}

/// <summary>How identifiers of a stream are normalised.</summary>
/// <param name="Email">Rules of providers that are applied to addresses.</param>
/// <param name="Region">
/// Two-letter region of phone numbers written without a country code, e.g. <c>US</c>; null refuses
/// to guess.
/// </param>
public readonly record struct NormalisationRules(
    EmailRules Email = EmailRules.None,
    string? Region = null
);

/// <summary>Brings identifiers into the one form in which they are compared.</summary>
public static class Normalisation
{
    private const string GmailDomain = "gmail.com";

    /// <summary>Normalises an identifier by its type.</summary>
    /// <param name="type">One of <see cref="IdentifierTypes"/>, or any other: those are trimmed.</param>
    /// <param name="value">As the source wrote it.</param>
    /// <param name="rules">Options.</param>
    /// <returns>Null when the value cannot be an identifier of that type.</returns>
    public static string? Of(string type, string value, NormalisationRules rules = default) =>
        type switch
        {
            IdentifierTypes.Email => Email(value, rules.Email),
            IdentifierTypes.Phone => Phone(value, rules.Region),
            _ => value.AsSpan().Trim() is { IsEmpty: false } trimmed
                ? trimmed.Length == value.Length
                    ? value
                    : trimmed.ToString()
                : null,
        };

    /// <summary>Normalises an email address.</summary>
    /// <returns>Null when there is nothing before or behind the last <c>@</c>.</returns>
    public static string? Email(string value, EmailRules rules = EmailRules.None)
    {
        string address = value.Trim().ToLowerInvariant();
        int at = address.LastIndexOf('@');
        if (at <= 0 || at == address.Length - 1 || address.Any(char.IsWhiteSpace))
        {
            return null;
        }

        return rules == EmailRules.None
            ? address
            : ByProvider(address[..at], address[(at + 1)..], rules);
    }

    /// <summary>Normalises a phone number to E.164.</summary>
    /// <returns>Null when it is no possible number, or lacks a country code and no region is given.</returns>
    public static string? Phone(string value, string? region = null)
    {
        // The library reads letters as keys of a phone and reads long texts for their first number.
        const int longest = 40;
        bool international = value.AsSpan().ContainsAny('+', '\uff0b');
        if (
            value.Length > longest
            || (region is null && !international)
            || !value.AsSpan().ContainsAnyInRange('0', '9')
        )
        {
            return null;
        }

        try
        {
            PhoneNumberUtil phones = PhoneNumberUtil.GetInstance();
            PhoneNumber number = phones.Parse(value, region);
            return phones.IsPossibleNumber(number)
                ? phones.Format(number, PhoneNumberFormat.E164)
                : null;
        }
        catch (NumberParseException)
        {
            return null;
        }
    }

    /// <summary>Whether phone numbers can be read as of this region.</summary>
    public static bool IsRegion(string region) =>
        PhoneNumberUtil.GetInstance().GetSupportedRegions().Contains(region);

    private static string? ByProvider(string local, string domain, EmailRules rules)
    {
        (string home, char sub) = ProviderOf(domain);
        if (rules.HasFlag(EmailRules.SubAddresses) && sub != '\0')
        {
            int sign = local.IndexOf(sub, StringComparison.Ordinal);
            local = sign < 0 ? local : local[..sign];
        }

        if (rules.HasFlag(EmailRules.Dots) && home == GmailDomain)
        {
            local = local.Replace(".", "", StringComparison.Ordinal);
        }

        if (local.Length == 0)
        {
            return null;
        }

        return $"{local}@{(rules.HasFlag(EmailRules.Domains) ? home : domain)}";
    }

    // The provider's first domain, and the sign that starts a sub-address there.
    private static (string Home, char Sub) ProviderOf(string domain)
    {
        string name = domain[..Math.Max(domain.IndexOf('.', StringComparison.Ordinal), 0)];
        return name switch
        {
            "gmail" or "googlemail" when domain[name.Length..] == ".com" => (GmailDomain, '+'),
            "yandex" or "ya" when IsYandex(domain) => ("yandex.ru", '\0'),
            "icloud" or "me" when domain[name.Length..] == ".com" => (domain, '+'),
            "outlook" or "hotmail" or "live" or "msn" or "passport" => (domain, '+'),
            "yahoo" or "ymail" or "rocketmail" => (domain, '-'),
            _ => (domain, '\0'),
        };
    }

    private static bool IsYandex(string domain) =>
        domain
            is "ya.ru"
                or "yandex.ru"
                or "yandex.com"
                or "yandex.by"
                or "yandex.kz"
                or "yandex.ua";
}
