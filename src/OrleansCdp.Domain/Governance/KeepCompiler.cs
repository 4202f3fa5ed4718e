using System.Collections.Immutable;
using System.Globalization;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>Compiles what kind of event a record is, and whether it is kept.</summary>
internal sealed class KeepCompiler(DefinitionReader reader, FieldUses uses)
{
    private static readonly string[] KindWords =
    [
        "created",
        "updated",
        "closed",
        "deleted",
        "engagement",
    ];

    /// <summary>Compiles how the kind of an event is told.</summary>
    public (ImmutableArray<KindRule> Rules, EventKind Otherwise) KindsOf(
        Section section,
        string name
    )
    {
        EventKind otherwise = CanonicalObjects.IsEngagement(name)
            ? EventKind.Engagement
            : EventKind.Updated;
        string path = section.PathOf("kind");
        if (section["kind"] is not { } node)
        {
            return ([], otherwise);
        }

        var rules = ImmutableArray.CreateBuilder<KindRule>();
        ImmutableArray<YamlNode> items = DefinitionReader.OneOrMany(node);
        for (int i = 0; i < items.Length; i++)
        {
            string at = $"{path}[{i}]";
            if (items[i] is YamlScalar word)
            {
                otherwise = KindOf(word, at) ?? otherwise;
                CheckLast(items, i, at);
                continue;
            }

            Section rule = reader.Open(items[i], at, "when", "is", "otherwise");
            if (rule["otherwise"] is { } last)
            {
                otherwise = KindOf(last, rule.PathOf("otherwise")) ?? otherwise;
                CheckLast(items, i, at);
            }
            else if (
                uses.ConditionOf(rule, "when", deciding: true) is { } when
                && KindOf(rule["is"], rule.PathOf("is")) is { } kind
            )
            {
                rules.Add(new KindRule(when, kind));
            }
            else
            {
                reader.Add(
                    at,
                    "Expected `{when: ..., is: closed}` or `otherwise: updated`.",
                    items[i]
                );
            }
        }

        return (rules.ToImmutable(), otherwise);
    }

    private void CheckLast(ImmutableArray<YamlNode> items, int index, string path)
    {
        if (index != items.Length - 1)
        {
            reader.Add(path, "What holds otherwise comes last.", items[index]);
        }
    }

    private EventKind? KindOf(YamlNode? node, string path) =>
        reader.Word(node, path, KindWords) is { } word
            ? (EventKind)Array.IndexOf(KindWords, word)
            : null;

    /// <summary>Compiles what becomes of each kind, in the order of <see cref="EventKind"/>.</summary>
    public ImmutableArray<KeepRule> KeepOf(Section section, string name)
    {
        KeepRule[] rules = new KeepRule[KindWords.Length];
        if (name == CanonicalObjects.Case)
        {
            rules[(int)EventKind.Updated] = new KeepRule(Lane.Low, null);
        }

        if (section["keep"] is { } node)
        {
            Section keep = reader.Open(node, section.PathOf("keep"), KindWords);
            for (int kind = 0; kind < KindWords.Length; kind++)
            {
                if (keep[KindWords[kind]] is { } value)
                {
                    rules[kind] = KeepRuleOf(value, keep.PathOf(KindWords[kind]));
                }
            }
        }

        return [.. rules];
    }

    private KeepRule KeepRuleOf(YamlNode node, string path)
    {
        if (node is YamlMap)
        {
            Section section = reader.Open(node, path, "suppress");
            return new KeepRule(Lane.Normal, ReasonOf(section, "suppress"));
        }

        return reader.Word(node, path, "normal", "low", "suppress") switch
        {
            "low" => new KeepRule(Lane.Low, null),
            "suppress" => new KeepRule(Lane.Normal, ReasonCodes.KindNotKept),
            _ => new KeepRule(Lane.Normal, null),
        };
    }

    /// <summary>Compiles which records are kept out.</summary>
    public ImmutableArray<SuppressRule> SuppressOf(Section section)
    {
        if (section["suppress"] is not { } node)
        {
            return [];
        }

        var rules = ImmutableArray.CreateBuilder<SuppressRule>();
        string path = section.PathOf("suppress");
        ImmutableArray<YamlNode> items = reader.Many(node, path);
        for (int i = 0; i < items.Length; i++)
        {
            Section rule = reader.Open(items[i], $"{path}[{i}]", "when", "reason");
            if (
                uses.ConditionOf(rule, "when", deciding: true) is { } when
                && ReasonOf(rule, "reason") is { } reason
            )
            {
                rules.Add(new SuppressRule(when, reason));
            }
            else
            {
                reader.Add(rule.Path, "Expected `{when: ..., reason: test_data}`.", items[i]);
            }
        }

        return rules.ToImmutable();
    }

    /// <summary>Reads the name of a reason, under which suppressed records are counted.</summary>
    private string? ReasonOf(Section section, string key) =>
        ReasonOf(reader, section[key], section.PathOf(key));

    /// <summary>Reads the name of a reason, under which suppressed records are counted.</summary>
    internal static string? ReasonOf(DefinitionReader reader, YamlNode? node, string path)
    {
        string? reason = reader.Text(node, path);
        bool named =
            reason is not null
            && reason.Length <= Limits.FieldNameMax
            && reason.All(letter =>
                char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '_'
            );
        if (reason is not null && !named)
        {
            string hint = string.Create(
                CultureInfo.InvariantCulture,
                $"A reason is small letters, digits and `_`, at most {Limits.FieldNameMax}: `test_data`."
            );
            reader.Add(path, hint, node);
        }

        return named ? reason : null;
    }
}
