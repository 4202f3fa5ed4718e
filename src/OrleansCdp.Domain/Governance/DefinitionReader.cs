using System.Collections.Immutable;

namespace OrleansCdp.Governance;

/// <summary>
/// Reads nodes of a definition, collecting every error with what would be right, so that an author
/// sees them all at once.
/// </summary>
internal sealed class DefinitionReader(List<DefinitionError> errors)
{
    /// <summary>Errors reported for one definition; further ones are left out.</summary>
    internal const int ErrorsMax = 100;

    private const int SuggestionDistanceMax = 3;

    /// <summary>Whether anything is wrong so far.</summary>
    public bool HasErrors => errors.Count > 0;

    /// <summary>Notes an error at a node.</summary>
    public void Add(string path, string message, YamlNode? at)
    {
        DefinitionError error = new(path, message, at?.Line ?? 0, at?.Column ?? 0);
        if (errors.Count < ErrorsMax && !errors.Contains(error))
        {
            errors.Add(error);
        }
    }

    /// <summary>Reads a map whose keys are fixed.</summary>
    /// <returns>The values by key; empty when the node is no map.</returns>
    public Section Open(YamlNode node, string path, params ReadOnlySpan<string> keys)
    {
        if (node is not YamlMap map)
        {
            Add(path, $"Expected a map with the keys {List(keys)}.", node);
            return new Section(path, node, []);
        }

        foreach (YamlEntry entry in map.Entries)
        {
            if (!keys.Contains(entry.Key.Text))
            {
                Add(
                    Join(path, entry.Key.Text),
                    $"Unknown key `{entry.Key.Text}`. {Suggest(entry.Key.Text, keys)}",
                    entry.Key
                );
            }
        }

        return new Section(path, node, map.Entries);
    }

    /// <summary>Reads a map whose keys are the author's.</summary>
    public ImmutableArray<YamlEntry> Entries(YamlNode node, string path)
    {
        if (node is YamlMap map)
        {
            return map.Entries;
        }

        Add(path, "Expected a map of names to values.", node);
        return [];
    }

    /// <summary>Reads a list; a single value stands for a list of one.</summary>
    public static ImmutableArray<YamlNode> OneOrMany(YamlNode node) =>
        node is YamlList list ? list.Items : [node];

    /// <summary>Reads a list.</summary>
    public ImmutableArray<YamlNode> Many(YamlNode node, string path)
    {
        if (node is YamlList list)
        {
            return list.Items;
        }

        Add(path, "Expected a list.", node);
        return [];
    }

    /// <summary>Reads a text that is not empty.</summary>
    public string? Text(YamlNode? node, string path)
    {
        if (node is YamlScalar { IsNull: false } scalar && scalar.Text.Length > 0)
        {
            return scalar.Text;
        }

        if (node is not null)
        {
            Add(path, "Expected a text.", node);
        }

        return null;
    }

    /// <summary>Reads one word of a closed set.</summary>
    public string? Word(YamlNode? node, string path, params ReadOnlySpan<string> words)
    {
        string? text = Text(node, path);
        if (text is null || words.Contains(text))
        {
            return text;
        }

        Add(path, $"`{text}` is not known here. {Suggest(text, words)}", node);
        return null;
    }

    /// <summary>Reads true or false.</summary>
    public bool Flag(YamlNode? node, string path, bool otherwise = false)
    {
        switch (node)
        {
            case null:
                return otherwise;
            case YamlScalar { Plain: true, Text: "true" }:
                return true;
            case YamlScalar { Plain: true, Text: "false" }:
                return false;
            default:
                Add(path, "Expected `true` or `false`.", node);
                return otherwise;
        }
    }

    /// <summary>What would be right instead of an unknown word.</summary>
    public static string Suggest(string word, params ReadOnlySpan<string> known)
    {
        string? nearest = null;
        int best = Math.Min(SuggestionDistanceMax, (word.Length + 1) / 2) + 1;
        foreach (string candidate in known)
        {
            int distance = Distance(word, candidate);
            if (distance < best)
            {
                best = distance;
                nearest = candidate;
            }
        }

        return nearest is not null ? $"Did you mean `{nearest}`?"
            : known.Length == 0 ? "None are declared."
            : $"Known: {List(known)}.";
    }

    /// <summary>The path of a key below a path.</summary>
    public static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    private static string List(ReadOnlySpan<string> words)
    {
        const int shownMax = 12;
        string shown = string.Join(
            ", ",
            words[..Math.Min(words.Length, shownMax)].ToArray().Select(word => $"`{word}`")
        );
        return words.Length > shownMax ? shown + ", ..." : shown;
    }

    // Levenshtein, letters of either case being the same: definitions mistake `timezone` for `timeZone`.
    private static int Distance(string left, string right)
    {
        if (Math.Abs(left.Length - right.Length) > SuggestionDistanceMax)
        {
            return int.MaxValue;
        }

        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                bool same =
                    char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]);
                int replaced = diagonal + (same ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[right.Length];
    }
}

/// <summary>A map with fixed keys.</summary>
internal sealed class Section
{
    private readonly Dictionary<string, (YamlNode Value, string Path)> values;

    /// <summary>A section of what stands in one place.</summary>
    public Section(string path, YamlNode node, ImmutableArray<YamlEntry> entries)
    {
        Path = path;
        Node = node;
        values = entries.ToDictionary(
            entry => entry.Key.Text,
            entry => (entry.Value, DefinitionReader.Join(path, entry.Key.Text)),
            StringComparer.Ordinal
        );
    }

    private Section(Section lower, Section upper)
    {
        Path = upper.Path;
        Node = upper.Node;
        values = new Dictionary<string, (YamlNode, string)>(lower.values, StringComparer.Ordinal);
        foreach ((string key, (YamlNode, string) value) in upper.values)
        {
            values[key] = value;
        }
    }

    /// <summary>Where it stands.</summary>
    public string Path { get; }

    /// <summary>The map itself.</summary>
    public YamlNode Node { get; }

    /// <summary>The value under a key, or null.</summary>
    public YamlNode? this[string key] =>
        values.TryGetValue(key, out (YamlNode Value, string Path) found) ? found.Value : null;

    /// <summary>Where a key's value stands, or would stand.</summary>
    public string PathOf(string key) =>
        values.TryGetValue(key, out (YamlNode Value, string Path) found)
            ? found.Path
            : DefinitionReader.Join(Path, key);

    /// <summary>This section with the keys of another in place of its own.</summary>
    public Section OverriddenBy(Section upper) => new(this, upper);
}
