using System.Collections.Immutable;
using OrleansCdp.Expressions;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>Compiles one source of an insight.</summary>
internal sealed class InputCompiler(
    DefinitionReader reader,
    Section section,
    InsightSource source,
    Measure measure
)
{
    /// <summary>Expressions that divide one insight.</summary>
    internal const int ByMax = 3;

    /// <summary>What may be said of a source.</summary>
    internal static readonly string[] Keys =
    [
        "source",
        "where",
        "value",
        "numerator",
        "denominator",
        "at",
        "by",
        "currency",
    ];

    private readonly ExpressionReader expressions = new(reader, source);

    /// <summary>Compiles the source that a section names; null when it names none.</summary>
    public static InsightInput? Compile(
        DefinitionReader reader,
        Section section,
        Measure measure,
        IReadOnlyCollection<DeclaredField> declared
    )
    {
        string[] sources = [.. InsightSource.NamesOf(declared)];
        if (section["source"] is not { } node)
        {
            reader.Add(
                section.PathOf("source"),
                $"What is it computed from? {DefinitionReader.Suggest("", sources)}",
                section.Node
            );
            return null;
        }

        string? name = reader.Word(node, section.PathOf("source"), sources);
        return name is not null && InsightSource.Find(name, declared) is { } source
            ? new InputCompiler(reader, section, source, measure).Compile()
            : null;
    }

    private InsightInput Compile()
    {
        bool isRatio = measure == Measure.Ratio;
        // What stands beside a ratio holds for both of its sides.
        Expression<bool>? all = isRatio ? expressions.Read<bool>(section, "where") : null;
        MeasuredItems? items = isRatio
            ? Within(all, SideOf("numerator"))
            : ItemsOf(section, measure);
        InsightInput input = new()
        {
            Source = source,
            Items = items ?? new MeasuredItems(),
            Denominator = isRatio ? Within(all, SideOf("denominator")) : null,
            At = expressions.Read<DateTimeOffset>(section, "at") ?? BuiltIn.AtOfItem,
            By = ByOf(),
            Currency = expressions.Read<string>(section, "currency"),
        };
        RefuseWhatDoesNotFit(input);
        return input with { Forms = expressions.Forms };
    }

    private MeasuredItems ItemsOf(Section at, Measure of)
    {
        bool needsValue = Prediction.Makes(of)
            ? Prediction.IsOfValue(of)
            : of is not (Measure.Count or Measure.Instants);
        if (needsValue && at["value"] is null)
        {
            reader.Add(at.PathOf("value"), "Say of what: an expression.", at.Node);
        }

        return new MeasuredItems
        {
            Where = expressions.Read<bool>(at, "where"),
            Value =
                of is Measure.Sum or Measure.Average or Measure.Median || Prediction.Makes(of)
                    ? expressions.Read<decimal>(at, "value")
                    : expressions.Read(at, "value"),
        };
    }

    /// <summary>One side of a ratio: the sum of its value, or how many items there are.</summary>
    private MeasuredItems? SideOf(string key)
    {
        if (section[key] is not { } node)
        {
            reader.Add(
                section.PathOf(key),
                "A ratio has a `numerator` and a `denominator`.",
                section.Node
            );
            return null;
        }

        Section side = reader.Open(node, section.PathOf(key), "where", "value");
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
            reader.Add(
                section.PathOf("by"),
                $"Between 1 and {ByMax} expressions stand here.",
                node
            );
        }

        return
        [
            .. items
                .Take(ByMax)
                .Select((item, i) => expressions.Read(item, $"{section.PathOf("by")}[{i}]"))
                .OfType<Expression>(),
        ];
    }

    private void RefuseWhatDoesNotFit(InsightInput input)
    {
        ExpressionType type = TypeOf(input);
        RefuseIf("value", measure == Measure.Count, "What is counted has no value.");
        RefuseIf("value", measure == Measure.Instants, "Of what was, the moments are told.");
        RefuseIf("value", measure == Measure.Ratio, "The sides of a ratio have values.");
        RefuseIf("numerator", measure != Measure.Ratio, "Only a ratio has a numerator.");
        RefuseIf("denominator", measure != Measure.Ratio, "Only a ratio has a denominator.");
        RefuseIf(
            "by",
            measure is not (Measure.Count or Measure.Sum or Measure.Distinct),
            "Only a count, a sum and a count of different values can be divided."
        );
        RefuseIf(
            "by",
            measure == Measure.Distinct && source.Kind == ItemKind.Engagements,
            InsightCompiler.NotKept + "divided, only how many and how much is known of it."
        );
        RefuseIf(
            "currency",
            measure is Measure.Count or Measure.Distinct or Measure.Ratio or Measure.Instants
                || type != ExpressionType.Number,
            "Only an amount has a currency."
        );
        RefuseIf(
            "currency",
            !input.By.IsEmpty,
            "An amount is by currency, or `by` something else."
        );
        RefuseIf(
            "value",
            measure is Measure.Min or Measure.Max && type == ExpressionType.Boolean,
            "A condition has no lowest and no highest value."
        );
        RefuseIf(
            "value",
            input.Items.Value?.Type == ExpressionType.Duration,
            "A duration is divided by its unit first: `(record.closedAt - item.at) / 1 hour`."
        );
        RefuseIf(
            "at",
            source.Kind == ItemKind.Engagements,
            InsightCompiler.NotKept + "it counts when it happened."
        );
    }

    /// <summary>The type of what is made of the items.</summary>
    public static ExpressionType TypeOf(InsightInput input, Measure measure) =>
        measure == Measure.Instants ? ExpressionType.Instant
        : measure is Measure.Min or Measure.Max or Measure.First or Measure.Last
            ? MeasuredTypeOf(input)
        : ExpressionType.Number;

    /// <summary>The type of what is measured of an item.</summary>
    public static ExpressionType MeasuredTypeOf(InsightInput input) =>
        input.Items.Value?.Type ?? ExpressionType.Number;

    private ExpressionType TypeOf(InsightInput input) => TypeOf(input, measure);

    private void RefuseIf(string key, bool wrong, string why)
    {
        if (wrong && section[key] is { } node)
        {
            reader.Add(section.PathOf(key), why, node);
        }
    }
}
