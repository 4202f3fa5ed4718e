using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.RegularExpressions;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>Compiles a ruleset's definition, collecting everything that is wrong with it.</summary>
internal static class RulesetCompiler
{
    /// <summary>Match spaces that may find the records of one ruleset.</summary>
    internal const int FindableByMax = 20;

    /// <summary>Identifiers of one type that a ruleset may allow an individual, as many as a link may have.</summary>
    internal const int IdentifiersOfTypeMax = Limits.IdentifiersMax;

    /// <summary>Individuals that a ruleset may let one identifier name.</summary>
    internal const int IndividualsPerIdentifierMax = 1_000;

    /// <summary>Characters of a blocked value or pattern.</summary>
    internal const int BlockedLengthMax = Limits.IdentifierMax;

    private static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Compiles a definition.</summary>
    public static (Ruleset? Ruleset, ImmutableArray<DefinitionError> Errors) Compile(
        string name,
        string text
    )
    {
        List<DefinitionError> errors = [];
        DefinitionReader reader = new(errors);
        Ruleset? ruleset = null;
        if (YamlReader.Read(text, errors) is { } root)
        {
            if (!DefinitionNames.IsName(name))
            {
                reader.Add("", "A ruleset's name is small letters, digits and dashes.", root);
            }

            ruleset = Compile(name, root, reader);
        }

        return errors.Count > 0 ? (null, [.. errors]) : (ruleset, []);
    }

    private static Ruleset? Compile(string name, YamlNode root, DefinitionReader reader)
    {
        Section section = reader.Open(root, "", "description", "findableBy", "guards", "fuzzy");
        if (root is not YamlMap)
        {
            return null;
        }

        string? description = section["description"] is { } node
            ? reader.Text(node, "description")
            : null;
        ImmutableArray<string> findableBy = FindableByOf(section["findableBy"], reader);
        IdentifierGuards guards = GuardsOf(section["guards"], reader);
        FuzzyRules? fuzzy = section["fuzzy"] is { } rules
            ? new FuzzyCompiler(reader, guards).Compile(rules)
            : null;
        return new Ruleset
        {
            Name = name,
            Description = description,
            FindableBy = findableBy,
            Guards = guards,
            Fuzzy = fuzzy,
        };
    }

    private static ImmutableArray<string> FindableByOf(YamlNode? node, DefinitionReader reader)
    {
        if (node is null)
        {
            return [];
        }

        ImmutableArray<YamlNode> items = DefinitionReader.OneOrMany(node);
        if (items.Length > FindableByMax)
        {
            reader.Add("findableBy", $"At most {FindableByMax} rulesets stand here.", node);
        }

        var names = ImmutableArray.CreateBuilder<string>();
        foreach (YamlNode item in items)
        {
            string? name = reader.Text(item, "findableBy");
            if (name is not null && !DefinitionNames.IsName(name))
            {
                reader.Add("findableBy", $"`{name}` is no name of a ruleset.", item);
            }
            else if (name is not null && !names.Contains(name))
            {
                names.Add(name);
            }
        }

        return names.ToImmutable();
    }

    private static IdentifierGuards GuardsOf(YamlNode? node, DefinitionReader reader)
    {
        if (node is null)
        {
            return IdentifierGuards.None;
        }

        Section section = reader.Open(
            node,
            "guards",
            "blocked",
            "identifiersMax",
            "individualsPerIdentifierMax"
        );
        return new IdentifierGuards(
            BlockedOf(section["blocked"], reader),
            IdentifiersMaxOf(section["identifiersMax"], reader),
            Amounts.Whole(
                reader,
                section["individualsPerIdentifierMax"],
                section.PathOf("individualsPerIdentifierMax"),
                1,
                IndividualsPerIdentifierMax,
                IdentifierGuards.IndividualsPerIdentifierDefault
            )
        );
    }

