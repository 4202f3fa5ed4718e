using System.Text.Json;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Context;

/// <summary>How much an answer shows: all of it at the limit, no more past it, and what people need first.</summary>
public sealed class GraphLimitTests
{
    [Fact]
    public void Open_cases_the_newest_first() =>
        ShouldShow(
            GraphLimits.OpenCasesMax,
            minute => Record(EventKind.Created, RecordObjects.Case, minute),
            graph => Names(graph.GetProperty("cases").GetProperty("open"), "id")
        );

    [Fact]
    public void Closed_cases_the_latest_closed_first() =>
        ShouldShow(
            GraphLimits.RecentCasesMax,
            minute => Record(EventKind.Closed, RecordObjects.Case, minute),
            graph => Names(graph.GetProperty("cases").GetProperty("recent"), "id")
        );

    [Theory]
    [InlineData("orders", RecordObjects.SalesOrder, GraphLimits.OrdersMax)]
    [InlineData("opportunities", RecordObjects.Opportunity, GraphLimits.OpportunitiesMax)]
    [InlineData("entitlements", RecordObjects.Entitlement, GraphLimits.EntitlementsMax)]
    public void Records_the_newest_first(string edge, string recordObject, int max) =>
        ShouldShow(
            max,
            minute => Record(EventKind.Updated, recordObject, minute),
            graph => Names(graph.GetProperty(edge), "id")
        );

    [Theory]
    [InlineData("opportunities", RecordObjects.Opportunity, GraphLimits.OpportunitiesMax)]
    [InlineData("entitlements", RecordObjects.Entitlement, GraphLimits.EntitlementsMax)]
    public void Records_of_an_account_the_newest_first(string edge, string recordObject, int max) =>
        ShouldShow(
            max,
            minute => Record(EventKind.Updated, recordObject, minute),
            events => Graph(AccountOf(events)),
            graph => Names(graph.GetProperty(edge), "id")
        );

    [Fact]
    public void Interactions_the_latest_first() =>
        ShouldShow(
            Limits.InteractionsMax,
            minute =>
                Some.Event(
                    EventKind.Engagement,
                    RecordObjects.Engagement,
                    new LinkKey("web", "user", $"{minute}"),
                    minute: minute,
                    fields: "name".Is($"n{minute:D3}")
                ),
            graph => Names(graph.GetProperty("interactions"), "name")
        );

    [Fact]
    public void Products_used_the_most_used_first()
    {
        ShouldShow(
            GraphLimits.UsageMax,
            uses => Enumerable.Range(1, uses).SelectMany(n => Enumerable.Repeat(Use(n), n)),
            graph => Names(graph.GetProperty("productUsage"), "name")
        );

        static LinkEvent Use(int feature) =>
            Some.Event(
                EventKind.Engagement,
                RecordObjects.ProductUsage,
                fields: "name".Is($"n{feature:D3}")
            );
    }

    [Theory]
    [InlineData(GraphLimits.IdentifiersMax)]
    [InlineData(GraphLimits.IdentifiersMax + 1)]
    public void Identifiers_the_verified_first(int identifiers)
    {
        LinkEvent[] events =
        [
            .. Enumerable
                .Range(1, identifiers)
                .Select(i =>
                    Some.Event(EventKind.Updated, "Individual", new("web", "user", $"{i}"))
                        .With(new Identifier("phone", $"p{i:D3}", i == identifiers))
                ),
        ];

        foreach (
            JsonElement graph in new[] { Graph(IndividualOf(events)), Graph(AccountOf(events)) }
        )
        {
            string[] shown = Names(graph.GetProperty("identifiers"), "value");

            shown.Length.ShouldBe(GraphLimits.IdentifiersMax);
            shown[0].ShouldBe($"p{identifiers:D3}");
            shown[^1].ShouldBe($"p{GraphLimits.IdentifiersMax - 1:D3}");
        }
    }

    [Theory]
    [InlineData(GraphLimits.TraitsMax)]
    [InlineData(GraphLimits.TraitsMax + 1)]
    public void Traits_of_many_links_by_name(int traits)
    {
        LinkEvent[] events =
        [
            .. Enumerable
                .Range(0, traits)
                .Select(i =>
                    Some.Event(EventKind.Updated, "Individual", new("web", "user", $"{i}")) with
                    {
                        Traits = [$"t{i:D3}".Is("x")],
                    }
                ),
        ];

        foreach (
            JsonElement graph in new[] { Graph(IndividualOf(events)), Graph(AccountOf(events)) }
        )
        {
            string[] shown =
            [
                .. graph.GetProperty("traits").EnumerateObject().Select(trait => trait.Name),
            ];

            shown.Length.ShouldBe(GraphLimits.TraitsMax);
            shown[^1].ShouldBe($"t{GraphLimits.TraitsMax - 1:D3}");
        }
    }

