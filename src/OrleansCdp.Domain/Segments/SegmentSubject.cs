using OrleansCdp.Insights;

namespace OrleansCdp.Segments;

/// <summary>Whom segments are asked of.</summary>
/// <param name="Links">All links.</param>
/// <param name="Ledger">What counts in the insights, up to these links.</param>
/// <param name="Account">What is known of the account.</param>
/// <param name="Policy">How fields of the profile are reconciled.</param>
public sealed record SegmentSubject(
    LinkSet Links,
    InsightLedger Ledger,
    AccountFacts Account,
    ReconciliationPolicy Policy
);
