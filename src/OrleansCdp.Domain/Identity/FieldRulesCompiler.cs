using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.RegularExpressions;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>Compiles one field of a match space.</summary>
internal sealed partial class FieldRulesCompiler(DefinitionReader reader)
{
    /// <summary>Sources of one field.</summary>
    internal const int SourcesMax = 20;

    /// <summary>Values guarded in one field.</summary>
    internal const int GuardedMax = 10_000;

    private const double SharesTolerance = 0.01;
    private const double ShareMin = 1e-12;
    private const double OthersMin = 0.01;
    private const double EntitiesMax = 1e12;

    private static readonly string[] Keys =
    [
        "type",
        "class",
        "from",
        "parts",
        "fullName",
        "region",
        "folding",
        "dayFirst",
        "m",
        "u",
        "frequencies",
        "words",
        "guardedAbove",
        "guarded",
    ];

    /// <summary>The types by their names in definitions.</summary>
    public static FrozenDictionary<string, MatchType> Types { get; } =
        Enum.GetValues<MatchType>().ToFrozenDictionary(NameOf, StringComparer.Ordinal);

    /// <summary>A type's name in definitions.</summary>
    public static string NameOf(MatchType type)
    {
        string name = type.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    /// <summary>Compiles a field; null when it cannot be one.</summary>
    public MatchField? Compile(YamlEntry entry, string parent)
    {
        string name = entry.Key.Text;
        string path = DefinitionReader.Join(parent, name);
        if (!FieldPattern.IsMatch(name))
        {
            reader.Add(path, "A field's name is letters, digits and `_`, at most 60.", entry.Key);
        }

        Section section = reader.Open(entry.Value, path, Keys);
        if (TypeOf(section) is not { } type)
        {
            return null;
        }

        string @class = MatchDefaults.IsShared(type) ? "shared" : "personal";
        MatchDefaults defaults = MatchDefaults.Of(type);
        MatchField field = new()
        {
            Name = name,
            Type = type,
            Shared =
                (
                    reader.Word(section["class"], section.PathOf("class"), "personal", "shared")
                    ?? @class
                ) == "shared",
            From = SourcesOf(section, "from"),
            Parts = SourcesOf(section, "parts"),
            FullName = SourcesOf(section, "fullName"),
            Region = RegionOf(section),
            Folding = FoldingCompiler.Compile(
                reader,
                section["folding"],
                section.PathOf("folding")
            ),
            DayFirst = reader.Flag(section["dayFirst"], section.PathOf("dayFirst")),
            Matches = SharesOf(section, "m", defaults.Matches),
            Randoms = SharesOf(section, "u", defaults.Randoms),
            Frequencies = FrequenciesOf(section, "frequencies"),
            Words = FrequenciesOf(section, "words"),
            GuardedAbove = GuardedAboveOf(section, type),
            Guarded = GuardedOf(section),
        };
        CheckUse(section, field);
        return field;
    }

    private MatchType? TypeOf(Section section)
    {
        YamlNode? node = section["type"];
        if (node is null)
        {
            reader.Add(
                section.PathOf("type"),
                $"`type` is required. {DefinitionReader.Suggest("", [.. Types.Keys])}",
                section.Node
            );
            return null;
        }

        string? word = reader.Word(node, section.PathOf("type"), [.. Types.Keys]);
        return word is not null && Types.TryGetValue(word, out MatchType type) ? type : null;
    }

    private void CheckUse(Section section, MatchField field)
    {
        if (field.From.IsEmpty && field.Parts.IsEmpty && field.FullName.IsEmpty)
        {
            reader.Add(
                section.PathOf("from"),
                "`from` is required: the traits, `record.` fields or `identifier.` types it is read from.",
                section.Node
            );
        }

        Only("fullName", field.Type is MatchType.GivenName or MatchType.FamilyName);
        Only("region", field.Type == MatchType.Phone);
        Only("folding", field.Type == MatchType.Email);
        Only("dayFirst", field.Type == MatchType.Date);
        Only("words", field.Type is MatchType.Address or MatchType.Organisation or MatchType.Text);

        void Only(string key, bool fits)
        {
            if (!fits && section[key] is { } node)
            {
                reader.Add(
                    section.PathOf(key),
                    $"A field of type `{NameOf(field.Type)}` has no `{key}`.",
                    node
                );
            }
        }
    }

    private ImmutableArray<ValueSource> SourcesOf(Section section, string key)
    {
        if (section[key] is not { } node)
        {
            return [];
        }

        ImmutableArray<YamlNode> items = DefinitionReader.OneOrMany(node);
        if (items.Length > SourcesMax)
        {
            reader.Add(section.PathOf(key), $"At most {SourcesMax} sources stand here.", node);
        }

        return
        [
            .. items
                .Select(item => reader.Text(item, section.PathOf(key)))
                .OfType<string>()
                .Select(SourceOf)
                .Distinct(),
        ];
    }

    private static ValueSource SourceOf(string text)
    {
        const string record = "record.";
        const string identifier = "identifier.";
        return text.StartsWith(record, StringComparison.Ordinal)
                ? new ValueSource(ValueOrigin.Record, text[record.Length..])
            : text.StartsWith(identifier, StringComparison.Ordinal)
                ? new ValueSource(ValueOrigin.Identifier, text[identifier.Length..])
            : new ValueSource(ValueOrigin.Trait, text);
    }

    private string? RegionOf(Section section)
    {
        string? region = reader.Text(section["region"], section.PathOf("region"));
        if (region is not null && !Normalisation.IsRegion(region))
        {
            reader.Add(
                section.PathOf("region"),
                $"`{region}` is no region: two capital letters, e.g. `US`.",
                section["region"]
            );
        }

        return region;
    }

    private ImmutableArray<double> SharesOf(
        Section section,
        string key,
        ImmutableArray<double> otherwise
    )
    {
        if (section[key] is not { } node)
        {
            return otherwise;
        }

        string path = section.PathOf(key);
        ImmutableArray<double> shares =
        [
            .. reader
                .Many(node, path)
                .Select(item => Amounts.Real(reader, item, path, ShareMin, 1, ShareMin)),
        ];
        if (shares.Length != otherwise.Length || Math.Abs(shares.Sum() - 1) > SharesTolerance)
        {
            reader.Add(
                path,
                $"Expected {otherwise.Length} shares, the lowest level first, that add up to 1.",
                node
            );
            return otherwise;
        }

        return shares;
    }

    private Frequencies? FrequenciesOf(Section section, string key)
    {
        if (section[key] is not { } node)
        {
            return null;
        }

        string path = section.PathOf(key);
        Section table = reader.Open(node, path, "entities", "others", "values");
        if (table["entities"] is null)
        {
            reader.Add(path, "`entities` is required: how many have the field.", node);
        }

        double entities = Number("entities", 1, EntitiesMax);
        double others = Number("others", OthersMin, EntitiesMax);
        ImmutableArray<YamlEntry> entries = table["values"] is { } values
            ? reader.Entries(values, table.PathOf("values"))
            : [];
        if (entries.Length > Frequencies.ListedMax)
        {
            reader.Add(path, $"At most {Frequencies.ListedMax} values stand here.", node);
        }

        KeyValuePair<string, int>[] listed =
        [
            .. entries.Select(entry =>
                KeyValuePair.Create(
                    entry.Key.Text,
                    Amounts.Whole(reader, entry.Value, table.PathOf("values"), 1, int.MaxValue, 1)
                )
            ),
        ];
        return new Frequencies(
            entities,
            others,
            [.. listed.DistinctBy(entry => Frequencies.HashOf(entry.Key))]
        );

        double Number(string name, double min, double max) =>
            Amounts.Real(reader, table[name], table.PathOf(name), min, max, 1);
    }

    private int? GuardedAboveOf(Section section, MatchType type)
    {
        string path = section.PathOf("guardedAbove");
        return section["guardedAbove"] is YamlScalar { Plain: true, Text: "never" } ? null
            : section["guardedAbove"] is { } node
                ? Amounts.Whole(reader, node, path, 1, int.MaxValue, MatchDefaults.GuardedAbove)
            : MatchDefaults.Identifies(type) ? MatchDefaults.GuardedAbove
            : null;
    }

    private FrozenSet<ulong> GuardedOf(Section section)
    {
        if (section["guarded"] is not { } node)
        {
            return [];
        }

        string path = section.PathOf("guarded");
        ImmutableArray<YamlNode> items = DefinitionReader.OneOrMany(node);
        if (items.Length > GuardedMax)
        {
            reader.Add(path, $"At most {GuardedMax} values stand here.", node);
        }

        return items
            .Select(item => reader.Text(item, path))
            .OfType<string>()
            .Select(Frequencies.HashOf)
            .ToFrozenSet();
    }

    [GeneratedRegex(
        "^[A-Za-z][A-Za-z0-9_]{0,59}$",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex FieldPattern { get; }
}
