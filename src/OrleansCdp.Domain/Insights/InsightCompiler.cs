using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Expressions;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>Compiles insight definitions, collecting everything that is wrong with them.</summary>
internal sealed class InsightCompiler(DefinitionReader reader, Section section)
{
    /// <summary>Parts of one insight that are told.</summary>
    internal const int TopMax = 20;

    /// <summary>Why not everything can be measured of what was done.</summary>
    internal const string NotKept = "What was done is counted and not kept: ";

    /// <summary>Why not everything can be measured of an account's people.</summary>
    internal const string OnlySums = "Of people an account knows sums only: ";

    private static readonly string[] Measures =
    [
        "count",
        "sum",
        "min",
        "max",
        "average",
        "median",
        "first",
        "last",
        "distinct",
        "instants",
        "ratio",
        "alive",
        "purchases",
        "noPurchase",
        "purchaseValue",
        "lifetimeValue",
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
            if (!DefinitionNames.IsWord(name))
            {
                notes.Add(
                    "",
                    $"An insight's name is small letters, digits and underscores, at most {DefinitionNames.WordMax}.",
                    root
                );
            }

            Section top = notes.Open(
                root,
                "",
                [
                    "description",
                    "of",
                    "people",
                    "sources",
                    .. InputCompiler.Keys,
                    "measure",
                    "model",
                    "horizon",
                    "period",
                    "discountRate",
                    "window",
                    "halfLife",
                    "top",
                    "unit",
                    "deadBand",
                    "writes",
                ]
            );
            insight =
                root is YamlMap ? new InsightCompiler(notes, top).Compile(name, declared) : null;
        }

