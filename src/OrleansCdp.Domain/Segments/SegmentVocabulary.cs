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
        Ambiguous(Declared)
            .ToImmutableSortedDictionary(one => one.Key, one => one.Value, StringComparer.Ordinal);

    private static IEnumerable<SegmentInput> InputsOf(
        IReadOnlyCollection<DeclaredField> declared,
        IReadOnlyCollection<InsightDefinition> insights
    )
    {
        foreach (DeclaredFact fact in DeclaredFact.Of(declared, CanonicalObjects.Individual))
        {
            if (fact.Type is { } type)
            {
                yield return new(fact.Printed, SegmentInputKind.Trait, fact.Name, type);
            }
        }

        foreach (DeclaredFact fact in DeclaredFact.Of(declared, CanonicalObjects.Account))
        {
            if (fact.Type is { } type)
            {
                yield return new(
                    AccountPrefix + fact.Printed,
                    SegmentInputKind.AccountTrait,
                    fact.Name,
                    type
                );
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

    private static IEnumerable<KeyValuePair<string, string>> Ambiguous(
        IReadOnlyCollection<DeclaredField> declared
    ) =>
        DeclaredFact
            .Of(declared, CanonicalObjects.Individual)
            .Select(fact => (fact, Prefix: ""))
            .Concat(
                DeclaredFact
                    .Of(declared, CanonicalObjects.Account)
                    .Select(fact => (fact, Prefix: AccountPrefix))
            )
            .Where(one => one.fact.Ambiguity is not null)
            .Select(one => KeyValuePair.Create(one.Prefix + one.fact.Printed, one.fact.Ambiguity!));
}
