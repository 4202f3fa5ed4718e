using System.Collections.Immutable;
using System.Globalization;

namespace OrleansCdp.Governance;

/// <summary>Compiles the declared fields of a definition.</summary>
internal sealed class FieldCompiler(DefinitionReader reader)
{
    /// <summary>Fields one definition may declare.</summary>
    internal const int FieldsMax = 500;

    private static readonly string[] Types =
    [
        "text",
        "number",
        "decimal",
        "integer",
        "boolean",
        "timestamp",
        "date",
        "json",
    ];

    private readonly List<FieldPlan> fields = [];
    private readonly Dictionary<string, FieldPlan> byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> namesByPath = new(StringComparer.Ordinal);
    private readonly List<ImmutableArray<string>> ignored = [];

    /// <summary>Null tokens of fields that name none.</summary>
    public ImmutableArray<string> NullTokens { get; set; } = [];

    /// <summary>Zone of times that name none.</summary>
    public TimeZoneInfo Zone { get; set; } = TimeZoneInfo.Utc;

    /// <summary>How many fields there are.</summary>
    public int Count => fields.Count;

    /// <summary>Every field so far, by slot.</summary>
    public IReadOnlyList<FieldPlan> Fields => fields;

    /// <summary>The compiled table.</summary>
    public FieldTable Build() => new([.. fields], ignored);

    /// <summary>Finds a declared field; an unknown one is an error.</summary>
    public FieldPlan? Find(YamlNode? node, string path)
    {
        if (reader.Text(node, path) is not { } name)
        {
            return null;
        }

        if (byName.TryGetValue(name, out FieldPlan? field))
        {
            return field;
        }

        string hint = DefinitionReader.Suggest(name, [.. byName.Keys]);
        reader.Add(path, $"`{name}` is not declared under `fields`. {hint}", node);
        return null;
    }

    /// <summary>The field of a name, or null.</summary>
    public FieldPlan? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>Declares a field that the protocol itself has.</summary>
    public FieldPlan Declare(
        string name,
        string pathText,
        FieldKind kind,
        YamlNode? at,
        string path
    )
    {
        ImmutableArray<string> segments = PathOf(pathText) ?? [name];
        FieldPlan field = new()
        {
            Name = name,
            Slot = fields.Count,
            Path = segments,
            Pointer = PointerOf(segments),
            Kind = kind,
            NullTokens = NullTokens,
            Zone = Zone,
        };
        return Add(field, at, path);
    }

    /// <summary>Compiles <c>fields</c>.</summary>
    public void Compile(YamlNode? node, string path)
    {
        if (node is null)
        {
            return;
        }

        foreach (YamlEntry entry in reader.Entries(node, path))
        {
            string at = DefinitionReader.Join(path, entry.Key.Text);
            if (fields.Count == FieldsMax)
            {
                reader.Add(at, $"A definition declares at most {FieldsMax} fields.", entry.Key);
                return;
            }

            CompileField(entry, at);
        }
    }

    /// <summary>Compiles <c>ignore</c>.</summary>
    public void Ignore(YamlNode? node, string path)
    {
        if (node is null)
        {
            return;
        }

        foreach (YamlNode item in reader.Many(node, path))
        {
            if (reader.Text(item, path) is not { } text)
            {
                continue;
            }

            if (PathOf(text) is not { } segments)
            {
                reader.Add(path, PathMessage(text), item);
            }
            else if (namesByPath.TryGetValue(PointerOf(segments), out string? declared))
            {
                reader.Add(path, $"`{text}` is declared as field `{declared}`; drop one.", item);
            }
            else
            {
                ignored.Add(segments);
            }
        }
    }

    /// <summary>Compiles null tokens: one or a list.</summary>
    public ImmutableArray<string> Tokens(YamlNode? node, string path)
    {
        if (node is null)
        {
            return [];
        }

        var tokens = ImmutableArray.CreateBuilder<string>();
        foreach (YamlNode item in DefinitionReader.OneOrMany(node))
        {
            if (item is YamlScalar { IsNull: false } scalar)
            {
                tokens.Add(scalar.Text);
            }
            else
            {
                reader.Add(path, "A null token is a text, such as '?' in quotes.", item);
            }
        }

        return tokens.ToImmutable();
    }

    /// <summary>Compiles a time zone.</summary>
    public TimeZoneInfo ZoneOf(YamlNode? node, string path, TimeZoneInfo otherwise)
    {
        if (reader.Text(node, path) is not { } id)
        {
            return otherwise;
        }

        if (string.Equals(id, "UTC", StringComparison.OrdinalIgnoreCase))
        {
            return TimeZoneInfo.Utc;
        }

        if (TimeZoneInfo.TryFindSystemTimeZoneById(id, out TimeZoneInfo? zone))
        {
            return zone;
        }

        reader.Add(path, $"`{id}` is no time zone; write UTC or a name as Europe/Madrid.", node);
        return otherwise;
    }

