using System.Collections.Immutable;
using OrleansCdp.Expressions;
using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Compiles segment definitions, collecting everything that is wrong with them.</summary>
internal sealed class SegmentCompiler
{
    private readonly DefinitionReader reader;
    private readonly Section section;
    private readonly SegmentTerms terms;
    private readonly ImmutableArray<AskedSegment>.Builder asks =
        ImmutableArray.CreateBuilder<AskedSegment>();

    private SegmentCompiler(
        DefinitionReader reader,
        Section section,
        string name,
        SegmentVocabulary vocabulary
    )
    {
        this.reader = reader;
        this.section = section;
        terms = new SegmentTerms(name, vocabulary, ZoneOf());
    }

    /// <summary>Compiles a definition.</summary>
    public static (SegmentDefinition? Segment, ImmutableArray<DefinitionError> Errors) Compile(
        string name,
        string text,
        SegmentVocabulary vocabulary
    )
    {
        List<DefinitionError> errors = [];
        DefinitionReader notes = new(errors);
        SegmentDefinition? segment = null;
        if (YamlReader.Read(text, errors) is { } root)
        {
            if (!DefinitionNames.IsWord(name))
            {
                notes.Add(
                    "",
                    $"A segment's name is small letters, digits and `_`, at most {DefinitionNames.WordMax}.",
                    root
                );
            }

            if (name == SegmentDefinition.AllName)
            {
                notes.Add(
                    "",
                    $"`{name}` cannot be a segment's name: it stands for all of them.",
                    root
                );
            }

            Section top = notes.Open(
                root,
                "",
                "description",
                "criteria",
                "tiers",
                "timeZone",
                "flapsAbove",
                "jitter",
                "confirmAbove"
            );
            segment =
                root is YamlMap
                    ? new SegmentCompiler(notes, top, name, vocabulary).Compile(name)
                    : null;
        }

        return errors.Count > 0 ? (null, [.. errors]) : (segment, []);
    }

    private SegmentDefinition Compile(string name)
    {
        ImmutableArray<SegmentTier> tiers = TiersOf();
        RefuseMany("parts", tiers.Sum(tier => tier.Condition.Cost), SegmentDefinition.CostMax);
        RefuseMany("things that it asks", terms.Inputs.Length, SegmentDefinition.InputsMax);
        RefuseMany(
            "insights that its measures and sequences are",
            terms.Inputs.Sum(input => input.Derived.Length),
            SegmentDefinition.DerivedMax
        );
        return new SegmentDefinition
        {
            Name = name,
            Description = reader.Text(section["description"], "description"),
            Tiers = tiers,
            Inputs = terms.Inputs,
            Asks = asks.ToImmutable(),
            TimeZone = terms.Scope.TimeZone,
            FlapsAbove = Amounts.Whole(
                reader,
                section["flapsAbove"],
                "flapsAbove",
                2,
                60,
                SegmentDefinition.FlapsAboveDefault
            ),
            Jitter = JitterOf(),
            ConfirmAbove = ShareOf(),
        };
    }

    private ImmutableArray<SegmentTier> TiersOf()
    {
        if (section["tiers"] is not { } node)
        {
            return TierOf(section, name: null) is { } only ? [only] : [];
        }

        if (section["criteria"] is { } misplaced)
        {
            reader.Add("criteria", "With `tiers`, each of them says this.", misplaced);
        }

        ImmutableArray<YamlNode> items = reader.Many(node, "tiers");
        if (items.Length is 0 or > SegmentDefinition.TiersMax)
        {
            reader.Add(
                "tiers",
                $"Between 1 and {SegmentDefinition.TiersMax} tiers stand here.",
                node
            );
        }

        var tiers = ImmutableArray.CreateBuilder<SegmentTier>();
        HashSet<string> names = [];
        foreach ((int i, YamlNode item) in items.Take(SegmentDefinition.TiersMax).Index())
        {
            Section tier = reader.Open(item, $"tiers[{i}]", "name", "criteria");
            string name = TierNameOf(tier, names);
            if (TierOf(tier, name) is { } compiled)
            {
                tiers.Add(compiled);
            }
        }

        return tiers.ToImmutable();
    }

    private string TierNameOf(Section tier, HashSet<string> names)
    {
        string path = tier.PathOf("name");
        string? name = reader.Text(tier["name"], path);
        if (name is null || !DefinitionNames.IsWord(name))
        {
            reader.Add(
                path,
                $"A tier's name is small letters, digits and underscores, at most {DefinitionNames.WordMax}.",
                tier["name"] ?? tier.Node
            );
        }
        else if (!names.Add(name))
        {
            reader.Add(path, $"There is a tier `{name}` already.", tier["name"]);
        }

        return name ?? "";
    }

    private SegmentTier? TierOf(Section at, string? name)
    {
        string path = at.PathOf("criteria");
        if (at["criteria"] is not YamlScalar { IsNull: false } scalar)
        {
            reader.Add(path, "Who is in it? An expression.", at["criteria"] ?? at.Node);
            return null;
        }

        List<ExpressionError> errors = [];
        SegmentTier? tier = null;
        if (
            ExpressionParser.ParseCriteria(scalar.Text, errors) is { } criteria
            && ExpressionCompiler.Compile(
                criteria.Condition,
                terms.Scope,
                ExpressionType.Boolean,
                errors
            )
                is { } compiled
        )
        {
            tier = new SegmentTier(
                name,
                compiled,
                (criteria.ForAtLeast?.Value as Constant.Duration)?.Value,
                ExpressionPrinter.Print(criteria)
            );
            if (tier.NormalForm.Length > ExpressionParser.TextMax)
            {
                errors.Add(
                    new ExpressionError(
                        0,
                        $"Written in the one way it has more than {ExpressionParser.TextMax} characters."
                    )
                );
            }
        }

        foreach ((string asked, int from) in terms.TakeSegments())
        {
            YamlNode place = ExpressionReader.PlaceOf(new ExpressionError(from, asked), scalar);
            asks.Add(new AskedSegment(asked, path, place.Line, place.Column));
        }

        foreach (ExpressionError error in errors)
        {
            reader.Add(path, error.Message, ExpressionReader.PlaceOf(error, scalar));
        }

        return tier;
    }

    private TimeZoneInfo ZoneOf()
    {
        if (reader.Text(section["timeZone"], "timeZone") is not { } name)
        {
            return TimeZoneInfo.Utc;
        }

        List<ExpressionError> errors = [];
        TimeZoneInfo? zone = TimeZones.Find(name, at: 0, errors);
        foreach (ExpressionError error in errors)
        {
            reader.Add("timeZone", error.Message, section["timeZone"]);
        }

        return zone ?? TimeZoneInfo.Utc;
    }

    private TimeSpan JitterOf()
    {
        TimeSpan jitter = ExpressionReader.Duration(reader, section, "jitter") ?? default;
        if (jitter > SegmentDefinition.JitterMax)
        {
            reader.Add("jitter", "A look is at most `1 hour` later.", section["jitter"]);
        }

        return jitter;
    }

    private decimal ShareOf()
    {
        if (section["confirmAbove"] is not { } node)
        {
            return SegmentDefinition.ConfirmAboveDefault;
        }

        decimal share = ExpressionReader.Amount(reader, node, "confirmAbove");
        if (share > 1)
        {
            reader.Add("confirmAbove", "A share is between 0 and 1.", node);
        }

        return share;
    }

    private void RefuseMany(string what, int count, int most)
    {
        if (count > most)
        {
            reader.Add(
                "",
                $"There are {count} {what}; a segment has at most {most}.",
                section.Node
            );
        }
    }
}
