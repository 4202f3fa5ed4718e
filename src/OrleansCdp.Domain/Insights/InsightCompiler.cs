using System.Collections.Immutable;
using System.Text.RegularExpressions;
using OrleansCdp.Events;
using OrleansCdp.Expressions;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>Compiles insight definitions, collecting everything that is wrong with them.</summary>
internal sealed partial class InsightCompiler(
    DefinitionReader reader,
    ExpressionReader expressions,
    Section section,
    InsightSource source
)
{
    /// <summary>Characters of an insight's name.</summary>
    internal const int NameMax = 60;

    /// <summary>Expressions that divide one insight.</summary>
    internal const int ByMax = 3;

    /// <summary>Parts of one insight that are told.</summary>
    internal const int TopMax = 20;

    private static readonly string[] Measures =
    [
        "count",
        "sum",
        "min",
        "max",
        "average",
        "first",
        "last",
        "distinct",
        "ratio",
    ];

    /// <summary>Compiles a definition.</summary>
    public static (InsightDefinition? Insight, ImmutableArray<DefinitionError> Errors) Compile(
        string name,
        string text,
        IReadOnlyCollection<DeclaredField> declared
    )
    {
        List<DefinitionError> errors = [];
        DefinitionReader notes = new(errors);
        InsightDefinition? insight = null;
        if (YamlReader.Read(text, errors) is { } root)
        {
            if (!NamePattern.IsMatch(name))
            {
                notes.Add(
                    "",
                    $"An insight's name is small letters, digits and underscores, at most {NameMax}.",
                    root
                );
            }

            insight = Compile(name, root, notes, declared);
        }

        return errors.Count > 0 ? (null, [.. errors]) : (insight, []);
    }

    private static InsightDefinition? Compile(
        string name,
        YamlNode root,
        DefinitionReader notes,
        IReadOnlyCollection<DeclaredField> declared
    )
    {
        Section top = notes.Open(
            root,
            "",
            "description",
            "of",
            "source",
            "where",
            "measure",
            "value",
            "numerator",
            "denominator",
            "at",
            "window",
            "halfLife",
            "by",
            "top",
            "currency",
            "unit",
            "deadBand",
            "writes"
        );
        if (root is not YamlMap)
        {
            return null;
        }

        string[] sources = [.. InsightSource.NamesOf(declared)];
        if (top["source"] is null)
        {
            notes.Add(
                "source",
                $"What is it computed from? {DefinitionReader.Suggest("", sources)}",
                root
            );
            return null;
        }

        string? wanted = notes.Word(top["source"], "source", sources);
        return wanted is not null && InsightSource.Find(wanted, declared) is { } from
            ? new InsightCompiler(notes, new ExpressionReader(notes, from), top, from).Compile(name)
            : null;
    }

    private InsightDefinition? Compile(string name)
    {
        string? word = section["measure"] is { } written
            ? reader.Word(written, "measure", Measures)
            : Missing("measure", "What is made of the items?", Measures);
        Measure measure = word is null
            ? Measure.Count
            : Enum.Parse<Measure>(word, ignoreCase: true);
        bool isRatio = measure == Measure.Ratio;
        // What stands beside a ratio holds for both of its sides.
        Expression<bool>? all = isRatio ? expressions.Read<bool>(section, "where") : null;
        MeasuredItems? items = isRatio
            ? Within(all, SideOf("numerator"))
            : ItemsOf(section, measure);
        MeasuredItems? denominator = isRatio ? Within(all, SideOf("denominator")) : null;
        ImmutableArray<Expression> by = ByOf();
        InsightDefinition insight = new()
        {
            Name = name,
            Description = reader.Text(section["description"], "description"),
            Of =
                reader.Word(section["of"], "of", "individual", "account") == "account"
                    ? SubjectKind.Account
                    : SubjectKind.Individual,
            Source = source,
            Measure = measure,
            Items = items ?? new MeasuredItems(),
            Denominator = denominator,
            At = expressions.Read<DateTimeOffset>(section, "at") ?? BuiltIn.AtOfItem,
            Window = expressions.Duration(section, "window"),
            HalfLife = expressions.Duration(section, "halfLife"),
            By = by,
            Top = TopOf(by),
            Currency = expressions.Read<string>(section, "currency"),
            Type = TypeOf(measure, items),
            Unit = reader.Text(section["unit"], "unit"),
            DeadBand = DeadBandOf(),
            Writes = WritesOf(),
        };
        if (word is not null)
        {
            RefuseWhatDoesNotFit(insight);
        }

        return insight;
    }

    private string? Missing(string key, string question, string[] words)
    {
        reader.Add(key, $"{question} {DefinitionReader.Suggest("", words)}", section.Node);
        return null;
    }

    private MeasuredItems ItemsOf(Section at, Measure measure)
    {
        bool isCounted = measure == Measure.Count;
        if (!isCounted && at["value"] is null)
        {
            reader.Add(at.PathOf("value"), "Say of what: an expression.", at.Node);
        }

        return new MeasuredItems
        {
            Where = expressions.Read<bool>(at, "where"),
            Value = measure is Measure.Sum or Measure.Average
                ? expressions.Read<decimal>(at, "value")
                : expressions.Read(at, "value"),
        };
    }

    /// <summary>One side of a ratio: the sum of its value, or how many items there are.</summary>
    private MeasuredItems? SideOf(string key)
    {
        if (section[key] is not { } node)
        {
            reader.Add(key, "A ratio has a `numerator` and a `denominator`.", section.Node);
            return null;
        }

        Section side = reader.Open(node, key, "where", "value");
        return ItemsOf(side, side["value"] is null ? Measure.Count : Measure.Sum);
    }

    private static MeasuredItems? Within(Expression<bool>? all, MeasuredItems? side) =>
        side is null || all is null
            ? side
            : side with
            {
                Where = side.Where is { } own ? new JoinedPart(all, own, both: true) : all,
            };

    private ImmutableArray<Expression> ByOf()
    {
        if (section["by"] is not { } node)
        {
            return [];
        }

        ImmutableArray<YamlNode> items = DefinitionReader.OneOrMany(node);
        if (items.Length is 0 or > ByMax)
        {
            reader.Add("by", $"Between 1 and {ByMax} expressions stand here.", node);
        }

        return
        [
            .. items
                .Take(ByMax)
                .Select((item, i) => expressions.Read(item, $"by[{i}]"))
                .OfType<Expression>(),
        ];
    }

    private int TopOf(ImmutableArray<Expression> by)
    {
        if (section["top"] is { } node && section["by"] is null)
        {
            reader.Add("top", "Only what is divided `by` something has largest parts.", node);
        }

        return Amounts.Whole(reader, section["top"], "top", 1, TopMax, by.IsEmpty ? 0 : TopMax);
    }

    private decimal DeadBandOf() =>
        section["deadBand"] is { } node ? expressions.Amount(node, "deadBand") : 0;

    private WrittenField? WritesOf()
    {
        if (section["writes"] is not { } node)
        {
            return null;
        }

        Section written = reader.Open(node, "writes", "object", "field");
        string? to = reader.Text(written["object"], "writes.object");
        string? field = reader.Text(written["field"], "writes.field");
        if (written["object"] is null || written["field"] is null)
        {
            reader.Add("writes", "Say which `object` and which `field`.", node);
        }

        return to is null || field is null ? null : new WrittenField(to, field);
    }

    private static ExpressionType TypeOf(Measure measure, MeasuredItems? items) =>
        measure is Measure.Min or Measure.Max or Measure.First or Measure.Last
            ? items?.Value?.Type ?? ExpressionType.Number
            : ExpressionType.Number;

    private void RefuseWhatDoesNotFit(InsightDefinition insight)
    {
        Measure measure = insight.Measure;
        bool adds = measure is Measure.Count or Measure.Sum;
        RefuseIf("value", measure == Measure.Count, "What is counted has no value.");
        RefuseIf("value", measure == Measure.Ratio, "The sides of a ratio have values.");
        RefuseIf("numerator", measure != Measure.Ratio, "Only a ratio has a numerator.");
        RefuseIf("denominator", measure != Measure.Ratio, "Only a ratio has a denominator.");
        RefuseIf("halfLife", !adds, "Only a count and a sum fade with time.");
        RefuseIf("halfLife", insight.Window is not null, "It fades, or it has a window: not both.");
        RefuseIf("by", !adds, "Only a count and a sum can be divided.");
        RefuseIf(
            "currency",
            measure is Measure.Count or Measure.Distinct or Measure.Ratio
                || insight.Type != ExpressionType.Number,
            "Only an amount has a currency."
        );
        RefuseIf(
            "currency",
            !insight.By.IsEmpty,
            "An amount is by currency, or `by` something else."
        );
        RefuseIf(
            "value",
            measure is Measure.Min or Measure.Max && insight.Type == ExpressionType.Boolean,
            "A condition has no lowest and no highest value."
        );
        RefuseIf(
            "deadBand",
            insight.Type != ExpressionType.Number,
            "Only a number has a smallest change that counts."
        );
        if (insight.Source.Kind == ItemKind.Engagements)
        {
            RefuseWhatIsNotKept(insight);
        }
    }

    // What was done is not kept, so it can be measured only in as much as fits into the state of each link.
    private void RefuseWhatIsNotKept(InsightDefinition insight)
    {
        const string why = "What was done is counted and not kept: ";
        bool windowed = insight.Window is not null;
        RefuseIf(
            "by",
            windowed && !insight.By.IsEmpty,
            why + "divided, it fades with a `halfLife`."
        );
        RefuseIf(
            "window",
            windowed && insight.Measure is Measure.First or Measure.Last or Measure.Distinct,
            why + "within a window only what is counted, summed, lowest or highest is known."
        );
        RefuseIf("at", true, why + "it counts when it happened.");
    }

    private void RefuseIf(string key, bool wrong, string why)
    {
        if (wrong && section[key] is { } node)
        {
            reader.Add(key, why, node);
        }
    }

    [GeneratedRegex("^[a-z][a-z0-9_]{0,59}$", RegexOptions.CultureInvariant, 1_000)]
    private static partial Regex NamePattern { get; }
}
