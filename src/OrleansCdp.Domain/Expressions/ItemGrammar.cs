using System.Collections.Frozen;
using System.Collections.Immutable;
using Parlot;
using Parlot.Fluent;
using static OrleansCdp.Expressions.GrammarWords;
using static Parlot.Fluent.Parsers;

namespace OrleansCdp.Expressions;

/// <summary>
/// How criteria speak of what was done and is on record, and of other segments:
/// <c>count(SalesOrder within last 90 days where total > 100)</c>, <c>sum(total of SalesOrder)</c>,
/// <c>sequence(Engagement where type = 'cart' then no SalesOrder within 24 hours)</c>, <c>in segment churned</c>.
/// </summary>
public static class ItemGrammar
{
    /// <summary>The word of a sequence.</summary>
    public const string SequenceWord = "sequence";

    /// <summary>What can be made of items.</summary>
    public static FrozenSet<string> Measures { get; } =
        FrozenSet.Create(
            StringComparer.Ordinal,
            "average",
            "count",
            "distinct",
            "first",
            "last",
            "max",
            "median",
            "min",
            "sum"
        );

    /// <summary>Whether a word with a bracket after it speaks of items.</summary>
    internal static bool IsWord(string word) => word == SequenceWord || Measures.Contains(word);

    /// <summary>All of these.</summary>
    /// <param name="expression">An expression.</param>
    /// <param name="name">A name.</param>
    internal static Parser<Syntax> Terms(Parser<Syntax> expression, Parser<Syntax.Name> name)
    {
        Parser<Syntax.Literal?> window = Keyword("within")
            .SkipAnd(Word("last"))
            .SkipAnd(ConstantGrammar.Duration)
            .Then<Syntax.Literal?>(span => span)
            .Else((Syntax.Literal?)null);
        Parser<Syntax?> where = Where(expression);
        Parser<SomeItems> items = name.And(window)
            .And(where)
            .Then(all => new SomeItems(all.Item1, all.Item2, all.Item3));
        Parser<Syntax> measured = Start(Measures.Contains)
            .And(
                OneOf(
                    expression
                        .AndSkip(Word("of"))
                        .And(items)
                        .Then(both => (Value: (Syntax?)both.Item1, Items: both.Item2)),
                    items.Then(some => (Value: (Syntax?)null, Items: some))
                )
            )
            .AndSkip(Expected("`)`", Parsers.Terms.Char(')')))
            .Then<Syntax>(
                (_, start, _, both) =>
                    new Syntax.Measured(both.Item1, both.Item2.Value, both.Item2.Items, start)
            );
        return OneOf(measured, Sequence(name, where, items), InSegment(name));
    }

    private static Parser<Syntax> Sequence(
        Parser<Syntax.Name> name,
        Parser<Syntax?> where,
        Parser<SomeItems> items
    )
    {
        Parser<SequenceStep> step = Keyword("then")
            .SkipAnd(Keyword("no").Then(_ => true).Else(false))
            .And(name)
            .AndSkip(Word("within"))
            .And(ConstantGrammar.Duration)
            .And(where)
            .Then(all => new SequenceStep(
                new SomeItems(all.Item2, Window: null, all.Item4),
                all.Item1,
                all.Item3
            ));
        return Start(word => word == SequenceWord)
            .SkipAnd(items)
            .And(OneOrMany(Expected("`then`", step)))
            .AndSkip(Expected("`)`", Parsers.Terms.Char(')')))
            .Then<Syntax>(
                (_, start, _, all) => new Syntax.Sequence(all.Item1, [.. all.Item2], start)
            );
    }

    private static Parser<Syntax> InSegment(Parser<Syntax.Name> name) =>
        Keyword("in")
            .SkipAnd(Word("segment"))
            .SkipAnd(name)
            .Then<Syntax>((_, start, _, segment) => new Syntax.InSegment(segment, start));

    private static Parser<Syntax?> Where(Parser<Syntax> expression) =>
        Word("where").SkipAnd(expression).Then<Syntax?>(condition => condition).Else((Syntax?)null);

    /// <summary>A word with a bracket after it.</summary>
    private static Parser<string> Start(Func<string, bool> isIt) =>
        Parsers
            .Terms.Identifier()
            .Then(word => word.ToString())
            .When((_, word) => isIt(word))
            .AndSkip(Parsers.Terms.Char('('));
}
