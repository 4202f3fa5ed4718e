using OrleansCdp.Governance;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>Insights over what the workload does: what they know of a link moves with it, and is in its state.</summary>
internal sealed class SimulatedInsights : IInsightSets
{
    private static readonly DeclaredField[] Declared =
    [
        new("Engagement", "name", FieldType.Text),
        new("ProductUsage", "name", FieldType.Text),
        new("SalesOrder", "total", FieldType.Number),
    ];

    private static readonly (string Name, string Text)[] Definitions =
    [
        ("pages", "source: Engagement\nmeasure: count\nby: name"),
        ("pages_of_an_hour", "source: Engagement\nmeasure: count\nwindow: 1 hour"),
        ("last_page", "source: Engagement\nmeasure: last\nvalue: name"),
        ("features", "source: ProductUsage\nmeasure: distinct\nvalue: name"),
        ("spent", "source: SalesOrder\nmeasure: sum\nvalue: order.total"),
    ];

    public static SimulatedInsights Instance { get; } = new();

    public static InsightSet Set { get; } =
        new(
            [
                .. Definitions.Select(
                    (definition, i) =>
                        new ActiveInsight(
                            InsightDefinition
                                .Compile(definition.Name, definition.Text, Declared)
                                .Insight!,
                            Version: 1,
                            Revision: i + 1
                        )
                ),
            ],
            newest: Definitions.Length
        );

    public InsightSet Current => Set;

    public ValueTask<InsightSet> CurrentAsync() => new(Set);

    public ValueTask<InsightSet> SinceAsync(long revision) => new(Set);
}
