using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>When somebody first and last ordered, and last did anything.</summary>
public sealed class BaseInsightsTests
{
    private static readonly LinkKey Web = new("web", "user", "1");

    [Fact]
    public void Orders_have_a_first_and_a_last_time_over_all_links_in_whatever_order_they_come()
    {
        BaseInsights insights = Of(
            Order("b", minute: 20),
            Order("a", minute: 10),
            Order("d", minute: 40, Web),
            Order("c", minute: 30, Web)
        );

        insights.OrderCount.ShouldBe(4);
        insights.FirstOrderAt.ShouldBe(Some.Noon.AddMinutes(10));
        insights.LastOrderAt.ShouldBe(Some.Noon.AddMinutes(40));
        insights.LastEngagementAt.ShouldBeNull();
    }

    [Fact]
    public void An_order_counts_when_it_was_made_not_when_it_was_amended()
    {
        BaseInsights insights = Of(
            Order("a", minute: 10),
            Order("a", minute: 90) with
            {
                Kind = EventKind.Updated,
                EventId = "amended",
                Fields = ["status".Is("paid")],
            }
        );

        insights.FirstOrderAt.ShouldBe(Some.Noon.AddMinutes(10));
        insights.LastOrderAt.ShouldBe(Some.Noon.AddMinutes(10));
    }

    [Fact]
    public void An_order_first_heard_of_when_it_was_amended_counts_when_its_source_says_it_was_made()
    {
        DateTimeOffset made = Some.Noon.AddYears(-1);
        LinkEvent late = Order("a", minute: 90) with
        {
            Kind = EventKind.Updated,
            Fields = [new Field("orderedAt", FieldValue.Of(made))],
        };
        LinkEvent day = late with
        {
            Fields = [new Field("orderedAt", FieldValue.Of(new DateOnly(2024, 2, 29)))],
        };
        LinkEvent wrong = late with
        {
            Fields = [new Field("orderedAt", new FieldValue(FieldType.Timestamp, "soon"))],
        };

        Of(late).FirstOrderAt.ShouldBe(made);
        Of(late).LastOrderAt.ShouldBe(made);
        Of(day).FirstOrderAt.ShouldBe(new DateTimeOffset(2024, 2, 29, 0, 0, 0, TimeSpan.Zero));
        Of(wrong).FirstOrderAt.ShouldBe(Some.Noon.AddMinutes(90));
    }

    [Fact]
    public void A_deleted_order_is_neither_first_nor_last()
    {
        BaseInsights insights = Of(
            Order("a", minute: 10),
            Order("b", minute: 20),
            Order("a", minute: 30) with
            {
                Kind = EventKind.Deleted,
                EventId = "deleted",
            }
        );

        insights.FirstOrderAt.ShouldBe(Some.Noon.AddMinutes(20));
        insights.LastOrderAt.ShouldBe(Some.Noon.AddMinutes(20));
    }

    [Fact]
    public void Orders_folded_into_the_base_keep_the_first_and_the_last_time()
    {
        LinkEvent[] orders =
        [
            .. Enumerable.Range(0, Limits.RecordsMax + 2).Select(i => Order($"{i:D5}", minute: i)),
        ];

        BaseInsights insights = Of(orders);

        insights.OrderCount.ShouldBe(orders.Length);
        insights.FirstOrderAt.ShouldBe(Some.Noon);
        insights.LastOrderAt.ShouldBe(Some.Noon.AddMinutes(orders.Length - 1));
    }

    [Fact]
    public void The_last_engagement_is_the_latest_by_its_own_time_over_all_links()
    {
        BaseInsights insights = Of(
            Did("seen", minute: 30),
            Did("clicked", minute: 50, Web),
            Did("seen", minute: 10, Web)
        );

        insights.EngagementCount.ShouldBe(3);
        insights.LastEngagementAt.ShouldBe(Some.Noon.AddMinutes(50));
        insights.FirstOrderAt.ShouldBeNull();
        insights.LastOrderAt.ShouldBeNull();
    }

    private static BaseInsights Of(params LinkEvent[] events)
    {
        LinkSet links = LinkSet.Empty;
        foreach (var ofLink in events.GroupBy(e => e.Link))
        {
            links = links.With(Some.Fold([.. ofLink]));
        }

        return BaseInsights.Of(links);
    }

    private static LinkEvent Order(string id, int minute, LinkKey? link = null) =>
        Some.Event(EventKind.Created, RecordObjects.SalesOrder, link, id, minute);

    private static LinkEvent Did(string name, int minute, LinkKey? link = null) =>
        Some.Event(
            EventKind.Engagement,
            "Engagement",
            link,
            minute: minute,
            fields: "name".Is(name)
        );
}