    /// <summary>The properties a path leads through: dots, or a JSON pointer when it starts with a slash.</summary>
    /// <returns>Null when a part is empty.</returns>
    public static ImmutableArray<string>? PathOf(string text)
    {
        IEnumerable<string> parts = text.StartsWith('/')
            ? text[1..]
                .Split('/')
                .Select(part =>
                    part.Replace("~1", "/", StringComparison.Ordinal)
                        .Replace("~0", "~", StringComparison.Ordinal)
                )
            : text.Replace("\\.", "\0", StringComparison.Ordinal)
                .Split('.')
                .Select(part => part.Replace('\0', '.'));
        ImmutableArray<string> segments = [.. parts];
        return segments.Any(string.IsNullOrEmpty) || segments.Length > Limits.JsonDepthMax
            ? null
            : segments;
    }

    private void CompileField(YamlEntry entry, string path)
    {
        Section section = entry.Value is YamlScalar shorthand
            ? new Section(
                path,
                shorthand,
                [new YamlEntry(shorthand with { Text = "type" }, shorthand)]
            )
            : reader.Open(
                entry.Value,
                path,
                "type",
                "path",
                "required",
                "format",
                "timeZone",
                "nulls",
                "nullable",
                "strip"
            );
        string pathText = reader.Text(section["path"], section.PathOf("path")) ?? entry.Key.Text;
        if (PathOf(pathText) is not { } segments)
        {
            reader.Add(path, PathMessage(pathText), entry.Key);
            return;
        }

        FieldKind kind = KindOf(section, entry);
        ImmutableArray<string> tokens = Tokens(section["nulls"], section.PathOf("nulls"));
        FieldPlan field = new()
        {
            Name = entry.Key.Text,
            Slot = fields.Count,
            Path = segments,
            Pointer = PointerOf(segments),
            Kind = kind,
            Required = reader.Flag(section["required"], section.PathOf("required")),
            Nulls = NullsOf(section),
            NullTokens = section["nulls"] is null ? NullTokens : tokens,
            Formats = FormatsOf(section, kind),
            Zone = ZoneOf(section["timeZone"], section.PathOf("timeZone"), Zone),
            Strip = StripOf(section, kind),
        };
        Add(field, entry.Key, path);
    }

    private FieldPlan Add(FieldPlan field, YamlNode? at, string path)
    {
        if (!namesByPath.TryAdd(field.Pointer, field.Name))
        {
            string other = namesByPath[field.Pointer];
            reader.Add(path, $"Field `{other}` reads the same place; declare it once.", at);
        }

        fields.Add(field);
        byName[field.Name] = field;
        return field;
    }

    private FieldKind KindOf(Section section, YamlEntry entry)
    {
        if (section["type"] is not { } node)
        {
            reader.Add(section.Path, "A field needs a `type`, e.g. `text`.", entry.Value);
            return FieldKind.Text;
        }

        return reader.Word(node, section.PathOf("type"), Types) switch
        {
            "number" or "decimal" => FieldKind.Number,
            "integer" => FieldKind.Integer,
            "boolean" => FieldKind.Boolean,
            "timestamp" => FieldKind.Timestamp,
            "date" => FieldKind.Date,
            "json" => FieldKind.Json,
            _ => FieldKind.Text,
        };
    }

    private NullMeaning NullsOf(Section section) =>
        reader.Word(section["nullable"], section.PathOf("nullable"), "clears", "missing") switch
        {
            "clears" => NullMeaning.Clears,
            "missing" => NullMeaning.Missing,
            _ => NullMeaning.NullClears,
        };

    private string? StripOf(Section section, FieldKind kind)
    {
        YamlNode? node = section["strip"];
        if (node is not null && kind != FieldKind.Text)
        {
            reader.Add(section.PathOf("strip"), "Only text has a prefix to strip.", node);
        }

        return reader.Text(node, section.PathOf("strip"));
    }

    private ImmutableArray<string> FormatsOf(Section section, FieldKind kind)
    {
        if (section["format"] is not { } node)
        {
            return [];
        }

        string path = section.PathOf("format");
        if (kind is not (FieldKind.Timestamp or FieldKind.Date))
        {
            reader.Add(path, "Only a `timestamp` or a `date` has a format.", node);
            return [];
        }

        var formats = ImmutableArray.CreateBuilder<string>();
        foreach (YamlNode item in DefinitionReader.OneOrMany(node))
        {
            if (reader.Text(item, path) is not { } format)
            {
                continue;
            }

            if (!NamesADay(format))
            {
                reader.Add(
                    path,
                    $"`{format}` names no year, month and day; a format is like `d/M/yyyy HH:mm`.",
                    item
                );
            }

            formats.Add(format);
        }

        return formats.ToImmutable();
    }

    // A format read back must give the day that was written, or its letters mean something else.
    private static bool NamesADay(string format)
    {
        if (format.Length < 2)
        {
            return false;
        }

        DateTime sample = new(2023, 11, 28, 0, 0, 0, DateTimeKind.Utc);
        try
        {
            string written = sample.ToString(format, CultureInfo.InvariantCulture);
            return DateTime.TryParseExact(
                    written,
                    format,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal,
                    out DateTime read
                )
                && read.Date == sample.Date;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static string PathMessage(string text) =>
        $"`{text}` is no path: names joined with dots (a dot in a name is `\\.`), or a JSON pointer.";

    private static string PointerOf(ImmutableArray<string> segments) =>
        string.Concat(
            segments.Select(segment =>
                "/"
                + segment
                    .Replace("~", "~0", StringComparison.Ordinal)
                    .Replace("/", "~1", StringComparison.Ordinal)
            )
        );
}
