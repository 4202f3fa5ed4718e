using System.Text;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>Compares what two versions of a ruleset say of matching.</summary>
public static class MatchingRules
{
    // Blocked values are guards and are never compared, so they are part of the rules.
    private static readonly string[] Parts = ["fuzzy", "guards"];

    /// <summary>
    /// Whether two versions match records alike: what they say of it is the same, whatever its order and the way it is
    /// written. Descriptions and comments make no difference.
    /// </summary>
    /// <param name="text">A definition that compiles.</param>
    /// <param name="other">Another one.</param>
    public static bool AreSame(string text, string other) => text == other || Of(text) == Of(other);

    private static string Of(string text)
    {
        StringBuilder said = new();
        if (YamlReader.Read(text, []) is YamlMap root)
        {
            foreach (string part in Parts)
            {
                foreach (YamlEntry entry in root.Entries.Where(e => e.Key.Text == part))
                {
                    Append(said, entry);
                }
            }
        }

        return said.ToString();
    }

    private static void Append(StringBuilder said, YamlEntry entry)
    {
        Append(said, entry.Key.Text);
        Append(said, entry.Value);
    }

    private static void Append(StringBuilder said, YamlNode node)
    {
        switch (node)
        {
            case YamlScalar scalar:
                said.Append(scalar.IsNull ? '~' : '=');
                Append(said, scalar.Text);
                break;
            case YamlList list:
                said.Append('[').Append(list.Items.Length);
                foreach (YamlNode item in list.Items)
                {
                    Append(said, item);
                }

                break;
            case YamlMap map:
                said.Append('{').Append(map.Entries.Length);
                foreach (var entry in map.Entries.OrderBy(e => e.Key.Text, StringComparer.Ordinal))
                {
                    Append(said, entry);
                }

                break;
        }
    }

    // With its length, so that no text runs into the next one.
    private static void Append(StringBuilder said, string text) =>
        said.Append(text.Length).Append(':').Append(text);
}
