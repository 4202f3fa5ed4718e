using System.Collections.Frozen;
using System.Collections.Immutable;

namespace OrleansCdp.Insights;

/// <summary>
/// Insights by what they read: those that segments make often differ in nothing but their window or their measure, and then the
/// items of records are kept once for all of them. Immutable; safe for any number of threads.
/// </summary>
internal sealed class ItemGroups
{
    private readonly FrozenDictionary<long, int> places;

    /// <summary>Groups of some insights.</summary>
    public ItemGroups(IEnumerable<ActiveInsight> insights)
    {
        IGrouping<string, ActiveInsight>[] groups =
        [
            .. insights.GroupBy(insight => KeyOf(insight.Definition), StringComparer.Ordinal),
        ];
        Readers = [.. groups.Select(group => group.First().Definition)];
        Members = [.. groups.Select(group => group.ToImmutableArray())];
        places = groups
            .SelectMany((group, place) => group.Select(insight => (insight.Revision, place)))
            .DistinctBy(one => one.Revision)
            .ToFrozenDictionary(one => one.Revision, one => one.place);
    }

    /// <summary>One insight of each group: what it reads they all do.</summary>
    public ImmutableArray<InsightDefinition> Readers { get; }

    /// <summary>All insights of each group.</summary>
    public ImmutableArray<ImmutableArray<ActiveInsight>> Members { get; }

    /// <summary>The group of an insight; -1 when it is in none.</summary>
    public int PlaceOf(ActiveInsight insight) => places.GetValueOrDefault(insight.Revision, -1);

    /// <summary>Equal where everything that decides of which items something is read, and what, is written the same.</summary>
    private static string KeyOf(InsightDefinition definition) =>
        string.Join(
            '\n',
            definition.Inputs.SelectMany(input =>
                input
                    .Forms.Select(form => $"{form.Key}: {form.Value}")
                    .Prepend($"{input.Source.Name} {input.Denominator is not null}")
            )
        );
}
