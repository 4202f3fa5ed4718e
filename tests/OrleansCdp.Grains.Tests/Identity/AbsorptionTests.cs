using OrleansCdp.Context;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>What names a merged individual leads to whoever has its links, and its claims stay its own.</summary>
public sealed class AbsorptionTests(Cluster cluster) : IClassFixture<Cluster>
{
    private readonly Identifier email = new("email", Some.Unique("m") + "@example.com", true);
    private readonly Identifier userId = new("userId", Some.Unique("u"), true);
    private readonly Identifier first = new("contactId", Some.Unique("003A"), true);
    private readonly Identifier second = new("contactId", Some.Unique("003B"), true);

    [Fact]
    public async Task A_user_known_by_email_and_then_by_contact_goes_on_as_that_contact()
    {
        LinkKey user = new("web", "user", userId.Value);
        await DeliverAsync(1, Some.Event(user, "e1", userId));
        await DeliverAsync(2, Some.Event(user, "e2", userId, email));
        await DeliverAsync(1, Some.Event(LinkOf(first), "e3", first, email));

        await DeliverAsync(3, Some.Event(user, "e4", userId));

        string contact = SubjectIds.IndividualOf(first);
        ShouldLeadTo(contact, ClaimKeys.Of(user), ClaimKeys.Of(email), ClaimKeys.Of(userId));
        cluster
            .Database.Identity.OwnerOf(ClaimKeys.Of(user))
            .ShouldBe(SubjectIds.IndividualOf(userId), "a merge changes no claim");
        cluster.Database.Identity.Merges.Moving().ShouldBeEmpty();
        (await JsonOfAsync(contact)).ShouldContain("\"said\":\"e4\"");
    }

