using System.Collections.Immutable;

namespace OrleansCdp.Governance;

/// <summary>Compiles conditions.</summary>
internal sealed class ConditionCompiler(DefinitionReader reader, FieldCompiler fields)
{
    /// <summary>Conditions of one <c>all</c> or <c>any</c>.</summary>
    internal const int PartsMax = 100;

    /// <summary>Compiles a condition.</summary>
    /// <returns>Null when it is wrong; the errors say why.</returns>
    public Condition? Compile(YamlNode node, string path)
    {
        Section section = reader.Open(
            node,
            path,
            "field",
            "equals",
            "in",
            "exists",
            "notExists",
            "all",
            "any",
            "not"
        );
        string[] forms = ["all", "any", "not", "field"];
        string[] chosen = [.. forms.Where(form => section[form] is not null)];
        if (chosen.Length != 1)
        {
            reader.Add(
                path,
                "A condition has one of `field` (with `equals`, `in`, `exists` or `notExists`), "
                    + "`all`, `any`, `not`.",
                node
            );
            return null;
        }

        string at = section.PathOf(chosen[0]);
        YamlNode inner = section[chosen[0]]!;
        return chosen[0] switch
        {
            "all" => new Condition.All(Parts(inner, at)),
            "any" => new Condition.Any(Parts(inner, at)),
            "not" => Compile(inner, at) is { } part ? new Condition.Not(part) : null,
            _ => CompileTest(section),
        };
    }

    private ImmutableArray<Condition> Parts(YamlNode node, string path)
    {
        ImmutableArray<YamlNode> items = reader.Many(node, path);
        if (items.Length is 0 or > PartsMax)
        {
            reader.Add(path, $"Between 1 and {PartsMax} conditions stand here.", node);
        }

        var parts = ImmutableArray.CreateBuilder<Condition>();
        for (int i = 0; i < items.Length; i++)
        {
            if (Compile(items[i], $"{path}[{i}]") is { } part)
            {
                parts.Add(part);
            }
        }

        return parts.ToImmutable();
    }

    private Condition? CompileTest(Section section)
    {
        FieldPlan? field = fields.Find(section["field"], section.PathOf("field"));
        string[] tests = ["equals", "in", "exists", "notExists"];
        string[] chosen = [.. tests.Where(test => section[test] is not null)];
        if (chosen.Length != 1)
        {
            reader.Add(
                section.Path,
                "Test the field with one of `equals`, `in`, `exists`, `notExists`.",
                section.Node
            );
            return null;
        }

        if (field is null)
        {
            return null;
        }

        string path = section.PathOf(chosen[0]);
        YamlNode value = section[chosen[0]]!;
        switch (chosen[0])
        {
            case "exists":
                return new Condition.Exists(field.Slot, reader.Flag(value, path, true));
            case "notExists":
                return new Condition.Exists(field.Slot, !reader.Flag(value, path, true));
            case "in":
                ImmutableArray<YamlNode> items = reader.Many(value, path);
                return new Condition.In(
                    field.Slot,
                    [.. items.Select(item => Literal(item, field, path)).OfType<string>()]
                );
            default:
                return Literal(value, field, path) is { } text
                    ? new Condition.In(field.Slot, [text])
                    : null;
        }
    }

    // A literal goes the way of a value, so that both end in the same canonical text.
    private string? Literal(YamlNode node, FieldPlan field, string path)
    {
        if (node is not YamlScalar scalar)
        {
            reader.Add(path, "Expected a single value.", node);
            return null;
        }

        FieldPlan plain = field with { NullTokens = [], Strip = null, Formats = [] };
        Cell cell = new() { Column = scalar.Text, State = CellState.Raw };
        ValueReader.Read(ref cell, plain);
        if (cell.State != CellState.Value)
        {
            reader.Add(path, $"`{scalar.Text}` does not fit the type of `{field.Name}`.", node);
            return null;
        }

        return cell.Text ?? FieldValue.Of(new DateTimeOffset(cell.Ticks, TimeSpan.Zero)).Text;
    }
}