    private static ImmutableArray<IdentifierLimit> IdentifiersMaxOf(
        YamlNode? node,
        DefinitionReader reader
    )
    {
        const string path = "guards.identifiersMax";
        return node is null
            ? []
            :
            [
                .. reader
                    .Entries(node, path)
                    .Select(entry => new IdentifierLimit(
                        entry.Key.Text,
                        Amounts.Whole(
                            reader,
                            entry.Value,
                            DefinitionReader.Join(path, entry.Key.Text),
                            1,
                            IdentifiersOfTypeMax,
                            IdentifiersOfTypeMax
                        )
                    )),
            ];
    }

    private static FrozenDictionary<string, BlockedValues> BlockedOf(
        YamlNode? node,
        DefinitionReader reader
    )
    {
        const string path = "guards.blocked";
        if (node is null)
        {
            return FrozenDictionary<string, BlockedValues>.Empty;
        }

        int count = 0;
        Dictionary<string, BlockedValues> blocked = new(StringComparer.Ordinal);
        foreach (YamlEntry entry in reader.Entries(node, path))
        {
            string inner = DefinitionReader.Join(path, entry.Key.Text);
            ImmutableArray<YamlNode> items = DefinitionReader.OneOrMany(entry.Value);
            count += items.Length;
            blocked[entry.Key.Text] = BlockedOf(items, inner, reader);
        }

        if (count > IdentifierGuards.BlockedMax)
        {
            reader.Add(path, $"At most {IdentifierGuards.BlockedMax} values stand here.", node);
        }

        return blocked.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static BlockedValues BlockedOf(
        ImmutableArray<YamlNode> items,
        string path,
        DefinitionReader reader
    )
    {
        var texts = ImmutableArray.CreateBuilder<string>();
        HashSet<string> values = new(StringComparer.Ordinal);
        List<string> beginnings = [];
        List<string> endings = [];
        List<string> patterns = [];
        foreach (YamlNode item in items)
        {
            if (reader.Text(item, path) is not { } written)
            {
                continue;
            }

            texts.Add(written);
            string text = written.ToLowerInvariant();
            if (text.Length > BlockedLengthMax)
            {
                reader.Add(path, $"A value has at most {BlockedLengthMax} characters.", item);
            }
            else if (text.Trim('*').Length == 0)
            {
                reader.Add(path, $"`{written}` would block everything.", item);
            }
            else if (text.Length > 2 && text[0] == '/' && text[^1] == '/')
            {
                if (PatternOf(written[1..^1], item, path, reader) is not null)
                {
                    patterns.Add(written[1..^1]);
                }
            }
            else if (text.IndexOf('*', StringComparison.Ordinal) is >= 0 and var star)
            {
                bool isOne = star == text.LastIndexOf('*');
                if (isOne && star == text.Length - 1)
                {
                    beginnings.Add(text[..^1]);
                }
                else if (isOne && star == 0)
                {
                    endings.Add(text[1..]);
                }
                else
                {
                    string any = Regex.Escape(text).Replace("\\*", ".*", StringComparison.Ordinal);
                    patterns.Add($"^{any}$");
                }
            }
            else
            {
                values.Add(text);
            }
        }

        return new BlockedValues(
            texts.ToImmutable(),
            values.ToFrozenSet(StringComparer.Ordinal),
            [.. beginnings],
            [.. endings],
            patterns.Count == 0
                ? null
                : PatternOf($"(?:{string.Join(")|(?:", patterns)})", items[0], path, reader)
        );
    }

    // Without backtracking the time is in proportion to the value's length, whatever the pattern.
    private static Regex? PatternOf(
        string pattern,
        YamlNode at,
        string path,
        DefinitionReader reader
    )
    {
        try
        {
            return new Regex(
                pattern,
                RegexOptions.NonBacktracking
                    | RegexOptions.CultureInvariant
                    | RegexOptions.IgnoreCase,
                PatternTimeout
            );
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            reader.Add(path, $"Not a regular expression that is safe to run: {e.Message}", at);
            return null;
        }
    }
}