    [Fact]
    public async Task What_goes_along_with_a_visitor_keeps_the_reason_why_it_was_the_visitor_s()
    {
        LinkKey visitor = new("web", "anonymous", Some.Unique("a"));
        LinkKey device = new("app", "anonymous", Some.Unique("d"));
        await DeliverAsync(1, Some.Event(visitor, "e1") with { SameAs = device });
        await DeliverAsync(2, Some.Event(device, "e2"));

        await DeliverAsync(3, Some.Event(visitor, "e3", first));

        string contact = SubjectIds.IndividualOf(first);
        ShouldLeadTo(contact, ClaimKeys.Of(visitor), ClaimKeys.Of(device));
        var claims = await cluster.Database.Identity.ReadAsync(
            [ClaimKeys.Of(visitor), ClaimKeys.Of(device)],
            default
        );
        claims[ClaimKeys.Of(visitor)].Cause.ShouldBe(new(ClaimKeys.Of(first), "e3"));
        claims[ClaimKeys.Of(device)].Cause.ShouldBe(new(ClaimCause.SameAs, "e1"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_merely_matches_a_visitor_merely_matches_whoever_that_becomes(bool atOnce)
    {
        (LinkKey visitor, LinkKey order) = await VisitWithOrderAsync();

        LinkEvent known = Some.Event(visitor, "e3", first);
        LinkEvent[] said = atOnce ? [known, Some.Event(order, "e4")] : [known];
        await cluster.NewDelivery().DeliverAsync(Some.Chunk(3, said), default);

        var claims = await cluster.Database.Identity.ReadAsync([ClaimKeys.Of(order)], default);
        Claim now = claims[ClaimKeys.Of(order)];
        (now.Owner, now.Rank, now.Cause).ShouldBe(
            (SubjectIds.IndividualOf(first), AnchorPolicy.Matched, ByRules)
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_anchor_overrules_a_match_also_in_the_chunk_that_absorbs(bool atOnce)
    {
        (LinkKey visitor, LinkKey order) = await VisitWithOrderAsync();

        LinkEvent known = Some.Event(visitor, "e3", first);
        LinkEvent named = Some.Event(order, "e4", email);
        LinkEvent[][] chunks = atOnce
            ?
            [
                [known, named],
            ]
            :
            [
                [known],
                [named],
            ];
        for (int i = 0; i < chunks.Length; i++)
        {
            await cluster.NewDelivery().DeliverAsync(Some.Chunk(3 + i, chunks[i]), default);
        }

        var claims = await cluster.Database.Identity.ReadAsync([ClaimKeys.Of(order)], default);
        Claim now = claims[ClaimKeys.Of(order)];
        (now.Owner, now.Rank).ShouldBe((SubjectIds.IndividualOf(email), 1));
    }

    [Fact]
    public async Task What_merely_matches_one_who_was_absorbed_before_is_brought_along_as_a_match()
    {
        LinkKey visitor = new("web", "anonymous", Some.Unique("a"));
        LinkKey order = new("shop", "SalesOrder", Some.Unique("o"));
        LinkKey user = new("shop", "customer", Some.Unique("c"));
        string absorbed = SubjectIds.IndividualOf(visitor);
        await DeliverAsync(1, Some.Event(visitor, "e1"));
        await DeliverAsync(1, Some.Event(visitor, "e2", first));
        await DeliverAsync(1, Some.Event(user, "e3", email) with { FollowsAnchor = true });
        await cluster.Database.Identity.ClaimAsync(
            [
                new(ClaimKeys.Of(order), Matched(absorbed)),
                new(ClaimKeys.Of(userId), new Claim(absorbed, 2, default)),
            ],
            default
        );

        LinkEvent signedIn = Some.Event(user, "e5", userId) with { FollowsAnchor = true };
        LinkEvent[] said =
        [
            Some.Event(order, "e4"),
            signedIn with
            {
                OccurredAt = Some.Noon.AddMinutes(1),
            },
        ];
        await cluster.NewDelivery().DeliverAsync(Some.Chunk(5, said), default);

        var claims = await cluster.Database.Identity.ReadAsync(
            [ClaimKeys.Of(order), ClaimKeys.Of(user)],
            default
        );
        string owner = SubjectIds.IndividualOf(first);
        claims[ClaimKeys.Of(user)].Owner.ShouldBe(owner);
        (claims[ClaimKeys.Of(order)].Owner, claims[ClaimKeys.Of(order)].Rank).ShouldBe(
            (owner, AnchorPolicy.Matched)
        );
    }

    [Fact]
    public async Task An_email_whose_individual_has_no_links_left_is_still_the_first_contact_s()
    {
        LinkKey order = new("shop", "SalesOrder", Some.Unique("o"));
        Identifier other = new("email", Some.Unique("m") + "@example.com", true);
        await DeliverAsync(1, Some.Event(order, "e1", email) with { FollowsAnchor = true });
        LinkEvent changed = Some.Event(order, "e2", other) with { FollowsAnchor = true };
        await DeliverAsync(2, changed with { OccurredAt = Some.Noon.AddMinutes(1) });
        await DeliverAsync(1, Some.Event(LinkOf(first), "e3", first, email));

        await DeliverAsync(1, Some.Event(LinkOf(second), "e4", second, email));

        ShouldBeTheFirstContactsAndConflict(email);
    }

    [Fact]
    public async Task Of_two_contacts_with_one_email_the_lower_id_has_it_although_it_came_later()
    {
        LinkKey user = new("web", "user", userId.Value);
        await DeliverAsync(1, Some.Event(user, "e1", email));
        await DeliverAsync(1, Some.Event(LinkOf(second), "e2", second, email));
        (await LinksOfAsync(second)).ShouldBe([LinkOf(second), user]);

        await DeliverAsync(1, Some.Event(LinkOf(first), "e3", first, email));

        ShouldBeTheFirstContactsAndConflict(email);
        ShouldLeadTo(SubjectIds.IndividualOf(first), ClaimKeys.Of(user));
        (await LinksOfAsync(first)).ShouldBe([LinkOf(first), user]);
        (await LinksOfAsync(second)).ShouldBe([LinkOf(second)]);
    }

    [Fact]
    public async Task A_claim_that_names_a_merged_individual_leads_to_whoever_has_its_links()
    {
        await DeliverAsync(1, Some.Event(new LinkKey("web", "user", userId.Value), "e1", email));
        await DeliverAsync(1, Some.Event(LinkOf(first), "e2", first, email));
        await cluster.Database.Identity.ClaimAsync(
            [new(ClaimKeys.Of(userId), new Claim(SubjectIds.IndividualOf(email), 1, default))],
            default
        );

        await DeliverAsync(1, Some.Event(LinkOf(second), "e3", second, userId));

        ShouldBeTheFirstContactsAndConflict(userId);
        ShouldLeadTo(SubjectIds.IndividualOf(second), ClaimKeys.Of(LinkOf(second)));
    }

    [Fact]
    public async Task What_a_chunk_s_events_say_again_and_again_is_decided_about_once()
    {
        LinkKey device = new("web", "user", userId.Value);
        await DeliverAsync(1, Some.Event(LinkOf(first), "e1", first));
        await DeliverAsync(1, Some.Event(LinkOf(second), "e2", second));
        LinkEvent[] events =
        [
            .. Enumerable.Range(0, 50).Select(i => Some.Event(device, $"e{i}", first, second)),
        ];

        await cluster.NewDelivery().DeliverAsync(Some.Chunk(1, events), default);

        cluster
            .Database.Identity.OwnerOf(ClaimKeys.Of(device))
            .ShouldBe(SubjectIds.IndividualOf(first));
        cluster
            .Database.Identity.Proofs.Count(proof => proof.Link == device)
            .ShouldBe(1, "the same contradiction, said fifty times");
        ShouldConflict(SubjectIds.IndividualOf(first), SubjectIds.IndividualOf(second));
    }

    private static ClaimCause ByRules { get; } = new("service@1", null);

    private static Claim Matched(string individual) =>
        new(individual, AnchorPolicy.Matched, default) { Cause = ByRules };

    /// <summary>A visitor, and an order that merely matches it.</summary>
    private async Task<(LinkKey Visitor, LinkKey Order)> VisitWithOrderAsync()
    {
        LinkKey visitor = new("web", "anonymous", Some.Unique("a"));
        LinkKey order = new("shop", "SalesOrder", Some.Unique("o"));
        Claim matched = Matched(SubjectIds.IndividualOf(visitor));
        await cluster.Database.Identity.ClaimAsync([new(ClaimKeys.Of(order), matched)], default);
        await DeliverAsync(1, Some.Event(visitor, "e1"));
        await DeliverAsync(2, Some.Event(order, "e2"));
        return (visitor, order);
    }

    private static LinkKey LinkOf(Identifier contact) => new("crm", "Contact", contact.Value);

    private void ShouldBeTheFirstContactsAndConflict(Identifier anchor)
    {
        string individual = cluster
            .Database.Identity.OwnerOf(ClaimKeys.Of(anchor))
            .ShouldNotBeNull();
        ShouldLeadTo(SubjectIds.IndividualOf(first), ClaimKeys.Of(anchor));
        ShouldConflict(SubjectIds.IndividualOf(second), individual);
    }

    private void ShouldConflict(string one, string other) =>
        cluster.Database.Identity.Merges.Conflicts.ShouldContain(
            new MergeConflict(one, other, MergeConflict.TwoContacts)
        );

    private void ShouldLeadTo(string individual, params string[] claims)
    {
        foreach (string claim in claims)
        {
            cluster.Database.Identity.HolderOf(claim).ShouldBe(individual, claim);
        }
    }

    private async Task<LinkKey[]> LinksOfAsync(Identifier anchor)
    {
        IndividualEvidence evidence = await cluster
            .Grains.GetGrain<IUnifiedIndividualGrain>(SubjectIds.IndividualOf(anchor))
            .GetEvidenceAsync([]);
        return [.. evidence.Keys];
    }

    private async Task<string> JsonOfAsync(string id)
    {
        ContextAnswer? answer = await cluster
            .Grains.GetGrain<IUnifiedIndividualGrain>(id)
            .GetContextAsync(DataGraphs.Default);
        return System.Text.Encoding.UTF8.GetString(answer.ShouldNotBeNull(id).Json);
    }

    /// <summary>Delivers with nothing remembered, as after a restart.</summary>
    private async Task DeliverAsync(long sequence, LinkEvent e) =>
        await cluster.NewDelivery().DeliverAsync(Some.Chunk(sequence, e), default);
}
