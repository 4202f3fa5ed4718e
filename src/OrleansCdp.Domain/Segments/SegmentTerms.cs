using System.Collections.Immutable;
using OrleansCdp.Expressions;
using OrleansCdp.Governance;

namespace OrleansCdp.Segments;

/// <summary>What the criteria of one segment may ask, and what they did ask.</summary>
internal sealed class SegmentTerms : ITermFinder
{
    private readonly List<SegmentInput> inputs = [];
    private readonly List<(string Name, int At)> segments = [];
    private readonly string self;
    private readonly SegmentVocabulary vocabulary;

    public SegmentTerms(string self, SegmentVocabulary vocabulary, TimeZoneInfo zone)
    {
        this.self = self;
        this.vocabulary = vocabulary;
        Scope = new ExpressionScope(ImmutableSortedDictionary<string, Symbol>.Empty, KnowsNow: true)
        {
            Terms = this,
            TimeZone = zone,
        };
    }

    /// <summary>What criteria may speak of.</summary>
    public ExpressionScope Scope { get; }

    /// <summary>What was asked, by slot.</summary>
    public ImmutableArray<SegmentInput> Inputs => [.. inputs];

    /// <summary>Takes the segments that were asked for since it was taken last, with where in their criteria.</summary>
    public ImmutableArray<(string Name, int At)> TakeSegments()
    {
        ImmutableArray<(string Name, int At)> taken = [.. segments];
        segments.Clear();
        return taken;
    }

    public Term? Find(Syntax term, ICollection<ExpressionError> errors)
    {
        DerivedInsights derived = new(vocabulary, errors);
        (SegmentInput? input, int cost) = term switch
        {
            Syntax.Name name => (Named(name, errors), 0),
            Syntax.InSegment test => (SegmentOf(test, errors), 1),
            Syntax.Measured measured => derived.Measure(measured),
            Syntax.Sequence sequence => derived.Sequence(sequence),
            _ => throw new ArgumentOutOfRangeException(nameof(term)),
        };
        return input is null ? null : new Term(Place(input), cost);
    }

    private SegmentInput? Named(Syntax.Name name, ICollection<ExpressionError> errors)
    {
        string key = ExpressionPrinter.Print(name);
        if (vocabulary.Names.TryGetValue(key, out SegmentInput? input))
        {
            return input;
        }

        errors.Add(
            new ExpressionError(
                name.At,
                vocabulary.Refused.GetValueOrDefault(key)
                    ?? ExpressionCompiler.NotDeclared(key, vocabulary.Names.Keys)
            )
        );
        return null;
    }

    private SegmentInput? SegmentOf(Syntax.InSegment test, ICollection<ExpressionError> errors)
    {
        string name = string.Join('.', test.Segment.Parts);
        string? why =
            name == self || name.StartsWith(self + '.', StringComparison.Ordinal)
                ? "A segment cannot ask who is in itself."
            : !vocabulary.Segments.Contains(name)
                ? $"There is no segment `{name}`. "
                    + DefinitionReader.Suggest(name, [.. vocabulary.Segments])
            : null;
        if (why is not null)
        {
            errors.Add(new ExpressionError(test.Segment.At, why));
            return null;
        }

        segments.Add((name, test.Segment.At));
        return new SegmentInput(
            ExpressionPrinter.Print(test),
            SegmentInputKind.Segment,
            name,
            ExpressionType.Boolean
        );
    }

    private Symbol Place(SegmentInput input)
    {
        int slot = inputs.IndexOf(input);
        if (slot < 0)
        {
            slot = inputs.Count;
            inputs.Add(input);
        }

        return new Symbol(slot, input.Type);
    }
}
