using System.Collections.Frozen;
using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>What a provider of mail does not look at when it delivers.</summary>
[Flags]
public enum MailboxFolding
{
    /// <summary>It looks at everything.</summary>
    None = 0,

    /// <summary>Capitals in the part before the <c>@</c>.</summary>
    Case = 1,

    /// <summary>Single dots in it.</summary>
    Dots = 2,

    /// <summary>A subaddress at its end: what follows <c>+</c>, with Yahoo what follows the last <c>-</c>.</summary>
    Subaddress = 4,

    /// <summary>Which of its domains is written: googlemail.com is gmail.com, ya.ru is yandex.ru.</summary>
    Domain = 8,
}

/// <summary>A provider of mailboxes to the public.</summary>
public sealed record MailProvider
{
    private MailProvider() { }

    /// <summary>Its name in definitions.</summary>
    public required string Name { get; init; }

    /// <summary>Its domains, the one it prefers first.</summary>
    public required ImmutableArray<string> Domains { get; init; }

    /// <summary>What it is known not to look at.</summary>
    public required MailboxFolding Known { get; init; }

    /// <summary>What a subaddress begins with.</summary>
    public char Separator { get; init; } = '+';

    /// <summary>Google's.</summary>
    public static MailProvider Gmail { get; } =
        new()
        {
            Name = "gmail",
            Domains = ["gmail.com", "googlemail.com"],
            Known =
                MailboxFolding.Case
                | MailboxFolding.Dots
                | MailboxFolding.Subaddress
                | MailboxFolding.Domain,
        };

    /// <summary>Apple's.</summary>
    public static MailProvider ICloud { get; } =
        new()
        {
            Name = "icloud",
            Domains = ["icloud.com", "me.com"],
            Known = MailboxFolding.Case | MailboxFolding.Subaddress,
        };

    /// <summary>Microsoft's.</summary>
    public static MailProvider Outlook { get; } =
        new()
        {
            Name = "outlook",
            Domains = OutlookDomains(),
            Known = MailboxFolding.Case | MailboxFolding.Subaddress,
        };

    /// <summary>Yahoo's.</summary>
    public static MailProvider Yahoo { get; } =
        new()
        {
            Name = "yahoo",
            Domains =
            [
                "yahoo.com",
                "yahoo.ca",
                "yahoo.co.uk",
                "yahoo.de",
                "yahoo.fr",
                "yahoo.in",
                "yahoo.it",
                "ymail.com",
                "rocketmail.com",
            ],
            Known = MailboxFolding.Case | MailboxFolding.Subaddress,
            Separator = '-',
        };

    /// <summary>Yandex's.</summary>
    public static MailProvider Yandex { get; } =
        new()
        {
            Name = "yandex",
            Domains = ["yandex.ru", "yandex.com", "yandex.ua", "yandex.kz", "yandex.by", "ya.ru"],
            Known = MailboxFolding.Case | MailboxFolding.Domain,
        };

    /// <summary>All that are known.</summary>
    public static ImmutableArray<MailProvider> All { get; } =
    [Gmail, ICloud, Outlook, Yahoo, Yandex];

    private static FrozenDictionary<string, MailProvider> ByDomain { get; } =
        All.SelectMany(provider =>
                provider.Domains.Select(domain => KeyValuePair.Create(domain, provider))
            )
            .ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The provider of a domain, in small letters; null for none that is known.</summary>
    public static MailProvider? Of(string domain) => ByDomain.GetValueOrDefault(domain);

    // Two names with a country's ending each, as they were sold.
    private static ImmutableArray<string> OutlookDomains()
    {
        const string both =
            "at be cl co.il co.nz co.th co.uk com com.ar com.au com.br com.gr com.pe com.tr com.vn "
            + "cz de dk es fr hu id ie in it jp kr lv my ph pt sa sg sk";
        string[] endings = both.Split(' ');
        return
        [
            .. endings.Select(ending => $"outlook.{ending}"),
            .. endings.Select(ending => $"hotmail.{ending}"),
            "hotmail.ca",
            "hotmail.com.mx",
            .. "be co.uk com com.ar com.mx de es eu fr it nl".Split(' ').Select(e => $"live.{e}"),
            "msn.com",
            "passport.com",
        ];
    }
}