    [Theory]
    [InlineData(GraphLimits.LinesMax)]
    [InlineData(GraphLimits.LinesMax + 1)]
    public void Lines_of_an_order(int lines)
    {
        LinkEvent order = Record(EventKind.Updated, RecordObjects.SalesOrder, 1) with
        {
            Lines = [.. Enumerable.Range(0, lines).Select(i => new OrderLine { Id = $"l{i:D2}" })],
        };

        JsonElement shown = Graph(IndividualOf([order])).GetProperty("orders")[0];

        shown.GetProperty("lines").GetArrayLength().ShouldBe(GraphLimits.LinesMax);
    }

    [Theory]
    [InlineData(GraphLimits.PeopleMax)]
    [InlineData(GraphLimits.PeopleMax + 1)]
    public void People_of_an_account(int people)
    {
        Account account = new()
        {
            Id = "acc_a",
            Members =
            [
                .. Enumerable
                    .Range(0, people)
                    .Select(i => new Member(new("crm", "Contact", $"{i}"), $"{i}", true, default)),
            ],
        };

        JsonElement profile = Parse(ProfileView.Account(account, ReconciliationPolicy.Default));

        profile.GetProperty("members").GetArrayLength().ShouldBe(GraphLimits.PeopleMax);
        profile.GetProperty("people").GetInt32().ShouldBe(people);
    }

    [Fact]
    public void An_account_s_profile_tells_what_found_no_room()
    {
        Account account = new()
        {
            Id = "acc_a",
            MembersNotListed = 3,
            FactsNotKept = 4,
        };

        JsonElement profile = Parse(ProfileView.Account(account, ReconciliationPolicy.Default));

        profile.GetProperty("membersNotListed").GetInt64().ShouldBe(3);
        profile.GetProperty("factsNotKept").GetInt64().ShouldBe(4);
    }

    private static void ShouldShow(
        int max,
        Func<int, LinkEvent> ofMinute,
        Func<JsonElement, string[]> names
    ) => ShouldShow(max, ofMinute, events => Graph(IndividualOf(events)), names);

    private static void ShouldShow(
        int max,
        Func<int, LinkEvent> ofMinute,
        Func<IEnumerable<LinkEvent>, JsonElement> graph,
        Func<JsonElement, string[]> names
    ) => ShouldShow(max, count => graph(Enumerable.Range(1, count).Select(ofMinute)), names);

    private static void ShouldShow(
        int max,
        Func<int, IEnumerable<LinkEvent>> events,
        Func<JsonElement, string[]> names
    ) => ShouldShow(max, count => Graph(IndividualOf(events(count))), names);

    /// <summary>Item n of the answer is called n, later ones come first, and the first one is the one to go.</summary>
    private static void ShouldShow(
        int max,
        Func<int, JsonElement> graph,
        Func<JsonElement, string[]> names
    )
    {
        string[] all = [.. Enumerable.Range(1, max + 1).Select(i => $"n{i:D3}").Reverse()];

        names(graph(max)).ShouldBe(all[1..]);
        names(graph(max + 1)).ShouldBe(all[..^1]);
    }

    private static LinkEvent Record(EventKind kind, string recordObject, int minute) =>
        Some.Event(kind, recordObject, record: $"n{minute:D3}", minute: minute);

    private static string[] Names(JsonElement items, string property) =>
        [.. items.EnumerateArray().Select(item => item.GetProperty(property).GetString()!)];

    private static LinkSet LinksOf(IEnumerable<LinkEvent> events) =>
        events
            .Select((e, i) => e.At(i + 1))
            .Aggregate(LinkSet.Empty, (links, e) => links.Fold(e, out _));

    private static UnifiedIndividual IndividualOf(IEnumerable<LinkEvent> events) =>
        new() { Id = "ind_a", Links = LinksOf(events) };

    private static Account AccountOf(IEnumerable<LinkEvent> events) =>
        new() { Id = "acc_a", Links = LinksOf(events) };

    private static JsonElement Graph(UnifiedIndividual individual) =>
        Parse(ServiceGraph.Individual(individual, ReconciliationPolicy.Default));

    private static JsonElement Graph(Account account) =>
        Parse(ServiceGraph.Account(account, ReconciliationPolicy.Default));

    private static JsonElement Parse(byte[] json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
