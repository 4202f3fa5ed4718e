using System.Text.Json;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>A record that a source told of under two links of a person is one record.</summary>
public sealed class LinkRecordsTests
{
    private static readonly LinkKey Guest = new("shop", "order", "o1");
    private static readonly LinkKey Customer = new("shop", "customer", "17");

    private static readonly LinkEvent[] Order =
    [
        Some.Event(EventKind.Created, "SalesOrder", record: "r", fields: ["total".Is(10m)]),
        Lines(1, complete: false, "a", "b"),
        Said(EventKind.Updated, "SalesOrder", 2, "status".Is("paid")),
        Lines(3, complete: true, "b", "c"),
        Said(EventKind.Deleted, "SalesOrder", 4),
        Said(EventKind.Updated, "SalesOrder", 5, "total".Is(12m), "status".Is("sent")),
    ];

    private static readonly LinkEvent[] Case =
    [
        Said(EventKind.Created, "Case", 0, "status".Is("New")),
        Said(EventKind.Closed, "Case", 1, "status".Is("Closed")),
        Said(EventKind.Closed, "Case", 2, "code".Is("solved")),
        Said(EventKind.Updated, "Case", 3, "status".Is("Open")),
        Said(EventKind.Closed, "Case", 4, "status".Is("Closed")),
    ];

    [Fact]
    public void An_order_is_the_same_whichever_of_its_events_came_under_which_link() =>
        ShouldBeOne(Order);

    [Fact]
    public void A_case_is_the_same_whichever_of_its_events_came_under_which_link() =>
        ShouldBeOne(Case);

    [Fact]
    public void An_order_under_two_links_counts_once_and_a_deletion_under_either_is_heard()
    {
        LinkSet twice = Split([.. Order[..3]], guests: 0b001);

        BaseInsights insights = BaseInsights.Of(twice);
        insights.OrderCount.ShouldBe(1);
        insights.Revenue.ShouldBe([new Money(MoneySums.NoCurrency, 10m)]);
        LinkRecords.Of(twice, "SalesOrder").Single().Link.ShouldBe(Customer);

        BaseInsights.Of(Split([.. Order[..5]], guests: 0b10000)).OrderCount.ShouldBe(0);
    }

    [Fact]
    public void Records_of_two_sources_with_the_same_id_are_two()
    {
        LinkSet two = LinkSet
            .Empty.Fold(Order[0].At(1), out _)
            .Fold((Order[0] with { Link = Guest }).At(1), out _);

        BaseInsights.Of(two).OrderCount.ShouldBe(2);
    }

    private static void ShouldBeOne(LinkEvent[] events)
    {
        string one = StateOf(Split(events, guests: 0));
        for (int guests = 0; guests < 1 << events.Length; guests++)
        {
            StateOf(Split(events, guests)).ShouldBe(one, $"{guests:b}");
        }
    }

    private static string StateOf(LinkSet links) =>
        LinkRecords.Of(links, links.Links[0].Records[0].Object).ToArray() is [var only]
            ? JsonSerializer.Serialize(only.State)
            : "not one";

    /// <summary>Folds the events whose bit is set under the guest's link, the others under the customer's.</summary>
    private static LinkSet Split(LinkEvent[] events, int guests)
    {
        LinkSet links = LinkSet.Empty;
        for (int i = 0; i < events.Length; i++)
        {
            LinkKey link = (guests >> i & 1) == 1 ? Guest : Customer;
            links = links.Fold((events[i] with { Link = link }).At(i + 1), out _);
        }

        return links;
    }

    private static LinkEvent Said(
        EventKind kind,
        string recordObject,
        int minute,
        params Field[] fields
    ) => Some.Event(kind, recordObject, record: "r", minute: minute, fields: fields);

    private static LinkEvent Lines(int minute, bool complete, params string[] ids) =>
        Said(EventKind.Updated, "SalesOrder", minute) with
        {
            LinesComplete = complete,
            Lines = [.. ids.Select(id => new OrderLine { Id = id, Amount = minute })],
        };
}
