using OrleansCdp.Events;

namespace OrleansCdp.Identity;

public sealed class IdentityLimitTests(Cluster cluster) : IClassFixture<Cluster>
{
    private const int StatementsMax = KnownLink.StatementsMax;

    [Theory]
    [InlineData(IIdentityGrain.FindMax)]
    [InlineData(IIdentityGrain.FindMax + 1)]
    public async Task Of_an_identifier_s_bearers_20_are_listed(int bearers)
    {
        string phone = $"+1212555{bearers:D4}";
        cluster.Database.Identity.Bearers[("phone", phone)] =
        [
            .. Enumerable.Range(0, bearers).Select(i => $"ind_{i}"),
        ];

        Bearers found = await cluster
            .Grains.GetGrain<IIdentityGrain>(0)
            .FindAsync(SubjectKind.Individual, "phone", phone);

        found.Ids.Length.ShouldBe(IIdentityGrain.FindMax);
    }

    [Fact]
    public async Task A_partition_remembers_as_many_links_as_it_may_and_forgets_all_for_one_more()
    {
        SubjectResolver resolver = cluster.NewResolver(linksMax: 3);
        LinkEvent[] events =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(i => Some.Event(new LinkKey("web", "user", Some.Unique("u")), $"e{i}")),
        ];
        Identifier email = new("email", Some.Unique("m") + "@example.com", Verified: true);
        await ReadsOfAsync(resolver, events[..3]);

        (await ReadsOfAsync(resolver, events[..3])).ShouldBe(0);
        (await ReadsOfAsync(resolver, Some.Event(events[0].Link, "more", email))).ShouldBe(1);
        (await ReadsOfAsync(resolver, events[..3])).ShouldBe(0);
        (await ReadsOfAsync(resolver, events[3])).ShouldBe(1);
        (await ReadsOfAsync(resolver, events[3])).ShouldBe(0);
        (await ReadsOfAsync(resolver, events[..3])).ShouldBe(1);
    }

    [Fact]
    public async Task What_was_settled_for_one_individual_is_decided_about_again_for_another()
    {
        SubjectResolver resolver = cluster.NewResolver(linksMax: 3);
        Identifier email = new("email", Some.Unique("m") + "@example.com", Verified: true);
        LinkEvent e = Some.Event(new LinkKey("web", "user", Some.Unique("u")), "e1", email);
        Destination place = (
            await resolver.ResolveAsync(Some.Chunk(1, e), default)
        ).Targets.Single();

        resolver.Correct(e.Link, place with { At = Some.Unique("ind_") });
        (await ReadsOfAsync(resolver, e)).ShouldBe(0);
        resolver.Correct(e.Link, new Destination(Some.Unique("ind_"), place.At));
        (await ReadsOfAsync(resolver, e)).ShouldBe(1);
    }

    [Fact]
    public void A_link_s_32_identifiers_are_remembered_and_of_33_only_the_last_event_s()
    {
        KnownLink link = new(new Destination("ind_a", "ind_a"));
        LinkEvent[] events =
        [
            .. Enumerable
                .Range(0, StatementsMax + 1)
                .Select(i => Event($"e{i}", new Identifier("userId", $"u{i}", Verified: true))),
        ];

        ShouldForget(link, events);
    }

    [Fact]
    public void A_link_s_32_other_links_are_remembered_and_of_33_only_the_last()
    {
        KnownLink link = new(new Destination("ind_a", "ind_a"));
        LinkEvent[] events =
        [
            .. Enumerable
                .Range(0, StatementsMax + 1)
                .Select(i =>
                    Event($"e{i}") with
                    {
                        SameAs = new LinkKey("web", "anonymous", $"a{i}"),
                    }
                ),
        ];

        ShouldForget(link, events);
    }

    private static void ShouldForget(KnownLink link, LinkEvent[] events)
    {
        foreach (LinkEvent e in events[..^1])
        {
            link.Learn(e);
        }

        events[..^1].ShouldAllBe(e => link.Covers(e));
        link.Covers(events[^1]).ShouldBeFalse();

        link.Learn(events[^1]);

        link.Covers(events[^1]).ShouldBeTrue();
        events[..^1].ShouldAllBe(e => !link.Covers(e));
    }

    private async Task<int> ReadsOfAsync(SubjectResolver resolver, params LinkEvent[] events)
    {
        int before = cluster.Database.Identity.ClaimReads;
        await resolver.ResolveAsync(Some.Chunk(1, events), default);
        return cluster.Database.Identity.ClaimReads - before;
    }

    private static LinkEvent Event(string id, params Identifier[] identifiers) =>
        Some.Event(new LinkKey("web", "user", "u"), id, identifiers);
}
