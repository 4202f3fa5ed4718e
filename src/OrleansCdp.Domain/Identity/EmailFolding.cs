using System.Collections.Frozen;
using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>
/// Brings addresses that reach one mailbox into one form, for matching. Never for anchors: whether two addresses are the
/// same mailbox is the provider's word, which may change, so an anchor compares the address in small letters alone.
/// </summary>
public sealed class EmailFolding
{
    private readonly bool isCaseFolded;
    private readonly FrozenDictionary<string, MailboxFolding> byProvider;

    /// <summary>A folding.</summary>
    /// <param name="byProvider">By <see cref="MailProvider.Name"/>; of others nothing is folded.</param>
    /// <param name="isCaseFolded">Whether capitals make no difference, whoever the provider is.</param>
    public EmailFolding(
        IReadOnlyDictionary<string, MailboxFolding> byProvider,
        bool isCaseFolded = true
    )
    {
        this.byProvider = byProvider.ToFrozenDictionary(StringComparer.Ordinal);
        this.isCaseFolded = isCaseFolded;
    }

    /// <summary>Small letters, and nothing else.</summary>
    public static EmailFolding None { get; } = new(new Dictionary<string, MailboxFolding>());

    /// <summary>Everything that the providers are known not to look at.</summary>
    public static EmailFolding Known { get; } =
        new(MailProvider.All.ToDictionary(provider => provider.Name, provider => provider.Known));

    /// <summary>Folds an address.</summary>
    /// <param name="address">As written; blanks around it make no difference.</param>
    /// <returns>Null when nothing is left before the <c>@</c>, or there is none.</returns>
    public string? Fold(string address)
    {
        string trimmed = address.Trim();
        int at = trimmed.LastIndexOf('@');
        if (at <= 0 || at == trimmed.Length - 1)
        {
            return null;
        }

        string local = trimmed[..at];
        string domain = trimmed[(at + 1)..].ToLowerInvariant();
        MailProvider? provider = MailProvider.Of(domain);
        MailboxFolding folding = provider is null
            ? MailboxFolding.None
            : byProvider.GetValueOrDefault(provider.Name) & provider.Known;
        if (folding.HasFlag(MailboxFolding.Subaddress))
        {
            local = WithoutSubaddress(local, provider!.Separator);
        }

        local = folding.HasFlag(MailboxFolding.Dots) ? WithoutSingleDots(local) : local;
        local =
            isCaseFolded || folding.HasFlag(MailboxFolding.Case) ? local.ToLowerInvariant() : local;
        domain = folding.HasFlag(MailboxFolding.Domain) ? provider!.Domains[0] : domain;
        return local.Length == 0 ? null : $"{local}@{domain}";
    }

    // `+` begins a subaddress; of a `-`, which names have too, only the last one can.
    private static string WithoutSubaddress(string local, char separator)
    {
        int from = separator == '-' ? local.LastIndexOf(separator) : local.IndexOf(separator);
        return from < 0 ? local : local[..from];
    }

    // Dots beside each other are no valid address of the provider's, so nothing is known of them.
    private static string WithoutSingleDots(string local)
    {
        Span<char> kept =
            local.Length <= Limits.IdentifierMax
                ? stackalloc char[Limits.IdentifierMax]
                : new char[local.Length];
        int count = 0;
        for (int i = 0; i < local.Length; i++)
        {
            bool isSingleDot =
                local[i] == '.'
                && (i == 0 || local[i - 1] != '.')
                && (i == local.Length - 1 || local[i + 1] != '.');
            if (!isSingleDot)
            {
                kept[count++] = local[i];
            }
        }

        return kept[..count].ToString();
    }
}
