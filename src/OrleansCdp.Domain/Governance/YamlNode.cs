using System.Collections.Immutable;
using System.Runtime.InteropServices;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace OrleansCdp.Governance;

/// <summary>A node of a definition's text, with its place.</summary>
internal abstract record YamlNode(int Line, int Column);

/// <summary>A single value; plain when written without quotes, so that <c>12</c> is not text.</summary>
internal sealed record YamlScalar(string Text, bool Plain, int Line, int Column)
    : YamlNode(Line, Column)
{
    public bool IsNull => Plain && Text is "" or "~" or "null";
}

/// <summary>A list of nodes.</summary>
internal sealed record YamlList(ImmutableArray<YamlNode> Items, int Line, int Column)
    : YamlNode(Line, Column);

/// <summary>Named nodes, in the order written; names are unique.</summary>
internal sealed record YamlMap(ImmutableArray<YamlEntry> Entries, int Line, int Column)
    : YamlNode(Line, Column);

/// <summary>One named node.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct YamlEntry(YamlScalar Key, YamlNode Value);

/// <summary>
/// Reads YAML into nodes without creating anything the text asks for: no types, no anchors, so no
/// expansion either.
/// </summary>
internal sealed class YamlReader
{
    /// <summary>Nesting of maps and lists in a definition.</summary>
    internal const int DepthMax = 20;

    private readonly Parser parser;
    private readonly List<DefinitionError> errors;

    private YamlReader(string text, List<DefinitionError> errors)
    {
        parser = new Parser(new StringReader(text));
        this.errors = errors;
    }

    /// <summary>Reads one document.</summary>
    /// <returns>Null when there is none or it is broken; the errors say why.</returns>
    public static YamlNode? Read(string text, List<DefinitionError> errors)
    {
        if (text.Length > Limits.DefinitionMax)
        {
            errors.Add(
                new DefinitionError(
                    "",
                    $"A definition has at most {Limits.DefinitionMax} characters.",
                    0,
                    0
                )
            );
            return null;
        }

        try
        {
            return new YamlReader(text, errors).ReadDocument();
        }
        catch (YamlException e)
        {
            errors.Add(
                new DefinitionError(
                    "",
                    $"Not readable as YAML: {e.Message}",
                    (int)e.Start.Line,
                    (int)e.Start.Column
                )
            );
            return null;
        }
    }

    private YamlNode? ReadDocument()
    {
        parser.MoveNext(); // nothing read yet
        parser.MoveNext(); // start of the stream
        if (parser.Current is not DocumentStart)
        {
            errors.Add(new DefinitionError("", "The definition is empty.", 1, 1));
            return null;
        }

        parser.MoveNext();
        YamlNode? node = ReadNode("", 1);
        if (node is null)
        {
            return null;
        }

        parser.MoveNext(); // end of the document
        if (parser.Current is DocumentStart second)
        {
            Add("", "One definition per file: remove what follows `---`.", second);
            return null;
        }

        return node;
    }

    private YamlNode? ReadNode(string path, int depth)
    {
        ParsingEvent current = parser.Current!;
        if (depth > DepthMax)
        {
            Add(path, $"Nested deeper than {DepthMax} levels.", current);
            return null;
        }

        if (current is AnchorAlias || current is NodeEvent { Anchor.IsEmpty: false })
        {
            Add(path, "Anchors and aliases are not supported; write the value out.", current);
            return null;
        }

        if (current is NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } })
        {
            Add(path, "Tags are not supported; remove the `!`.", current);
            return null;
        }

        return current switch
        {
            Scalar scalar => ReadScalar(scalar),
            SequenceStart start => ReadList(start, path, depth),
            MappingStart start => ReadMap(start, path, depth),
            _ => throw new YamlException(current.Start, current.End, "Unexpected content."),
        };
    }

    private YamlScalar ReadScalar(Scalar scalar)
    {
        parser.MoveNext();
        return ScalarOf(scalar);
    }

    private YamlList? ReadList(SequenceStart start, string path, int depth)
    {
        var items = ImmutableArray.CreateBuilder<YamlNode>();
        parser.MoveNext();
        while (parser.Current is not SequenceEnd)
        {
            YamlNode? item = ReadNode($"{path}[{items.Count}]", depth + 1);
            if (item is null)
            {
                return null;
            }

            items.Add(item);
        }

        parser.MoveNext();
        return new YamlList(items.ToImmutable(), (int)start.Start.Line, (int)start.Start.Column);
    }

    private YamlMap? ReadMap(MappingStart start, string path, int depth)
    {
        var entries = ImmutableArray.CreateBuilder<YamlEntry>();
        HashSet<string> seen = new(StringComparer.Ordinal);
        parser.MoveNext();
        while (parser.Current is not MappingEnd)
        {
            if (parser.Current is not Scalar { Anchor.IsEmpty: true } key)
            {
                Add(path, "A key is a plain name.", parser.Current!);
                return null;
            }

            parser.MoveNext();
            string inner = path.Length == 0 ? key.Value : $"{path}.{key.Value}";
            YamlNode? value = ReadNode(inner, depth + 1);
            if (value is null)
            {
                return null;
            }

            if (!seen.Add(key.Value))
            {
                Add(inner, "This key stands here twice; remove one.", key);
                continue;
            }

            entries.Add(new YamlEntry(ScalarOf(key), value));
        }

        parser.MoveNext();
        return new YamlMap(entries.ToImmutable(), (int)start.Start.Line, (int)start.Start.Column);
    }

    private static YamlScalar ScalarOf(Scalar scalar) =>
        new(
            scalar.Value,
            scalar.Style == ScalarStyle.Plain,
            (int)scalar.Start.Line,
            (int)scalar.Start.Column
        );

    private void Add(string path, string message, ParsingEvent at) =>
        errors.Add(new DefinitionError(path, message, (int)at.Start.Line, (int)at.Start.Column));
}
