using System.Collections.Immutable;
using OrleansCdp.Events;
using OrleansCdp.Expressions;
using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>What segments may speak of: fields that data streams declare, insights, and other segments.</summary>
/// <param name="Declared">Fields that the active data streams declare.</param>
/// <param name="Insights">The insights that are shown.</param>
/// <param name="Segments">The other segments: names, and of a waterfall <c>NAME.TIER</c>.</param>
public sealed record SegmentVocabulary(
    IReadOnlyCollection<DeclaredField> Declared,
    IReadOnlyCollection<InsightDefinition> Insights,
    IReadOnlyCollection<string> Segments
)
{
    private const string AccountPrefix = "account.";

    /// <summary>Everything that has a name.</summary>
    internal ImmutableSortedDictionary<string, SegmentInput> Names { get; } =
        InputsOf(Declared, Insights)
            .DistinctBy(input => input.Key)
            .ToImmutableSortedDictionary(
                input => input.Key,
                input => input,
                StringComparer.Ordinal
            );

    /// <summary>Names that cannot be spoken of, with the reason.</summary>
    internal ImmutableSortedDictionary<string, string> Refused { get; } =
        Facts(Declared)
            .Where(one => one.Fact.Ambiguity is not null)
            .ToImmutableSortedDictionary(
                one => one.Key,
                one => one.Fact.Ambiguity!,
                StringComparer.Ordinal
            );

    private static IEnumerable<SegmentInput> InputsOf(
        IReadOnlyCollection<DeclaredField> declared,
        IReadOnlyCollection<InsightDefinition> insights
    )
    {
        foreach (var (key, fact, kind) in Facts(declared))
        {
            if (fact.Type is { } type)
            {
                yield return new(key, kind, fact.Name, type);
            }
        }

        foreach (InsightDefinition insight in insights)
        {
            bool isOfAccount = insight.Of == SubjectKind.Account;
            string[] name = ["insights", insight.Name];
            string key = ExpressionPrinter.Print(
                new Syntax.Name(isOfAccount ? ["account", .. name] : [.. name], At: 0)
            );
            yield return new(
                key,
                isOfAccount ? SegmentInputKind.AccountInsight : SegmentInputKind.Insight,
                insight.Name,
                insight.Type
            );
            if (insight.IsDivided)
            {
                yield return new(
                    key + ".top",
                    isOfAccount ? SegmentInputKind.AccountTopPart : SegmentInputKind.TopPart,
                    insight.Name,
                    ExpressionType.Text
                );
            }
        }
    }

    /// <summary>Fields of the individual and of its account, by how they are written.</summary>
    private static IEnumerable<(string Key, DeclaredFact Fact, SegmentInputKind Kind)> Facts(
        IReadOnlyCollection<DeclaredField> declared
    ) =>
        DeclaredFact
            .Of(declared, CanonicalObjects.Individual)
            .Select(fact => (fact.Printed, fact, SegmentInputKind.Trait))
            .Concat(
                DeclaredFact
                    .Of(declared, CanonicalObjects.Account)
                    .Select(fact =>
                        (AccountPrefix + fact.Printed, fact, SegmentInputKind.AccountTrait)
                    )
            );
}
