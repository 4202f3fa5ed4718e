using OrleansCdp.Expressions;
using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>What segments are told when they ask for something.</summary>
/// <param name="Value">The value; null for none.</param>
/// <param name="ChangesAt">When it may be another though nothing happens; null for never.</param>
/// <param name="IsSteady">Whether it is another all the time: it fades, or is predicted.</param>
internal sealed record Answer(FieldValue? Value, DateTimeOffset? ChangesAt, bool IsSteady = false)
{
    /// <summary>A field of a profile.</summary>
    public static Answer OfTrait(LinkSet links, string name, ReconciliationPolicy policy) =>
        new(Reconciliation.Trait(links, name, policy)?.Won.Register.Value, null);

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
        if (
            ledger.Insights.Shown(name) is not { } insight
            || ledger.ValueOf(insight, now) is not { } value
        )
        {
            return new Answer(null, null);
        }

        NextChange change = ledger.NextChangeOf(insight, now);
        DateTimeOffset? at = change.At is { } ticks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : null;
        return new Answer(
            !isTopPart ? value.Value
                : value.Parts is [var first, ..] ? FieldValue.Of(first.Name)
                : null,
            change.IsSteady ? Course.Earlier(at, now + SegmentLedger.Steadily) : at,
            change.IsSteady
        );
    }
}
