using System.Collections.Immutable;
using System.Globalization;
using OrleansCdp.Expressions;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>Reads expressions and numbers of a definition, noting what is wrong with line and column.</summary>
internal sealed class ExpressionReader(DefinitionReader reader, InsightSource source)
{
    private readonly SortedDictionary<string, string> forms = new(StringComparer.Ordinal);

    /// <summary>What was read, in the one way to write it, by where it stands.</summary>
    public ImmutableSortedDictionary<string, string> Forms =>
        forms.ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>Reads an expression under a key; null when there is none, or it is wrong.</summary>
    public Expression? Read(Section section, string key) =>
        section[key] is { } node ? Read(node, section.PathOf(key)) : null;

    /// <summary>Reads an expression of one type under a key.</summary>
    public Expression<T>? Read<T>(Section section, string key)
        where T : notnull =>
        section[key] is { } node
            ? (Expression<T>?)Read(node, section.PathOf(key), Types.Of<T>())
            : null;

    /// <summary>Reads an expression.</summary>
    public Expression? Read(YamlNode node, string path, ExpressionType? wanted = null)
    {
        if (node is not YamlScalar scalar)
        {
            reader.Add(path, "Expected an expression.", node);
            return null;
        }

        List<ExpressionError> errors = [];
        CompiledExpression? compiled = ExpressionCompiler.Compile(
            scalar.Text,
            source.Scope,
            wanted,
            errors
        );
        foreach (ExpressionError error in errors)
        {
            reader.Add(path, error.Message, PlaceOf(error, scalar));
        }

        if (compiled is null)
        {
            return null;
        }

        forms[path] = compiled.NormalForm;
        return compiled.Root;
    }

    /// <summary>Reads a duration under a key.</summary>
    public static TimeSpan? Duration(DefinitionReader reader, Section section, string key)
    {
        if (section[key] is not { } node)
        {
            return null;
        }

        List<ExpressionError> errors = [];
        if (
            node is YamlScalar scalar
            && ExpressionParser.Parse(scalar.Text, errors)
                is Syntax.Literal { Value: Constant.Duration duration }
        )
        {
            return duration.Value;
        }

        reader.Add(
            section.PathOf(key),
            errors is [var first] ? first.Message : "Expected a duration such as `30 days`.",
            node
        );
        return null;
    }

    /// <summary>Reads a number that is not negative.</summary>
    public static decimal Amount(DefinitionReader reader, YamlNode node, string path)
    {
        if (
            node is YamlScalar { Plain: true } scalar
            && Numbers.TryRead(scalar.Text, out string canonical)
            && decimal.Parse(canonical, CultureInfo.InvariantCulture) is >= 0 and var amount
        )
        {
            return amount;
        }

        reader.Add(path, "Expected a number that is not below 0.", node);
        return 0;
    }

    // Of a text that stands in one line as it is, the very place; else where the text begins.
    internal static YamlScalar PlaceOf(ExpressionError error, YamlScalar scalar)
    {
        (int line, int column) = error.PlaceIn(scalar.Text);
        return scalar.Plain && line == 1
            ? scalar with
            {
                Column = scalar.Column + column - 1,
            }
            : scalar;
    }
}