        return errors.Count > 0 ? (null, [.. errors]) : (insight, []);
    }

    private InsightDefinition? Compile(string name, IReadOnlyCollection<DeclaredField> declared)
    {
        string? word = section["measure"] is { } written
            ? reader.Word(written, "measure", Measures)
            : null;
        if (section["measure"] is null)
        {
            reader.Add(
                "measure",
                $"What is made of the items? {DefinitionReader.Suggest("", Measures)}",
                section.Node
            );
        }

        Measure measure = word is null
            ? Measure.Count
            : Enum.Parse<Measure>(word, ignoreCase: true);
        ImmutableArray<InsightInput> inputs = InputsOf(measure, declared);
        if (word is null || inputs.IsEmpty)
        {
            return null;
        }

        // A program that does not know the measure yet would forget the moments: only segments make such insights.
        RefuseIf(
            "measure",
            measure == Measure.Instants && !InsightDefinition.IsDerived(name),
            "Only criteria of segments ask for moments."
        );
        InsightDefinition insight = new()
        {
            Name = name,
            Description = reader.Text(section["description"], "description"),
            Of =
                reader.Word(section["of"], "of", "individual", "account") == "account"
                    ? SubjectKind.Account
                    : SubjectKind.Individual,
            HasPeople = reader.Flag(section["people"], "people"),
            Measure = measure,
            IsMoment =
                measure is Measure.First or Measure.Last && inputs.All(input => input.MeasuresWhen),
            Inputs = inputs,
            Window = ExpressionReader.Duration(reader, section, "window"),
            HalfLife = ExpressionReader.Duration(reader, section, "halfLife"),
            Prediction = Prediction.Read(reader, section, measure),
            Top = TopOf(isDivided: !inputs[0].By.IsEmpty),
            Type = InputCompiler.TypeOf(inputs[0], measure),
            Unit = reader.Text(section["unit"], "unit"),
            DeadBand = section["deadBand"] is { } node
                ? ExpressionReader.Amount(reader, node, "deadBand")
                : 0,
            Writes = WritesOf(),
        };
        RefuseWhatDoesNotFit(insight);
        return insight;
    }

    private ImmutableArray<InsightInput> InputsOf(
        Measure measure,
        IReadOnlyCollection<DeclaredField> declared
    )
    {
        if (section["sources"] is not { } node)
        {
            return InputCompiler.Compile(reader, section, measure, declared) is { } only
                ? [only]
                : [];
        }

        foreach (string key in InputCompiler.Keys)
        {
            if (section[key] is { } misplaced)
            {
                reader.Add(key, "With several `sources`, each of them says this.", misplaced);
            }
        }

        ImmutableArray<YamlNode> items = reader.Many(node, "sources");
        if (items.Length is 0 or > InsightDefinition.InputsMax)
        {
            reader.Add(
                "sources",
                $"Between 1 and {InsightDefinition.InputsMax} sources stand here.",
                node
            );
        }

        ImmutableArray<InsightInput?> inputs =
        [
            .. items
                .Take(InsightDefinition.InputsMax)
                .Select(
                    (item, i) =>
                        InputCompiler.Compile(
                            reader,
                            reader.Open(item, $"sources[{i}]", InputCompiler.Keys),
                            measure,
                            declared
                        )
                ),
        ];
        RefuseUnlike(inputs, items);
        return inputs.Any(input => input is null) ? [] : inputs.CastArray<InsightInput>();
    }

    private void RefuseUnlike(ImmutableArray<InsightInput?> inputs, ImmutableArray<YamlNode> nodes)
    {
        for (int i = 1; i < inputs.Length; i++)
        {
            if (inputs[0] is not { } first || inputs[i] is not { } input)
            {
                continue;
            }

            bool alike =
                input.By.Length == first.By.Length
                && input.Currency is null == first.Currency is null
                && InputCompiler.MeasuredTypeOf(input) == InputCompiler.MeasuredTypeOf(first);
            if (!alike)
            {
                reader.Add(
                    $"sources[{i}]",
                    "Sources that count together have values of one type, and as many parts, or a currency each.",
                    nodes[i]
                );
            }
        }
    }

    private int TopOf(bool isDivided)
    {
        if (section["top"] is { } node && !isDivided)
        {
            reader.Add("top", "Only what is divided `by` something has largest parts.", node);
        }

        return Amounts.Whole(reader, section["top"], "top", 1, TopMax, isDivided ? TopMax : 0);
    }

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

    private void RefuseWhatDoesNotFit(InsightDefinition insight)
    {
        RefuseIf(
            "halfLife",
            insight.Measure is not (Measure.Count or Measure.Sum),
            "Only a count and a sum fade with time."
        );
        RefuseIf(
            "window",
            insight.Prediction is not null,
            "A prediction is made from all that was bought."
        );
        RefuseIf("halfLife", insight.Window is not null, "It fades, or it has a window: not both.");
        RefuseIf(
            "window",
            insight.Measure == Measure.Distinct && insight.IsDivided,
            "The different values of each part and each time are more than is kept of old records."
        );
        RefuseIf(
            "window",
            insight.Measure == Measure.Instants,
            $"The latest {LatestInstants.Max} moments are known, however old they are."
        );
        RefuseIf(
            "deadBand",
            insight.Type != ExpressionType.Number,
            "Only a number has a smallest change that counts."
        );
        if (insight.Inputs.Any(input => input.Source.Kind == ItemKind.Engagements))
        {
            RefuseWhatIsNotKept(insight, NotKept);
            RefuseIf(
                "measure",
                insight.Prediction is not null,
                "Purchases are records, such as `SalesOrder`."
            );
        }

        if (insight.HasPeople)
        {
            RefuseWhatIsNotKept(insight, OnlySums);
            RefuseOfPeople(insight);
        }
    }

    // It can be measured only in as much as fits into the state of each link, or of each person of an account.
    private void RefuseWhatIsNotKept(InsightDefinition insight, string why)
    {
        Measure measure = insight.Measure;
        RefuseIf("measure", measure == Measure.Median, why + "the middle of it is not known.");
        RefuseIf("window", insight.IsDivided, why + "divided, it fades with a `halfLife`.");
        RefuseIf(
            "window",
            measure is Measure.First or Measure.Last or Measure.Distinct,
            why + "within a window only what is counted, summed, lowest or highest is known."
        );
    }

    private void RefuseOfPeople(InsightDefinition insight)
    {
        RefuseIf("people", insight.Of != SubjectKind.Account, "Only an account has people.");
        RefuseIf(
            "measure",
            insight.Measure == Measure.Instants,
            OnlySums + "not the moments of each."
        );
        RefuseIf(
            "measure",
            insight.Prediction is not null,
            OnlySums + "who will buy again is known of each of them, not of all."
        );
        RefuseIf(
            "by",
            insight.Measure == Measure.Distinct && insight.IsDivided,
            OnlySums + "the different values of each part are more than is kept."
        );
    }

    private void RefuseIf(string key, bool wrong, string why)
    {
        if (wrong && section[key] is { } node)
        {
            reader.Add(key, why, node);
        }
    }
}
