using System.Collections.Immutable;
using System.Text.RegularExpressions;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>Compiles a data stream's definition, collecting everything that is wrong with it.</summary>
internal static partial class StreamCompiler
{
    /// <summary>Variants of one stream.</summary>
    internal const int VariantsMax = 50;

    private static readonly string[] StreamKeys =
    [
        "description",
        "source",
        "protocol",
        "ruleset",
        "fields",
        "ignore",
        "nulls",
        "timeZone",
        "variants",
        "unmatched",
    ];

    /// <summary>Compiles a definition.</summary>
    public static (DataStream? Stream, ImmutableArray<DefinitionError> Errors) Compile(
        string name,
        string text,
        IReadOnlyCollection<string>? rulesets
    )
    {
        List<DefinitionError> errors = [];
        DefinitionReader reader = new(errors);
        DataStream? stream = null;
        if (YamlReader.Read(text, errors) is { } root)
        {
            if (!DefinitionNames.IsName(name))
            {
                reader.Add("", "A stream's name is small letters, digits and dashes.", root);
            }

            stream = Compile(name, root, reader, rulesets);
        }

        return errors.Count > 0 ? (null, [.. errors]) : (stream, []);
    }

    /// <summary>A source's name: the beginning of a link's key, so there is no slash in it.</summary>
    /// <returns>Null, and what is wrong reported, when it is none.</returns>
    public static string? SourceOf(DefinitionReader reader, YamlNode? node, string path)
    {
        string? source = reader.Text(node, path);
        if (source is null || SourcePattern.IsMatch(source))
        {
            return source;
        }

        reader.Add(path, "A source's name is small letters, digits, `_` and `-`.", node);
        return null;
    }

    private static DataStream? Compile(
        string name,
        YamlNode root,
        DefinitionReader reader,
        IReadOnlyCollection<string>? rulesets
    )
    {
        Section section = reader.Open(root, "", [.. StreamKeys, .. RecordCompiler.Keys]);
        if (root is not YamlMap)
        {
            return null;
        }

        string source = SourceOf(section, reader);
        bool tracking =
            reader.Word(section["protocol"], "protocol", "records", "tracking") == "tracking";
        _ = section["description"] is { } node ? reader.Text(node, "description") : null;
        string ruleset = RulesetOf(section, reader, rulesets);
        FieldCompiler fields = new(reader);
        fields.NullTokens = fields.Tokens(section["nulls"], "nulls");
        fields.Zone = fields.ZoneOf(section["timeZone"], "timeZone", TimeZoneInfo.Utc);
        fields.Compile(section["fields"], "fields");
        TimesPlan? times = tracking ? DeclareTimes(fields, reader, section) : null;
        RecordCompiler records = new(reader, fields, source, times);
        ImmutableArray<RecordPlan> plans = PlansOf(section, reader, records);
        string? unmatched = UnmatchedOf(section, reader);
        fields.Ignore(section["ignore"], "ignore");
        return reader.HasErrors
            ? null
            : new DataStream(fields.Build(), CheckAll(plans, fields, times), unmatched)
            {
                Name = name,
                Source = source,
                TakesTrackingMessages = tracking,
                Ruleset = ruleset,
            };
    }

    private static string SourceOf(Section section, DefinitionReader reader)
    {
        YamlNode? node = section["source"];
        if (node is null)
        {
            reader.Add("source", "`source` is required: the system it comes from.", section.Node);
        }

        return SourceOf(reader, node, "source") ?? "";
    }

    private static string RulesetOf(
        Section section,
        DefinitionReader reader,
        IReadOnlyCollection<string>? known
    )
    {
        string? name = reader.Text(section["ruleset"], "ruleset");
        if (name is not null && known?.Contains(name) == false)
        {
            string hint = DefinitionReader.Suggest(name, [.. known]);
            reader.Add("ruleset", $"There is no ruleset `{name}`. {hint}", section["ruleset"]);
        }

        return name ?? ShippedRulesets.Default;
    }

    private static TimesPlan DeclareTimes(
        FieldCompiler fields,
        DefinitionReader reader,
        Section section
    )
    {
        return new TimesPlan(SlotOf("timestamp"), SlotOf("originalTimestamp"), SlotOf("sentAt"));

        int SlotOf(string name)
        {
            FieldPlan field =
                fields.Find(name)
                ?? fields.Declare(name, name, FieldKind.Timestamp, section.Node, "fields");
            if (field.Kind != FieldKind.Timestamp)
            {
                reader.Add(
                    $"fields.{name}",
                    $"`{name}` of a tracking message has the type `timestamp`.",
                    section["fields"]
                );
            }

            return field.Slot;
        }
    }

    private static ImmutableArray<RecordPlan> PlansOf(
        Section section,
        DefinitionReader reader,
        RecordCompiler records
    )
    {
        if (section["variants"] is not { } node)
        {
            return records.Compile(section) is { } only ? [only] : [];
        }

        ImmutableArray<YamlNode> items = reader.Many(node, "variants");
        if (items.Length is 0 or > VariantsMax)
        {
            reader.Add("variants", $"Between 1 and {VariantsMax} variants stand here.", node);
        }

        var plans = ImmutableArray.CreateBuilder<RecordPlan>();
        for (int i = 0; i < items.Length; i++)
        {
            string path = $"variants[{i}]";
            Section variant = reader.Open(items[i], path, ["when", .. RecordCompiler.Keys]);
            if (variant["when"] is null && i < items.Length - 1)
            {
                reader.Add(path, "Only the last variant may lack `when`.", items[i]);
            }

            if (records.Compile(section.OverriddenBy(variant)) is { } plan)
            {
                plans.Add(plan);
            }
        }

        return plans.ToImmutable();
    }

    private static string? UnmatchedOf(Section section, DefinitionReader reader)
    {
        YamlNode? node = section["unmatched"];
        if (node is YamlMap)
        {
            Section unmatched = reader.Open(node, "unmatched", "suppress");
            return KeepCompiler.ReasonOf(
                reader,
                unmatched["suppress"],
                unmatched.PathOf("suppress")
            );
        }

        _ = reader.Word(node, "unmatched", "refuse");
        return null;
    }

    // A field that no variant uses is still checked: its type was declared for something.
    private static ImmutableArray<RecordPlan> CheckAll(
        ImmutableArray<RecordPlan> plans,
        FieldCompiler fields,
        TimesPlan? times
    )
    {
        HashSet<int> used = [.. plans.SelectMany(plan => plan.CheckedSlots)];
        int[] unused = [.. Enumerable.Range(0, fields.Count).Where(slot => !used.Contains(slot))];
        int[] clock = times is null ? [] : [times.Timestamp, times.OriginalTimestamp, times.SentAt];
        return
        [
            .. plans.Select(plan =>
                plan with
                {
                    CheckedSlots =
                    [
                        .. plan.CheckedSlots.Concat(unused).Concat(clock).Distinct().Order(),
                    ],
                }
            ),
        ];
    }

    [GeneratedRegex(
        "^[a-z0-9][a-z0-9_-]{0,99}$",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex SourcePattern { get; }
}
