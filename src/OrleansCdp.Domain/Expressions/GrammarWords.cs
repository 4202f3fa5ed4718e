using Parlot.Fluent;
using static Parlot.Fluent.Parsers;

namespace OrleansCdp.Expressions;

/// <summary>Words of the language, and what is said where one is missing.</summary>
internal static class GrammarWords
{
    /// <summary>Something that may stand here, by the name under which authors know it.</summary>
    public static Parser<T> Expected<T>(string what, Parser<T> inner) =>
        new Expecting<T>(what, inner);

    /// <summary>A word that is named where it is missing; its place.</summary>
    public static Parser<int> Word(string word) => Expected($"`{word}`", Keyword(word));

    /// <summary>A word; its place.</summary>
    public static Parser<int> Keyword(string word) =>
        At(Terms.Identifier().When((_, found) => found.Span.SequenceEqual(word)));

    /// <summary>The place of something.</summary>
    public static Parser<int> At<T>(Parser<T> parser) => parser.Then((_, start, _, _) => start);
}
