using System.Collections.Immutable;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>
/// Compiles which spellings of an email address are one mailbox: <c>known</c>, or
/// <c>{ gmail: [dots, subaddress], yahoo: subaddress }</c>.
/// </summary>
internal static class FoldingCompiler
{
    /// <summary>The word for all that is known of all providers.</summary>
    public const string Known = "known";

    private static readonly ImmutableArray<(string Word, MailboxFolding Folding)> Words =
    [
        ("dots", MailboxFolding.Dots),
        ("subaddress", MailboxFolding.Subaddress),
        ("domain", MailboxFolding.Domain),
    ];

    /// <summary>What is folded, by provider.</summary>
    public static ImmutableSortedDictionary<string, MailboxFolding> Compile(
        DefinitionReader reader,
        YamlNode? node,
        string path
    )
    {
        if (node is null)
        {
            return ImmutableSortedDictionary.Create<string, MailboxFolding>(StringComparer.Ordinal);
        }

        if (node is YamlScalar { Text: Known })
        {
            return MailProvider.All.ToImmutableSortedDictionary(
                provider => provider.Name,
                provider => provider.Known,
                StringComparer.Ordinal
            );
        }

        string[] providers = [.. MailProvider.All.Select(provider => provider.Name)];
        Section section = reader.Open(node, path, providers);
        var foldings = ImmutableSortedDictionary.CreateBuilder<string, MailboxFolding>(
            StringComparer.Ordinal
        );
        foreach (string provider in providers)
        {
            if (section[provider] is { } words)
            {
                foldings[provider] = FoldingOf(reader, words, section.PathOf(provider));
            }
        }

        return foldings.ToImmutable();
    }

    /// <summary>The words of a folding.</summary>
    public static IEnumerable<string> WordsOf(MailboxFolding folding) =>
        Words.Where(word => folding.HasFlag(word.Folding)).Select(word => word.Word);

    private static MailboxFolding FoldingOf(DefinitionReader reader, YamlNode node, string path)
    {
        string[] known = [.. Words.Select(word => word.Word)];
        MailboxFolding folding = MailboxFolding.None;
        foreach (YamlNode item in DefinitionReader.OneOrMany(node))
        {
            string? text = reader.Word(item, path, known);
            folding |= Words.FirstOrDefault(word => word.Word == text).Folding;
        }

        return folding;
    }
}
