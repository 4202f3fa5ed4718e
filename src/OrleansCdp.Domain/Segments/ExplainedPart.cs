using System.Collections.Immutable;
using OrleansCdp.Expressions;

namespace OrleansCdp.Segments;

/// <summary>A part of criteria with what it comes to for somebody at one moment.</summary>
/// <param name="Text">How it is written in the one way.</param>
public sealed record ExplainedPart(string Text)
{
    /// <summary>Whether it is a condition. Else it has a value.</summary>
    public bool IsCondition { get; init; }

    /// <summary>Of a condition whether it holds; null where that cannot be told: then it does not.</summary>
    public bool? Holds { get; init; }

    /// <summary>Of anything else its value; null for none.</summary>
    public FieldValue? Value { get; init; }

    /// <summary>
    /// Of a condition and of what is asked: the moment from which it may be another though nothing happens; null for never.
    /// </summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>What is asked here; null where it is made of other parts.</summary>
    public SegmentInput? Asked { get; init; }

    /// <summary>The parts it is made of, without values that stand in the text.</summary>
    public ImmutableArray<ExplainedPart> Parts { get; init; } = [];
}

/// <summary>
/// Explains the criteria of one segment part by part. They are compiled once more, from their normal form: only whoever asks why
/// pays for it. No more parts are there than <see cref="SegmentDefinition.CostMax"/>.
/// </summary>
internal sealed class PartExplainer
{
    private readonly Dictionary<Syntax, Expression> compiled = new(
        ReferenceEqualityComparer.Instance
    );
    private readonly Terms terms;
    private readonly IFacts facts;
    private readonly ExpressionScope scope;

    /// <summary>An explainer.</summary>
    /// <param name="definition">The segment.</param>
    /// <param name="facts">What it is told.</param>
    public PartExplainer(SegmentDefinition definition, IFacts facts)
    {
        this.facts = facts;
        terms = new Terms(definition.Inputs);
        scope = new ExpressionScope(ImmutableSortedDictionary<string, Symbol>.Empty, KnowsNow: true)
        {
            Terms = terms,
            TimeZone = definition.TimeZone,
            Noted = compiled.Add,
        };
    }

    /// <summary>The condition of a tier.</summary>
    /// <exception cref="InvalidOperationException">It was compiled before and is not any more: a bug.</exception>
    public ExplainedPart Explain(SegmentTier tier)
    {
        List<ExpressionError> errors = [];
        if (
            ExpressionParser.ParseCriteria(tier.NormalForm, errors) is not { } criteria
            || ExpressionCompiler.Compile(criteria.Condition, scope, ExpressionType.Boolean, errors)
                is null
        )
        {
            throw new InvalidOperationException($"{tier.NormalForm}: {errors[0].Message}");
        }

        return Explain(criteria.Condition);
    }

    private ExplainedPart Explain(Syntax syntax)
    {
        Expression part = compiled[syntax];
        SegmentInput? asked = terms.Find(syntax);
        ExplainedPart explained = new(ExpressionPrinter.Print(syntax))
        {
            Until =
                part is Expression<bool> || asked is not null ? part.CourseOf(facts).Until : null,
            Asked = asked,
            Parts = [.. PartsOf(syntax).Select(Explain)],
        };
        return part is Expression<bool> condition
            ? explained with
            {
                IsCondition = true,
                Holds = condition.TryGet(facts, out bool holds) ? holds : null,
            }
            : explained with
            {
                Value = ValueOf(part),
            };
    }

    private FieldValue? ValueOf(Expression part) =>
        part switch
        {
            Expression<decimal> number when number.TryGet(facts, out decimal value) =>
                FieldValue.Of(value),
            Expression<string> text when text.TryGet(facts, out string? value) => FieldValue.Of(
                value
            ),
            Expression<DateTimeOffset> instant
                when instant.TryGet(facts, out DateTimeOffset value) => FieldValue.Of(value),
            Expression<TimeSpan> duration when duration.TryGet(facts, out TimeSpan value) =>
                FieldValue.Of($"{value:c}"),
            _ => null,
        };

    private static IEnumerable<Syntax> PartsOf(Syntax syntax) =>
        syntax switch
        {
            Syntax.Binary { Operator: Operator.And or Operator.Or } joined =>
            [
                .. Joined(joined.Left, joined.Operator),
                .. Joined(joined.Right, joined.Operator),
            ],
            Syntax.Binary binary => Open(binary.Left, binary.Right),
            Syntax.Not not => Open(not.Operand),
            Syntax.Negation negation => Open(negation.Operand),
            Syntax.IsNull test => Open(test.Operand),
            Syntax.In test => Open(test.Operand),
            Syntax.Within test => Open(test.Operand),
            Syntax.WithinCalendar test => Open(test.Operand),
            Syntax.Call call => Open([.. call.Arguments]),
            _ => [],
        };

    /// <summary>What the same word joins is told side by side.</summary>
    private static IEnumerable<Syntax> Joined(Syntax syntax, Operator by) =>
        syntax is Syntax.Binary joined && joined.Operator == by
            ? [.. Joined(joined.Left, by), .. Joined(joined.Right, by)]
            : [syntax];

    private static IEnumerable<Syntax> Open(params Syntax[] parts) =>
        parts.Where(part => part is not Syntax.Literal);

    /// <summary>Finds what was asked when the segment was compiled.</summary>
    private sealed class Terms(ImmutableArray<SegmentInput> inputs) : ITermFinder
    {
        private readonly Dictionary<string, int> slots = inputs
            .Index()
            .ToDictionary(one => one.Item.Key, one => one.Index, StringComparer.Ordinal);

        public Term? Find(Syntax term, ICollection<ExpressionError> errors)
        {
            string key = ExpressionPrinter.Print(term);
            if (slots.TryGetValue(key, out int slot))
            {
                return new Term(new Symbol(slot, inputs[slot].Type), Cost: 0);
            }

            errors.Add(new ExpressionError(term.At, $"`{key}` was not asked."));
            return null;
        }

        public SegmentInput? Find(Syntax syntax) =>
            syntax is Syntax.Name or Syntax.Measured or Syntax.Sequence or Syntax.InSegment
            && slots.TryGetValue(ExpressionPrinter.Print(syntax), out int slot)
                ? inputs[slot]
                : null;
    }
}
