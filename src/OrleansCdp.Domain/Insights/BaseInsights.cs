using System.Collections.Immutable;

namespace OrleansCdp.Insights;

/// <summary>The insights every individual and account has without any definition.</summary>
public sealed record BaseInsights
{
    /// <summary>Orders that were not deleted.</summary>
    public required int OrderCount { get; init; }

    /// <summary>Their totals, exact, per currency.</summary>
    public required ImmutableArray<Money> Revenue { get; init; }

    /// <summary>When the earliest order was made; null without orders.</summary>
    public DateTimeOffset? FirstOrderAt { get; init; }

    /// <summary>When the latest order was made; null without orders.</summary>
    public DateTimeOffset? LastOrderAt { get; init; }

    /// <summary>When anything was last done; null without engagement.</summary>
    public DateTimeOffset? LastEngagementAt { get; init; }

    /// <summary>Engagements, product usage included.</summary>
    public required long EngagementCount { get; init; }

    /// <summary>Cases ever created, deleted ones not counted.</summary>
    public required int CaseCount { get; init; }

    /// <summary>Cases open now.</summary>
    public required int OpenCases { get; init; }

    /// <summary>Closures of cases; one that was reopened counts each time.</summary>
    public required int CaseClosures { get; init; }

    /// <summary>Computes them from the links' states.</summary>
    public static BaseInsights Of(LinkSet links)
    {
        ImmutableArray<Money> revenue = [];
        int orders = 0;
        int cases = 0;
        int open = 0;
        int closures = 0;
        long first = long.MaxValue;
        long last = long.MinValue;
        long engagements = 0;
        long lastEngagement = long.MinValue;
        foreach (LinkRecord order in LinkRecords.Of(links, RecordObjects.SalesOrder))
        {
            orders++;
            revenue = MoneySums.Add(revenue, MoneySums.Of(order.State));
            first = Math.Min(first, order.State.MadeAt);
            last = Math.Max(last, order.State.MadeAt);
        }

        foreach (LinkRecord service in LinkRecords.Of(links, RecordObjects.Case))
        {
            cases++;
            open += service.State.IsClosed ? 0 : 1;
            closures += service.State.Closures;
        }

        foreach (Link link in links.Links)
        {
            if (link.RecordsOf(RecordObjects.SalesOrder)?.Base is { Count: > 0 } sold)
            {
                orders += sold.Count;
                revenue = sold.Totals.Aggregate(revenue, MoneySums.Add);
                first = Math.Min(first, sold.FirstAt);
                last = Math.Max(last, sold.LastAt);
            }

            if (link.RecordsOf(RecordObjects.Case)?.Base is { } served)
            {
                cases += served.Count;
                closures += served.Closures;
            }

            foreach (EngagementCounter counter in link.Engagement.Counters)
            {
                engagements += counter.Count;
                lastEngagement = Math.Max(lastEngagement, counter.LastAt);
            }
        }

        return new BaseInsights
        {
            OrderCount = orders,
            Revenue = revenue,
            FirstOrderAt = orders == 0 ? null : new DateTimeOffset(first, TimeSpan.Zero),
            LastOrderAt = orders == 0 ? null : new DateTimeOffset(last, TimeSpan.Zero),
            EngagementCount = engagements,
            LastEngagementAt =
                engagements == 0 ? null : new DateTimeOffset(lastEngagement, TimeSpan.Zero),
            CaseCount = cases,
            OpenCases = open,
            CaseClosures = closures,
        };
    }
}
