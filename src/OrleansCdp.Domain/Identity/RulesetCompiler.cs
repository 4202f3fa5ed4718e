using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.RegularExpressions;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>Compiles a ruleset's definition, collecting everything that is wrong with it.</summary>
internal static partial class RulesetCompiler
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
            if (!NamePattern.IsMatch(name))
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
            if (name is not null && !NamePattern.IsMatch(name))
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
        HashSet<string> values = new(StringComparer.Ordinal);
        var patterns = ImmutableArray.CreateBuilder<Regex>();
        foreach (YamlNode item in items)
        {
            if (reader.Text(item, path) is not { } text)
            {
                continue;
            }

            if (text.Length > BlockedLengthMax)
            {
                reader.Add(path, $"A value has at most {BlockedLengthMax} characters.", item);
            }
            else if (text.Length > 2 && text[0] == '/' && text[^1] == '/')
            {
                AddPattern(text[1..^1], item, path, reader, patterns);
            }
            else if (text.Contains('*', StringComparison.Ordinal))
            {
                string pattern = Regex
                    .Escape(text.ToLowerInvariant())
                    .Replace("\\*", ".*", StringComparison.Ordinal);
                AddPattern($"^{pattern}$", item, path, reader, patterns);
            }
            else
            {
                values.Add(text.ToLowerInvariant());
            }
        }

        return new BlockedValues(
            values.ToFrozenSet(StringComparer.Ordinal),
            patterns.ToImmutable()
        );
    }

    // Without backtracking the time is in proportion to the value's length, whatever the pattern.
    private static void AddPattern(
        string pattern,
        YamlNode at,
        string path,
        DefinitionReader reader,
        ImmutableArray<Regex>.Builder patterns
    )
    {
        try
        {
            patterns.Add(
                new Regex(
                    pattern,
                    RegexOptions.NonBacktracking | RegexOptions.CultureInvariant,
                    PatternTimeout
                )
            );
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            reader.Add(path, $"Not a regular expression that is safe to run: {e.Message}", at);
        }
    }

    [GeneratedRegex(
        "^[a-z0-9][a-z0-9-]{0,99}$",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex NamePattern { get; }
}
