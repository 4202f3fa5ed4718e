using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using OrleansCdp.Expressions;
using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>
/// Makes insights of what criteria measure: they are computed, told of the past and explained as those that people write.
/// </summary>
internal sealed class DerivedInsights(
    SegmentVocabulary vocabulary,
    ICollection<ExpressionError> errors
)
{
    // Reading what counts in an insight is more work than a part of an expression is.
    private const int MeasureCost = 5;
    private const int HashDigits = 20;

    /// <summary>A measure, and what it costs; null when it is wrong.</summary>
    public (SegmentInput? Input, int Cost) Measure(Syntax.Measured measured)
    {
        bool takesMoment = measured is { Value: null, Measure: "first" or "last" };
        if (measured is { Value: not null, Measure: "count" })
        {
            Add(measured.Value.At, "What is counted has no value.");
            return default;
        }

        if (measured is { Value: null, Measure: not "count" } && !takesMoment)
        {
            Add(
                measured.At,
                $"Say of what: `{measured.Measure}(VALUE of {ExpressionPrinter.Print(measured.Items.Source)})`."
            );
            return default;
        }

        Syntax? value = takesMoment
            ? new Syntax.Name(["item", "at"], measured.Items.Source.At)
            : measured.Value;
        return
            Derive(measured.Measure, value, measured.Items, measured.At)
                is var (derived, insight, cost)
            ? (
                new SegmentInput(
                    ExpressionPrinter.Print(measured),
                    SegmentInputKind.Measured,
                    derived.Name,
                    insight.Type
                )
                {
                    Derived = [derived],
                },
                cost
            )
            : default;
    }

    /// <summary>A sequence, and what it costs; null when it is wrong.</summary>
    public (SegmentInput? Input, int Cost) Sequence(Syntax.Sequence sequence)
    {
        if (sequence.Steps.Length > SequencePlan.StepsMax)
        {
            Add(sequence.At, $"At most {SequencePlan.StepsMax} things follow the first one.");
            return default;
        }

        foreach (SequenceStep step in sequence.Steps.SkipLast(1).Where(step => step.IsMissing))
        {
            Add(step.Items.Source.At, "Only the last thing of a sequence can be missing.");
            return default;
        }

        SomeItems[] all =
        [
            sequence.First with
            {
                Window = null,
            },
            .. sequence.Steps.Select(step => step.Items),
        ];
        var derived = ImmutableArray.CreateBuilder<DerivedInsight>();
        int cost = 0;
        foreach (SomeItems items in all)
        {
            if (Derive("instants", value: null, items, sequence.At) is not var (insight, _, parts))
            {
                return default;
            }

            derived.Add(insight);
            cost += parts + LatestInstants.Max;
        }

        return (
            new SegmentInput(
                ExpressionPrinter.Print(sequence),
                SegmentInputKind.Sequence,
                derived[0].Name,
                ExpressionType.Boolean
            )
            {
                Derived = derived.ToImmutable(),
                Sequence = new SequencePlan(
                    DurationOf(sequence.First.Window),
                    [
                        .. sequence.Steps.Select(step => new SequencePlan.Step(
                            DurationOf(step.Within)!.Value,
                            step.IsMissing
                        )),
                    ]
                ),
            },
            cost
        );
    }

    private (DerivedInsight Derived, InsightDefinition Insight, int Cost)? Derive(
        string measure,
        Syntax? value,
        SomeItems items,
        int at
    )
    {
        string name = ExpressionPrinter.Print(items.Source);
        if (InsightSource.Find(name, vocabulary.Declared) is not { } source)
        {
            string known = DefinitionReader.Suggest(
                name,
                [.. InsightSource.NamesOf(vocabulary.Declared)]
            );
            Add(items.Source.At, $"No data stream brings `{name}`. {known}");
            return null;
        }

        int cost = MeasureCost;
        if (
            !IsRight(items.Where, source, ExpressionType.Boolean, ref cost)
            || !IsRight(value, source, wanted: null, ref cost)
        )
        {
            return null;
        }

        DerivedInsight derived = Of(measure, value, items);
        var (insight, wrong) = InsightDefinition.Compile(
            derived.Name,
            derived.Text,
            vocabulary.Declared
        );
        foreach (DefinitionError error in wrong)
        {
            Add(at, error.Message);
        }

        return insight is null ? null : (derived, insight, cost);
    }

    private bool IsRight(Syntax? syntax, InsightSource source, ExpressionType? wanted, ref int cost)
    {
        if (syntax is null)
        {
            return true;
        }

        CompiledExpression? compiled = ExpressionCompiler.Compile(
            syntax,
            source.Scope,
            wanted,
            errors
        );
        cost += compiled?.Cost ?? 0;
        return compiled is not null;
    }

    private static DerivedInsight Of(string measure, Syntax? value, SomeItems items)
    {
        StringBuilder text = new();
        text.Append("source: ").Append(ExpressionPrinter.Print(items.Source)).Append('\n');
        Append(text, "where", items.Where);
        text.Append("measure: ").Append(measure).Append('\n');
        Append(text, "value", value);
        if (items.Window is { } window)
        {
            text.Append("window: ").Append(ExpressionPrinter.Print(window.Value)).Append('\n');
        }

        string definition = text.ToString();
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(definition)));
        return new DerivedInsight(InsightDefinition.DerivedPrefix + hash[..HashDigits], definition);
    }

    private static void Append(StringBuilder text, string key, Syntax? expression)
    {
        if (expression is not null)
        {
            string quoted = YamlText.Quoted(ExpressionPrinter.Print(expression));
            text.Append(key).Append(": ").Append(quoted).Append('\n');
        }
    }

    private static TimeSpan? DurationOf(Syntax.Literal? literal) =>
        (literal?.Value as Constant.Duration)?.Value;

    private void Add(int at, string message) => errors.Add(new ExpressionError(at, message));
}
