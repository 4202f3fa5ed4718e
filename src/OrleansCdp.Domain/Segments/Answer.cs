using OrleansCdp.Expressions;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>What segments are told when they ask for something.</summary>
/// <param name="Plain">The value; null for none.</param>
/// <param name="ChangesAt">When it may be another though nothing happens; null for never.</param>
/// <param name="IsSteady">Whether it is another all the time: it fades, or is predicted.</param>
internal sealed record Answer(PlainValue? Plain, DateTimeOffset? ChangesAt, bool IsSteady = false)
{
    /// <summary>The value as text; null for none.</summary>
    public FieldValue? Value => Plain?.Written;

    /// <summary>Of what is written already, and stays as it is until a moment.</summary>
    public static Answer Of(FieldValue? value, DateTimeOffset? until = null) =>
        new(value is { } written ? PlainValue.Of(written) : null, until);

    /// <summary>A field of a profile.</summary>
    public static Answer OfTrait(LinkSet links, string name, ReconciliationPolicy policy) =>
        Of(Reconciliation.Trait(links, name, policy)?.Won.Register.Value);

    /// <summary>An insight that is shown.</summary>
    /// <param name="ledger">What counts in it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="isTopPart">Whether the name of its largest part is asked.</param>
    /// <param name="now">The moment.</param>
    public static Answer OfInsight(
        InsightLedger ledger,
        string name,
        bool isTopPart,
        DateTimeOffset now
    )
    {
        if (ledger.Insights.Shown(name) is not { } insight)
        {
            return Of(null);
        }

        NextChange change = ledger.NextChangeOf(insight, now);
        DateTimeOffset? at = change.At is { } ticks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : null;
        return new Answer(
            isTopPart ? TopPartOf(ledger, insight, now) : ledger.PlainValueOf(insight, now),
            change.IsSteady ? Course.Earlier(at, now + SegmentLedger.Steadily) : at,
            change.IsSteady
        );
    }

    private static PlainValue? TopPartOf(
        InsightLedger ledger,
        ActiveInsight insight,
        DateTimeOffset now
    ) =>
        ledger.ValueOf(insight, now) is { Parts: [var first, ..] }
            ? PlainValue.Of(FieldValue.Of(first.Name))
            : null;
}
